package org.opensva.smmuv3.layout;

import org.jspecify.annotations.Nullable;

/**
 * A translation granule and its encodings: three fields encode it, each differently.
 *
 * <p>Source: IHI 0070 G.b sections 5.4 (CD.TG0, CD.TG1), 5.2 (STE.S2TG, encoded as TG0) and 4.4.1.1
 * (TG of a TLB invalidation). Blocks and contiguous runs follow VMSAv8-64 as the Arm A-profile
 * architecture defines it.
 */
public enum Granule {
    /** 4 KB. */
    K4(12, 0b00, 0b10, 0b01),
    /** 16 KB. */
    K16(14, 0b10, 0b01, 0b10),
    /** 64 KB. */
    K64(16, 0b01, 0b11, 0b11);

    private static final @Nullable Granule[] BY_TG0 = {K4, K64, K16, null};
    private static final @Nullable Granule[] BY_TG1 = {null, K16, K4, K64};
    private static final @Nullable Granule[] BY_COMMAND_TG = {null, K4, K16, K64};

    private final int shift;
    private final int tg0;
    private final int tg1;
    private final int commandTg;

    Granule(int shift, int tg0, int tg1, int commandTg) {
        this.shift = shift;
        this.tg0 = tg0;
        this.tg1 = tg1;
        this.commandTg = commandTg;
    }

    /**
     * log2 of the granule in bytes.
     *
     * @return 12, 14 or 16
     */
    public int shift() {
        return shift;
    }

    /**
     * Size of a page and of a full table.
     *
     * @return bytes
     */
    public long bytes() {
        return 1L << shift;
    }

    /**
     * Address bits that one full table resolves.
     *
     * @return 9, 11 or 13
     */
    public int bitsPerLevel() {
        return shift - 3;
    }

    /**
     * log2 of what one descriptor maps at a level.
     *
     * @param level lookup level, -1 to 3
     * @return the shift of the level's index within an input address
     */
    public int levelShift(int level) {
        return shift + (3 - level) * bitsPerLevel();
    }

    /**
     * Encoding in CD.TG0 and STE.S2TG.
     *
     * @return 0 to 3
     */
    public int tg0() {
        return tg0;
    }

    /**
     * Encoding in CD.TG1.
     *
     * @return 0 to 3
     */
    public int tg1() {
        return tg1;
    }

    /**
     * Encoding in the TG field of TLB invalidation commands.
     *
     * @return 1 to 3
     */
    public int commandTg() {
        return commandTg;
    }

    /**
     * Whether a descriptor of type block is architected at a level.
     *
     * @param level lookup level, -1 to 3
     * @param wide whether 52-bit addresses are in force: CD.DS or STE.S2DS for 4 KB and 16 KB, a
     *     52-bit output size for 64 KB
     * @return true if a block may stand there
     */
    public boolean blockAllowed(int level, boolean wide) {
        return switch (this) {
            case K4 -> level == 1 || level == 2 || wide && level == 0;
            case K16, K64 -> level == 2 || wide && level == 1;
        };
    }

    /**
     * How many adjacent entries the Contiguous bit spans. Ignoring the hint is always permitted, so
     * levels whose span is not defined for every architecture version answer 1.
     *
     * @param level lookup level of the block or page
     * @return a power of two, 1 where the hint is ignored
     */
    public int contiguousEntries(int level) {
        return switch (this) {
            case K4 -> level >= 1 && level <= 3 ? 16 : 1;
            case K16 -> level == 3 ? 128 : level == 2 ? 32 : 1;
            case K64 -> level == 3 || level == 2 ? 32 : 1;
        };
    }

    /**
     * Decodes CD.TG0 or STE.S2TG.
     *
     * @param encoding 0 to 3
     * @return the granule, or null for the reserved value
     */
    public static @Nullable Granule ofTg0(int encoding) {
        return BY_TG0[encoding & 3];
    }

    /**
     * Decodes CD.TG1.
     *
     * @param encoding 0 to 3
     * @return the granule, or null for the reserved value
     */
    public static @Nullable Granule ofTg1(int encoding) {
        return BY_TG1[encoding & 3];
    }

    /**
     * Decodes the TG field of a TLB invalidation command.
     *
     * @param encoding 0 to 3
     * @return the granule, or null for 0, which means any granule and no range
     */
    public static @Nullable Granule ofCommandTg(int encoding) {
        return BY_COMMAND_TG[encoding & 3];
    }
}
