package org.opensva.smmuv3.model;

import org.opensva.smmuv3.layout.Granule;

/**
 * Where a translation table is and what its shape is.
 *
 * @param table address of the first table, aligned to its size
 * @param granule granule
 * @param inputBits size of the input address range
 * @param startLevel level of the first lookup, 0 to 3
 * @param outputBits size of the output addresses that are allowed
 */
record StageConfig(long table, Granule granule, int inputBits, int startLevel, int outputBits) {

    /** The level at which a lookup of a stage 1 range begins (VMSAv8-64). */
    static int startLevel(Granule granule, int inputBits) {
        return 3 - (inputBits - 1 - granule.shift()) / granule.bitsPerLevel();
    }

    /** Aligns a table address to the size of its first table. */
    static long align(long address, Granule granule, int inputBits, int startLevel) {
        int indexBits = Math.max(1, inputBits - granule.levelShift(startLevel));
        return address & -1L << Math.max(4, indexBits + 3);
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
}
