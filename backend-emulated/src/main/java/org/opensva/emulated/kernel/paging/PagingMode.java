package org.opensva.emulated.kernel.paging;

import org.opensva.api.memory.PageSize;

import java.util.Arrays;
import java.util.Optional;

/** The ways in which a machine's page tables can be written. */
public enum PagingMode {
    /** Arm, pages of 4 KiB, four levels, 48 bits. */
    ARM64_4K("arm64-4k", new Vmsav8Entries(), armGeometry(PageSize.SIZE_4K)),
    /** Arm, pages of 16 KiB, four levels (the first with two entries), 48 bits. */
    ARM64_16K("arm64-16k", new Vmsav8Entries(), armGeometry(PageSize.SIZE_16K)),
    /** Arm, pages of 64 KiB, three levels, 48 bits. */
    ARM64_64K("arm64-64k", new Vmsav8Entries(), armGeometry(PageSize.SIZE_64K)),
    /** x86-64, four levels; processes have 47 bits. */
    X86_64_4LEVEL("x86-64-4level", new X86Entries(), x86Geometry(48)),
    /** x86-64, five levels; processes have 56 bits. */
    X86_64_5LEVEL("x86-64-5level", new X86Entries(), x86Geometry(57));

    private final String id;
    private final EntryFormat entries;
    private final Geometry geometry;

    PagingMode(String id, EntryFormat entries, Geometry geometry) {
        this.id = id;
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
     * Finds a mode by its name.
     *
     * @param id the name
     * @return the mode, or empty
     */
    public static Optional<PagingMode> of(String id) {
        return Arrays.stream(values()).filter(mode -> mode.id.equals(id)).findFirst();
    }

    /**
     * The name of the mode, as in profiles.
     *
     * @return lower case
     */
    public String id() {
        return id;
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
