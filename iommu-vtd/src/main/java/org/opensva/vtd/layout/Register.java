package org.opensva.vtd.layout;

import static org.opensva.vtd.layout.Access.RO;
import static org.opensva.vtd.layout.Access.RW;
import static org.opensva.vtd.layout.Access.RW1C;
import static org.opensva.vtd.layout.Access.WO;

import org.jspecify.annotations.Nullable;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.CapabilityRegisters.Ver;
import org.opensva.vtd.layout.ControlRegisters.Ccmd;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.ControlRegisters.Gsts;
import org.opensva.vtd.layout.ControlRegisters.PhmBase;
import org.opensva.vtd.layout.ControlRegisters.PhmLimit;
import org.opensva.vtd.layout.ControlRegisters.PlmBase;
import org.opensva.vtd.layout.ControlRegisters.PlmLimit;
import org.opensva.vtd.layout.ControlRegisters.Pmen;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;
import org.opensva.vtd.layout.EventRegisters.Aflog;
import org.opensva.vtd.layout.EventRegisters.EventAddress;
import org.opensva.vtd.layout.EventRegisters.EventControl;
import org.opensva.vtd.layout.EventRegisters.EventData;
import org.opensva.vtd.layout.EventRegisters.EventUpperAddress;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.PerformanceRegisters.Eccap3;
import org.opensva.vtd.layout.PerformanceRegisters.Ecmd;
import org.opensva.vtd.layout.PerformanceRegisters.Ecrsp;
import org.opensva.vtd.layout.PerformanceRegisters.PerfCap;
import org.opensva.vtd.layout.PerformanceRegisters.PerfEventCap;
import org.opensva.vtd.layout.PerformanceRegisters.PerfIntrSts;
import org.opensva.vtd.layout.QueueRegisters.Ics;
import org.opensva.vtd.layout.QueueRegisters.Iqa;
import org.opensva.vtd.layout.QueueRegisters.Iqercd;
import org.opensva.vtd.layout.QueueRegisters.Iqh;
import org.opensva.vtd.layout.QueueRegisters.Iqt;
import org.opensva.vtd.layout.QueueRegisters.Irta;
import org.opensva.vtd.layout.QueueRegisters.Pqa;
import org.opensva.vtd.layout.QueueRegisters.Pqh;
import org.opensva.vtd.layout.QueueRegisters.Pqt;
import org.opensva.vtd.layout.QueueRegisters.Prs;

import java.util.Optional;

/**
 * The registers at fixed offsets as data: where each is, how wide, which bits software can write
 * and how. Those that CAP and ECAP place are {@link RelocatedRegister}.
 *
 * <p>Source: chapter 11.4 of revision 4.1 (10.4 before revision 4.0); offsets and masks as in
 * VirtualBox {@code iommu-intel.h}, Linux {@code drivers/iommu/intel/iommu.h} and QEMU {@code
 * intel_iommu_internal.h}. From PERFCAP on, Linux alone. Left out: the MTRR registers, which only
 * matter with ECAP.MTS, and the virtual command registers, which hardware does not have (ECAP.VCS)
 * and on whose offsets the sources differ.
 */
public enum Register {
    /** Architecture version. */
    VER(0x000, 4, RO, 0, 0, 0, "11.4.1", Ver.STRUCTURE),
    /** Capabilities. */
    CAP(0x008, 8, RO, 0, 0, 0, "11.4.2", Cap.STRUCTURE),
    /** Extended capabilities. */
    ECAP(0x010, 8, RO, 0, 0, 0, "11.4.3", Ecap.STRUCTURE),
    /** Global command. */
    GCMD(0x018, 4, WO, 0xff80_0000L, 0, 0, "11.4.4", Gcmd.STRUCTURE),
    /** Global status. */
    GSTS(0x01c, 4, RO, 0, 0, 0, "11.4.4", Gsts.STRUCTURE),
    /** Root table address. */
    RTADDR(0x020, 8, RW, 0xffff_ffff_ffff_fc00L, 0, 0, "11.4.5", Rtaddr.STRUCTURE),
    /** Context command. */
    CCMD(0x028, 8, RW, 0xe000_0003_ffff_ffffL, 0, 0, "11.4.6", Ccmd.STRUCTURE),
    /** Fault status. */
    FSTS(0x034, 4, RW1C, 0, 0x0000_007dL, 0, "11.4.7", Fsts.STRUCTURE),
    /** Fault event control. */
    FECTL(0x038, 4, RW, 0x8000_0000L, 0, 0x8000_0000L, "11.4.7", EventControl.STRUCTURE),
    /** Fault event data. */
    FEDATA(0x03c, 4, RW, 0x0000_ffffL, 0, 0, "11.4.7", EventData.STRUCTURE),
    /** Fault event address. */
    FEADDR(0x040, 4, RW, 0xffff_fffcL, 0, 0, "11.4.7", EventAddress.STRUCTURE),
    /** Fault event upper address; reserved without ECAP.EIM. */
    FEUADDR(0x044, 4, RW, 0xffff_ffffL, 0, 0, "11.4.7", EventUpperAddress.STRUCTURE),
    /** Advanced fault log; reserved without CAP.AFL. */
    AFLOG(0x058, 8, RW, 0xffff_ffff_ffff_fe00L, 0, 0, "11.4.7", Aflog.STRUCTURE),
    /** Protected memory enable; read-only without CAP.PLMR and CAP.PHMR. */
    PMEN(0x064, 4, RW, 0x8000_0000L, 0, 0, "11.4.8", Pmen.STRUCTURE),
    /** Protected low-memory base; read-only without CAP.PLMR. */
    PLMBASE(0x068, 4, RW, 0xfff0_0000L, 0, 0, "11.4.8", PlmBase.STRUCTURE),
    /** Protected low-memory limit; read-only without CAP.PLMR. */
    PLMLIMIT(0x06c, 4, RW, 0xfff0_0000L, 0, 0, "11.4.8", PlmLimit.STRUCTURE),
    /** Protected high-memory base; read-only without CAP.PHMR. */
    PHMBASE(0x070, 8, RW, 0xffff_ffff_fff0_0000L, 0, 0, "11.4.8", PhmBase.STRUCTURE),
    /** Protected high-memory limit; read-only without CAP.PHMR. */
    PHMLIMIT(0x078, 8, RW, 0xffff_ffff_fff0_0000L, 0, 0, "11.4.8", PhmLimit.STRUCTURE),
    /** Invalidation queue head. */
    IQH(0x080, 8, RO, 0, 0, 0, "11.4.9", Iqh.STRUCTURE),
    /** Invalidation queue tail. */
    IQT(0x088, 8, RW, 0x0000_0000_0007_fff0L, 0, 0, "11.4.9", Iqt.STRUCTURE),
    /** Invalidation queue address. */
    IQA(0x090, 8, RW, 0xffff_ffff_ffff_f807L, 0, 0, "11.4.9", Iqa.STRUCTURE),
    /** Invalidation completion status. */
    ICS(0x09c, 4, RW1C, 0, 0x0000_0001L, 0, "11.4.9", Ics.STRUCTURE),
    /** Invalidation event control. */
    IECTL(0x0a0, 4, RW, 0x8000_0000L, 0, 0x8000_0000L, "11.4.9", EventControl.STRUCTURE),
    /** Invalidation event data. */
    IEDATA(0x0a4, 4, RW, 0x0000_ffffL, 0, 0, "11.4.9", EventData.STRUCTURE),
    /** Invalidation event address. */
    IEADDR(0x0a8, 4, RW, 0xffff_fffcL, 0, 0, "11.4.9", EventAddress.STRUCTURE),
    /** Invalidation event upper address; reserved without ECAP.EIM. */
    IEUADDR(0x0ac, 4, RW, 0xffff_ffffL, 0, 0, "11.4.9", EventUpperAddress.STRUCTURE),
    /** Invalidation queue error record. */
    IQERCD(0x0b0, 8, RO, 0, 0, 0, "11.4.9", Iqercd.STRUCTURE),
    /** Interrupt remapping table address; EIME is reserved without ECAP.EIM. */
    IRTA(0x0b8, 8, RW, 0xffff_ffff_ffff_f80fL, 0, 0, "11.4.10", Irta.STRUCTURE),
    /** Page request queue head; with those below reserved without ECAP.PRS. */
    PQH(0x0c0, 8, RW, 0x0000_0000_0007_ffe0L, 0, 0, "11.4.11", Pqh.STRUCTURE),
    /** Page request queue tail. */
    PQT(0x0c8, 8, RW, 0x0000_0000_0007_ffe0L, 0, 0, "11.4.11", Pqt.STRUCTURE),
    /** Page request queue address. */
    PQA(0x0d0, 8, RW, 0xffff_ffff_ffff_f007L, 0, 0, "11.4.11", Pqa.STRUCTURE),
    /** Page request status. */
    PRS(0x0dc, 4, RW1C, 0, 0x0000_0003L, 0, "11.4.11", Prs.STRUCTURE),
    /** Page request event control. */
    PECTL(0x0e0, 4, RW, 0x8000_0000L, 0, 0x8000_0000L, "11.4.11", EventControl.STRUCTURE),
    /** Page request event data. */
    PEDATA(0x0e4, 4, RW, 0x0000_ffffL, 0, 0, "11.4.11", EventData.STRUCTURE),
    /** Page request event address. */
    PEADDR(0x0e8, 4, RW, 0xffff_fffcL, 0, 0, "11.4.11", EventAddress.STRUCTURE),
    /** Page request event upper address. */
    PEUADDR(0x0ec, 4, RW, 0xffff_ffffL, 0, 0, "11.4.11", EventUpperAddress.STRUCTURE),
    /** Performance monitoring capability; with those below reserved without ECAP.PMS. */
    PERFCAP(0x300, 8, RO, 0, 0, 0, "11.4", PerfCap.STRUCTURE),
    /** Offset of the first counter configuration. */
    PERFCFGOFF(0x310, 4, RO, 0, 0, 0, "11.4", null),
    /** Offset of the freeze status. */
    PERFFRZOFF(0x314, 4, RO, 0, 0, 0, "11.4", null),
    /** Offset of the overflow status, one bit a counter, 1 to clear. */
    PERFOVFOFF(0x318, 4, RO, 0, 0, 0, "11.4", null),
    /** Offset of the first counter. */
    PERFCNTROFF(0x31c, 4, RO, 0, 0, 0, "11.4", null),
    /** Overflow interrupt status. */
    PERFINTRSTS(0x324, 4, RW1C, 0, 0x0000_0001L, 0, "11.4", PerfIntrSts.STRUCTURE),
    /** Overflow interrupt control. */
    PERFINTRCTL(0x328, 4, RW, 0x8000_0000L, 0, 0x8000_0000L, "11.4", EventControl.STRUCTURE),
    /** Overflow interrupt data. */
    PERFINTRDATA(0x32c, 4, RW, 0x0000_ffffL, 0, 0, "11.4", EventData.STRUCTURE),
    /** Overflow interrupt address. */
    PERFINTRADDR(0x330, 4, RW, 0xffff_fffcL, 0, 0, "11.4", EventAddress.STRUCTURE),
    /** Overflow interrupt upper address. */
    PERFINTRUADDR(0x334, 4, RW, 0xffff_ffffL, 0, 0, "11.4", EventUpperAddress.STRUCTURE),
    /** Events of group 0; group n follows at 8 * n. */
    PERFEVNTCAP0(0x380, 8, RO, 0, 0, 0, "11.4", PerfEventCap.STRUCTURE),
    /** Enhanced command; with those below reserved without CAP.ECMDS. */
    ECMD(0x400, 8, RW, 0xffff_ffff_ffff_00ffL, 0, 0, "11.4", Ecmd.STRUCTURE),
    /** Operand B of an enhanced command. */
    ECEO(0x408, 8, RW, -1L, 0, 0, "11.4", null),
    /** Enhanced command response. */
    ECRSP(0x410, 8, RO, 0, 0, 0, "11.4", Ecrsp.STRUCTURE),
    /** Enhanced commands 0 to 63 that are implemented, one bit each. */
    ECCAP0(0x430, 8, RO, 0, 0, 0, "11.4", null),
    /** Enhanced commands 64 to 127. */
    ECCAP1(0x438, 8, RO, 0, 0, 0, "11.4", null),
    /** Enhanced commands 128 to 191. */
    ECCAP2(0x440, 8, RO, 0, 0, 0, "11.4", null),
    /** Enhanced commands 192 to 255. */
    ECCAP3(0x448, 8, RO, 0, 0, 0, "11.4", Eccap3.STRUCTURE);

    /** Bytes from the base to the end of the register page; the specification allows more pages. */
    public static final int PAGE_BYTES = 0x1000;

    // Every offset below is under 0x450; a slot per 32-bit half keeps the look-up a bounds check
    // and one load.
    private static final int SLOTS = 0x450 / 4;
    private static final @Nullable Register[] BY_OFFSET = slots();

    private final int offset;
    private final int bytes;
    private final Access access;
    private final long writeMask;
    private final long clearMask;
    private final long resetValue;
    private final String section;
    private final @Nullable Structure structure;

    Register(
            int offset,
            int bytes,
            Access access,
            long writeMask,
            long clearMask,
            long resetValue,
            String section,
            @Nullable Structure structure) {
        this.offset = offset;
        this.bytes = bytes;
        this.access = access;
        this.writeMask = writeMask;
        this.clearMask = clearMask;
        this.resetValue = resetValue;
        this.section = section;
        this.structure = structure;
    }

    private static @Nullable Register[] slots() {
        @Nullable Register[] slots = new @Nullable Register[SLOTS];
        for (Register register : values()) {
            for (int half = 0; half < register.bytes / 4; half++) {
                slots[register.offset / 4 + half] = register;
            }
        }
        return slots;
    }

    /**
     * The register at an offset; for a 64-bit register both halves answer.
     *
     * @param offset bytes from the register base; any value
     * @return the register that covers the 32-bit word at {@code offset}, or null if no register of
     *     this table does or {@code offset} is not a multiple of 4
     */
    public static @Nullable Register at(long offset) {
        if ((offset & 3) != 0 || offset < 0 || offset >= 4L * SLOTS) {
            return null;
        }
        return BY_OFFSET[(int) offset / 4];
    }

    /**
     * The name with its suffix.
     *
     * @return for example {@code RTADDR_REG}
     */
    public String architecturalName() {
        return name() + "_REG";
    }

    /**
     * Where the register is.
     *
     * @return bytes from the register base
     */
    public int offset() {
        return offset;
    }

    /**
     * Width of the register. A 64-bit register may also be accessed as two 32-bit halves.
     *
     * @return 4 or 8
     */
    public int bytes() {
        return bytes;
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
     * The bits that take the written value. Bits that an implementation does not have, such as
     * address bits above its width, and conditions on other registers are not considered here.
     *
     * @return the mask; 0 for read-only registers
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
     * The value after reset. That of VER, CAP, ECAP and other read-only registers is what an
     * implementation claims, and 0 here.
     *
     * @return the value
     */
    public long resetValue() {
        return resetValue;
    }

    /**
     * The section that defines the register.
     *
     * @return a section number of revision 4.1, or its chapter
     */
    public String section() {
        return section;
    }

    /**
     * The register's fields.
     *
     * @return the structure, or empty for registers without fields
     */
    public Optional<Structure> structure() {
        return Optional.ofNullable(structure);
    }
}
