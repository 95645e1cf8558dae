package org.opensva.vtd.layout;

/**
 * The registers whose place CAP or ECAP tells.
 *
 * <p>Source: sections 11.4.2 (CAP.FRO and CAP.NFR), 11.4.3 (ECAP.IRO), 11.4.6 and 11.4.7.
 */
public enum RelocatedRegister {
    /** Address of a page-selective invalidation, at ECAP.IRO. */
    IVA(0, Access.WO, 0xffff_ffff_ffff_f07fL, 0, "11.4.6", IotlbRegisters.Iva.STRUCTURE),
    /** IOTLB invalidation, 8 bytes after IVA. */
    IOTLB(8, Access.RW, 0xb003_ffff_0000_0000L, 0, "11.4.6", IotlbRegisters.Iotlb.STRUCTURE),
    /** Low half of a fault recording register, at CAP.FRO. */
    FRCD_LO(0, Access.RO, 0, 0, "11.4.7", FaultRecord.STRUCTURE),
    /** High half of a fault recording register, 8 bytes after the low half. */
    FRCD_HI(8, Access.RW1C, 0, 0x8000_0000_0000_0000L, "11.4.7", FaultRecord.STRUCTURE);

    private final int displacement;
    private final Access access;
    private final long writeMask;
    private final long clearMask;
    private final String section;
    private final Structure structure;

    RelocatedRegister(
            int displacement,
            Access access,
            long writeMask,
            long clearMask,
            String section,
            Structure structure) {
        this.displacement = displacement;
        this.access = access;
        this.writeMask = writeMask;
        this.clearMask = clearMask;
        this.section = section;
        this.structure = structure;
    }

    /**
     * Where the register is.
     *
     * @param cap CAP
     * @param ecap ECAP
     * @param index which fault recording register, 0 to CAP.NFR; 0 for the IOTLB registers
     * @return bytes from the register base
     */
    public int offset(long cap, long ecap, int index) {
        return switch (this) {
            case IVA, IOTLB -> CapabilityRegisters.Ecap.iotlbOffset(ecap) + displacement;
            case FRCD_LO, FRCD_HI ->
                    CapabilityRegisters.Cap.faultRecordOffset(cap)
                            + FaultRecord.BYTES * index
                            + displacement;
        };
    }

    /**
     * Width of the register, which may also be accessed as two 32-bit halves.
     *
     * @return 8
     */
    public int bytes() {
        return 8;
    }

    /**
     * What software can do with the register.
     *
     * @return the access kind
     */
    public Access access() {
        return access;
    }

    /**
     * The bits that take the written value.
     *
     * @return the mask
     */
    public long writeMask() {
        return writeMask;
    }

    /**
     * The bits that a write of 1 clears.
     *
     * @return the mask
     */
    public long clearMask() {
        return clearMask;
    }

    /**
     * The value that a write leaves, by the masks alone.
     *
     * @param old the value before
     * @param written the value written
     * @return the value after
     */
    public long merge(long old, long written) {
        return (old & ~writeMask | written & writeMask) & ~(written & clearMask);
    }

    /**
     * The section that defines the register.
     *
     * @return a section number of revision 4.1
     */
    public String section() {
        return section;
    }

    /**
     * The register's fields. The two halves of a fault recording register are the words of {@link
     * FaultRecord}.
     *
     * @return the structure
     */
    public Structure structure() {
        return structure;
    }
}
