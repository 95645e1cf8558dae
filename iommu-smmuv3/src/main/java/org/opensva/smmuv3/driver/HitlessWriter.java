package org.opensva.smmuv3.driver;

import org.opensva.api.memory.PhysicalMemory;

/**
 * Changes a table entry of several words under the eyes of hardware that may read it at any moment,
 * one 64-bit word at a time.
 *
 * <p>Hardware reads entries word by word (Arm IHI 0070 G.b section 3.21.3), so an entry must make
 * sense after each word written. What matters is which bits hardware <em>uses</em>, given the rest
 * of the entry: bits that are not used now, nor in the target, may change freely; if then only one
 * word remains in which used bits change, writing that word switches from old to new at once
 * (hitless). Otherwise the entry has to be invalid for a moment. (Linux: {@code
 * arm_smmu_write_entry}, whose KUnit test counts the synchronisations.)
 */
final class HitlessWriter {

    /** Says which bits of an entry hardware looks at. */
    interface UsedBits {

        /**
         * Computes the used bits.
         *
         * @param entry the entry
         * @return a mask for each word
         */
        long[] of(long[] entry);
    }

    private final PhysicalMemory memory;
    private final UsedBits usedBits;
    private final long validMask;

    /**
     * Creates a writer for one kind of entry.
     *
     * @param memory where entries are
     * @param usedBits which bits matter
     * @param validMask the valid bit, in word 0
     */
    HitlessWriter(PhysicalMemory memory, UsedBits usedBits, long validMask) {
        this.memory = memory;
        this.usedBits = usedBits;
        this.validMask = validMask;
    }

    /**
     * Writes an entry.
     *
     * @param address where it is
     * @param target what it shall be
     * @param sync makes hardware forget what it has cached of the entry, and waits until it has
     * @return how often it synchronised
     */
    int write(long address, long[] target, Runnable sync) {
        long[] current = read(address, target.length);
        long[] usedNow = usedBits.of(current);
        long[] usedThen = usedBits.of(target);
        long[] prepared = new long[target.length];
        int critical = -1;
        int differing = 0;
        for (int i = 0; i < target.length; i++) {
            prepared[i] = current[i] & usedNow[i] | target[i] & usedThen[i] & ~usedNow[i];
            if ((prepared[i] & usedThen[i]) != target[i]) {
                differing++;
                critical = i;
            }
        }
        int words = target.length;
        if (differing == 0) {
            return put(address, current, target, 0, words, sync);
        }
        if (differing == 1) {
            // The critical word keeps its old value while the words around it are prepared.
            prepared[critical] = current[critical];
            return put(address, current, prepared, 0, words, sync)
                    + put(address, current, target, critical, critical + 1, sync)
                    + put(address, current, target, 0, words, sync);
        }
        prepared[0] &= ~validMask;
        return put(address, current, prepared, 0, 1, sync)
                + put(address, current, target, 1, words, sync)
                + put(address, current, target, 0, 1, sync);
    }

    private long[] read(long address, int words) {
        long[] entry = new long[words];
        for (int i = 0; i < words; i++) {
            entry[i] = memory.readLong(address + 8L * i);
        }
        return entry;
    }

    private int put(long address, long[] current, long[] target, int from, int to, Runnable sync) {
        boolean changed = false;
        for (int i = from; i < to; i++) {
            if (current[i] != target[i]) {
                memory.writeLong(address + 8L * i, target[i]);
                current[i] = target[i];
                changed = true;
            }
        }
        if (!changed) {
            return 0;
        }
        sync.run();
        return 1;
    }
}
