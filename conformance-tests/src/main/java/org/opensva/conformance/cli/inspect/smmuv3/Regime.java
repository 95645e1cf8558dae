package org.opensva.conformance.cli.inspect.smmuv3;

import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.OutputAddress;
import org.opensva.smmuv3.layout.Stage1Descriptor;

/**
 * Where a translation table begins and what shape it has (VMSAv8-64).
 *
 * @param table address of the first table
 * @param granule granule
 * @param inputBits size of input addresses
 * @param startLevel level of the first lookup
 * @param outputBits size of output addresses
 * @param wide whether descriptors hold 52-bit addresses
 */
record Regime(
        long table, Granule granule, int inputBits, int startLevel, int outputBits, boolean wide) {

    boolean isLeaf(long descriptor, int level) {
        return Stage1Descriptor.isPage(descriptor, level)
                || Stage1Descriptor.isBlock(descriptor, level) && granule.blockAllowed(level, wide);
    }

    /** What a descriptor points to. */
    long output(long descriptor, int shift) {
        return OutputAddress.of(descriptor, granule, shift, wide);
    }

    /** The first level of a stage 1 table: as few levels as the input size needs. */
    static int stage1Start(Granule granule, int inputBits) {
        int level = 3;
        while (granule.levelShift(level) + granule.bitsPerLevel() < inputBits) {
            level--;
        }
        return level;
    }

    /** A first table may be smaller than a page, or several concatenated; it is aligned to it. */
    static long aligned(
            long table, Granule granule, int inputBits, int startLevel, int outputBits) {
        int entries = Math.max(1, inputBits - granule.levelShift(startLevel));
        // Where addresses have 52 bits the lowest ones of the base hold the highest.
        return table & -1L << Math.max(outputBits < 52 ? 4 : 6, entries + 3);
    }

    long descriptor(long current, long address, int level) {
        int bits =
                level == startLevel
                        ? inputBits - granule.levelShift(level)
                        : granule.bitsPerLevel();
        return current + ((address >>> granule.levelShift(level) & (1L << bits) - 1) << 3);
    }
}
