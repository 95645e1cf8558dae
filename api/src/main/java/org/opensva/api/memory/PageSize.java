package org.opensva.api.memory;

/** The page sizes, or translation granules, that processors and IOMMUs of this project use. */
public enum PageSize {
    /** 4 KiB. */
    SIZE_4K(12),
    /** 16 KiB. */
    SIZE_16K(14),
    /** 64 KiB. */
    SIZE_64K(16);

    private final int shift;

    PageSize(int shift) {
        this.shift = shift;
    }

    /**
     * The size as a power of two.
     *
     * @return 12, 14 or 16
     */
    public int shift() {
        return shift;
    }

    /**
     * The size in bytes.
     *
     * @return 4096, 16384 or 65536
     */
    public int bytes() {
        return 1 << shift;
    }
}
