package org.opensva.emulated.kernel.paging;

import org.opensva.api.memory.PageSize;

/** The ways in which a machine's page tables can be written. */
public enum PagingMode {
    /** Arm, pages of 4 KiB, four levels, 48 bits. */
    ARM64_4K(new Vmsav8Entries(), armGeometry(PageSize.SIZE_4K)),
    /** Arm, pages of 16 KiB, four levels (the first with two entries), 48 bits. */
    ARM64_16K(new Vmsav8Entries(), armGeometry(PageSize.SIZE_16K)),
    /** Arm, pages of 64 KiB, three levels, 48 bits. */
    ARM64_64K(new Vmsav8Entries(), armGeometry(PageSize.SIZE_64K)),
    /** x86-64, four levels; processes have 47 bits. */
    X86_64_4LEVEL(new X86Entries(), x86Geometry(48)),
    /** x86-64, five levels; processes have 56 bits. */
    X86_64_5LEVEL(new X86Entries(), x86Geometry(57));

    private final EntryFormat entries;
    private final Geometry geometry;

    PagingMode(EntryFormat entries, Geometry geometry) {
        this.entries = entries;
        this.geometry = geometry;
    }

    private static Geometry armGeometry(PageSize granule) {
        return new Geometry(granule, 48, 1L << 48);
    }

    /** The lower half of canonical addresses, without its last page (Linux: TASK_SIZE_MAX). */
    private static Geometry x86Geometry(int bits) {
        return new Geometry(PageSize.SIZE_4K, bits, (1L << bits - 1) - PageSize.SIZE_4K.bytes());
    }

    /**
     * Whose tables these are.
     *
     * @return true for VMSAv8-64, false for x86-64
     */
    public boolean isArm() {
        return entries instanceof Vmsav8Entries;
    }

    /**
     * How many levels of tables there are.
     *
     * @return 3 to 5
     */
    public int levels() {
        return Geometry.LAST_LEVEL + 1 - geometry.firstLevel();
    }

    /**
     * How entries are written.
     *
     * @return the format
     */
    public EntryFormat entries() {
        return entries;
    }

    /**
     * How addresses are cut.
     *
     * @return the geometry
     */
    public Geometry geometry() {
        return geometry;
    }
}
