package org.opensva.smmuv3.driver;

import org.opensva.smmuv3.layout.Command;

import java.util.Arrays;

/**
 * Commands that go into the queue together, as the words that go there. Confined to one thread;
 * meant to be reused.
 */
final class CommandBatch {

    private long[] words = new long[16 * Command.WORDS];
    private int count;

    /** Makes room for one more command. Encode it into {@link #words} at the returned index. */
    int next() {
        int at = count++ * Command.WORDS;
        if (at == words.length) {
            words = Arrays.copyOf(words, words.length * 2);
        }
        return at;
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
