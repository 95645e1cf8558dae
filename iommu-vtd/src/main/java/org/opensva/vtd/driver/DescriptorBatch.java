package org.opensva.vtd.driver;

import org.opensva.vtd.layout.DescriptorEncoder;

import java.util.Arrays;

/**
 * Descriptors that go into the invalidation queue together: the first two words of each, the others
 * are 0. Confined to one thread; meant to be reused.
 */
final class DescriptorBatch {

    /** Words that are kept of a descriptor. */
    static final int WORDS = 2;

    private long[] words = new long[4 * WORDS];
    private int count;

    /** Makes room for one more descriptor. Encode it into {@link #words} at the returned index. */
    int next() {
        int at = count++ * WORDS;
        if (at == words.length) {
            words = Arrays.copyOf(words, words.length * 2);
        }
        return at;
    }

    /** Adds a wait whose completion can be awaited; the queue fills in where its status goes. */
    void await(boolean drainPageRequests) {
        int at = next();
        DescriptorEncoder.waitStatus(words, at, 0, 0, false, false, drainPageRequests);
    }

    /** Adds a wait that nobody awaits: what follows begins after everything before it is done. */
    void fence() {
        int at = next();
        DescriptorEncoder.waitInterrupt(words, at, false, true, false);
    }

    long[] words() {
        return words;
    }

    int count() {
        return count;
    }

    void clear() {
        count = 0;
    }
}
