package org.opensva.emulated.kernel.mm;

import java.util.Arrays;

/** A growing list of primitive longs. */
final class LongList {

    private static final long[] EMPTY = {};

    private long[] values = EMPTY;
    private int size;

    void add(long value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, Math.max(4, size * 2));
        }
        values[size++] = value;
    }

    int size() {
        return size;
    }

    long get(int index) {
        return values[index];
    }

    long[] toArray() {
        return Arrays.copyOf(values, size);
    }
}
