package org.opensva.uacce.queue;

/**
 * What a queue learns from its SHARED region when it is started.
 *
 * @param submission address of the submission ring
 * @param completion address of the completion ring
 * @param depth entries of each ring; 0 for a queue without rings, which takes jobs only from its
 *     driver
 */
record RingParameters(long submission, long completion, long depth) {

    /**
     * Tells whether a device can work with them: a depth that is a power of two and not above the
     * maximum, rings aligned to entries and not over the end of the address space.
     */
    boolean valid(int maxDepth) {
        if (depth == 0) {
            return true;
        }
        return depth > 0
                && depth <= maxDepth
                && Long.bitCount(depth) == 1
                && ring(submission)
                && ring(completion);
    }

    private boolean ring(long address) {
        long last = address + (depth << QueueLayout.ENTRY_SHIFT) - 1;
        return (address & QueueLayout.ENTRY_SIZE - 1) == 0
                && Long.compareUnsigned(last, address) > 0;
    }
}
