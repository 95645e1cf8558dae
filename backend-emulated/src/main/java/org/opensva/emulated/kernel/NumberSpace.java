package org.opensva.emulated.kernel;

/**
 * Numbers that are handed out and given back: PASIDs, ASIDs. They go round, so that one that was
 * just given back is used again as late as possible: what is late with an old number has the
 * longest time to show.
 *
 * <p>A bitmap under bitmaps of its full words: taking and giving back cost the same whatever is in
 * use.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class NumberSpace {

    private static final int SHIFT = 6;
    private static final int BITS = 1 << SHIFT;

    private final int end;

    /** Level 0 has a bit for each number, set while it is in use; the others one for each word. */
    private final long[][] levels;

    private int next;
    private int count;

    /**
     * Creates a space with every number free.
     *
     * @param first the lowest number that is ever handed out, at least 0
     * @param end the number after the greatest one, more than {@code first}
     */
    public NumberSpace(int first, int end) {
        if (first < 0 || end <= first) {
            throw new IllegalArgumentException("no number is in %d to %d".formatted(first, end));
        }
        this.end = end;
        int depth = 1;
        for (long span = BITS; span < end; span <<= SHIFT) {
            depth++;
        }
        this.levels = new long[depth][];
        long words = end;
        for (int level = 0; level < depth; level++) {
            words = words + BITS - 1 >>> SHIFT;
            levels[level] = new long[(int) words];
        }
        this.next = first;
        for (int i = 0; i < first; i++) {
            mark(i);
        }
        // What is beyond the end is never free, so that no search has to look for it.
        for (int i = end; i < levels[0].length << SHIFT; i++) {
            mark(i);
        }
        for (int level = 1; level < depth; level++) {
            for (int i = levels[level - 1].length; i < levels[level].length << SHIFT; i++) {
                levels[level][i >>> SHIFT] |= 1L << i;
            }
        }
    }

    /**
     * Takes a number below a limit.
     *
     * @param limit the number after the greatest one that will do
     * @return the number, or -1 if none is free
     */
    public synchronized int take(int limit) {
        int bound = Math.min(limit, end);
        int found = next < bound ? firstFree(next) : -1;
        if (found < 0 || found >= bound) {
            found = firstFree(0);
            if (found < 0 || found >= bound) {
                return -1;
            }
        }
        mark(found);
        count++;
        next = found + 1;
        return found;
    }

    /**
     * Gives a number back.
     *
     * @param number one that was taken
     * @throws IllegalStateException if it is free already
     */
    public synchronized void giveBack(int number) {
        if (number < 0 || number >= end || (levels[0][number >>> SHIFT] >>> number & 1) == 0) {
            throw new IllegalStateException("number " + number + " is free already");
        }
        int index = number;
        for (long[] level : levels) {
            boolean full = level[index >>> SHIFT] == -1;
            level[index >>> SHIFT] &= ~(1L << index);
            if (!full) {
                break;
            }
            index >>>= SHIFT;
        }
        count--;
    }

    /**
     * Counts the numbers in use.
     *
     * @return those that were taken and not given back
     */
    public synchronized int count() {
        return count;
    }

    private void mark(int number) {
        int index = number;
        for (long[] level : levels) {
            level[index >>> SHIFT] |= 1L << index;
            if (level[index >>> SHIFT] != -1) {
                break;
            }
            index >>>= SHIFT;
        }
    }

    /**
     * The first free number from one on, -1 if there is none: up until a word has one, then down.
     */
    private int firstFree(int from) {
        int index = from;
        int level = 0;
        while (true) {
            int word = index >>> SHIFT;
            if (word >= levels[level].length) {
                return -1;
            }
            long free = ~levels[level][word] & -1L << index;
            if (free != 0) {
                index = (word << SHIFT) + Long.numberOfTrailingZeros(free);
                break;
            }
            if (++level == levels.length) {
                return -1;
            }
            index = word + 1;
        }
        while (level > 0) {
            level--;
            index = (index << SHIFT) + Long.numberOfTrailingZeros(~levels[level][index]);
        }
        return index;
    }
}
