package org.opensva.smmuv3.model;

import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.layout.OutputAddress;
import org.opensva.smmuv3.layout.Stage1Descriptor;

/**
 * Where a translation table is, what its shape is, and how its descriptors are read. That of a CD
 * belongs to a lane and is used again and again.
 */
final class StageConfig {

    /** Largest TxSZ without small translation tables. */
    private static final int LARGEST_SIZE = 39;

    private long table;
    private Granule granule = Granule.K4;
    private int inputBits;
    private int startLevel;
    private int outputBits;
    private boolean wide;
    private int shareability;

    /**
     * Describes a table.
     *
     * @param base address of the first table, which is aligned to its size here
     * @param size granule
     * @param input size of the input address range
     * @param level level of the first lookup, -1 to 3
     * @param output size of the output addresses that are allowed
     * @param large whether descriptors hold 52-bit addresses: CD.DS or STE.S2DS for 4 KB and 16 KB,
     *     an SMMU with 52-bit output addresses for 64 KB
     * @param sh shareability of everything that is mapped, where descriptors have address bits in
     *     the place of it (CD.SHx or STE.S2SH0); negative if descriptors say
     * @return this
     */
    StageConfig describe(
            long base, Granule size, int input, int level, int output, boolean large, int sh) {
        table = align(base, size, input, level, output);
        granule = size;
        inputBits = input;
        startLevel = level;
        outputBits = output;
        wide = large;
        shareability = sh;
        return this;
    }

    Granule granule() {
        return granule;
    }

    int inputBits() {
        return inputBits;
    }

    int startLevel() {
        return startLevel;
    }

    int outputBits() {
        return outputBits;
    }

    /** The level at which a lookup of a stage 1 range begins (VMSAv8-64). */
    static int startLevel(Granule granule, int inputBits) {
        return 3 - (inputBits - 1 - granule.shift()) / granule.bitsPerLevel();
    }

    /**
     * Aligns a table address to the size of its first table, which with 52-bit output addresses is
     * at least 64 bytes (CD.TTB0 and STE.S2TTB).
     */
    private static long align(
            long address, Granule granule, int inputBits, int startLevel, int outputBits) {
        int indexBits = Math.max(1, inputBits - granule.levelShift(startLevel));
        return address & -1L << Math.max(outputBits >= 52 ? 6 : 4, indexBits + 3);
    }

    /** Whether the SMMU has the granule. */
    static boolean supported(Granule granule, SmmuProfile profile) {
        return switch (granule) {
            case K4 -> Idr5.GRAN4K.isSet(profile.idr5());
            case K16 -> Idr5.GRAN16K.isSet(profile.idr5());
            case K64 -> Idr5.GRAN64K.isSet(profile.idr5());
        };
    }

    /** Whether 52-bit addresses are in force for small granules, DS being that of the structure. */
    static boolean wideSmall(Granule granule, boolean ds, SmmuProfile profile) {
        return ds && granule != Granule.K64 && Idr5.DS.isSet(profile.idr5());
    }

    /** Whether descriptors of a granule hold 52-bit addresses. */
    static boolean wide(Granule granule, boolean ds, SmmuProfile profile) {
        return granule == Granule.K64
                ? profile.addressBits() >= 52
                : wideSmall(granule, ds, profile);
    }

    /** Largest legal TxSZ or S2T0SZ (sections 5.4 and 5.2). */
    static int largestSize(Granule granule, SmmuProfile profile) {
        if (!Idr3.STT.isSet(profile.idr3())) {
            return LARGEST_SIZE;
        }
        return granule == Granule.K64 ? 47 : 48;
    }

    /** Whether a table may not be there: beyond the output size, or beyond what tables reach. */
    static boolean outOfRange(long address, Granule granule, boolean wideSmall, int outputBits) {
        int bits = granule == Granule.K64 || wideSmall ? outputBits : Math.min(outputBits, 48);
        return address >>> bits != 0;
    }

    /** The address of the descriptor that a lookup reads in the first table. */
    long firstDescriptor(long address) {
        int shift = granule.levelShift(startLevel);
        long index = (address & (1L << inputBits) - 1) >>> shift;
        return table + (index << 3);
    }

    /** The address of the descriptor that a lookup reads in a table of a later level. */
    long descriptor(long nextTable, long address, int level) {
        long index = address >>> granule.levelShift(level) & (1L << granule.bitsPerLevel()) - 1;
        return nextTable + (index << 3);
    }

    /** Whether a descriptor maps memory. */
    boolean isLeaf(long descriptor, int level) {
        return Stage1Descriptor.isPage(descriptor, level)
                || Stage1Descriptor.isBlock(descriptor, level) && granule.blockAllowed(level, wide);
    }

    /** What a descriptor points to, with this many low bits left out. */
    long output(long descriptor, int shift) {
        return OutputAddress.of(descriptor, granule, shift, wide);
    }

    /** The two bits of shareability that hold for what a descriptor maps. */
    int shareability(long descriptor) {
        return shareability >= 0 ? shareability : (int) Stage1Descriptor.SH.get(descriptor);
    }
}
