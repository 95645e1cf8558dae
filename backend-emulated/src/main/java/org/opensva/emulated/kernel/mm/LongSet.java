package org.opensva.emulated.kernel.mm;

import java.util.Arrays;

/** A set of primitive longs that are not 0, by open addressing. */
final class LongSet {

    private long[] table = new long[8];
    private int size;

    int size() {
        return size;
    }

    boolean add(long value) {
        if (size * 2 >= table.length) {
            grow();
        }
        int at = find(value);
        if (table[at] == value) {
            return false;
        }
        table[at] = value;
        size++;
        return true;
    }

    boolean remove(long value) {
        int hole = find(value);
        if (table[hole] != value) {
            return false;
        }
        size--;
        int mask = table.length - 1;
        int at = hole;
        while (true) {
            at = at + 1 & mask;
            long moved = table[at];
            if (moved == 0) {
                table[hole] = 0;
                return true;
            }
            // What is at home between the hole and here stays reachable without moving.
            if ((at - home(moved) & mask) >= (at - hole & mask)) {
                table[hole] = moved;
                hole = at;
            }
        }
    }

    long[] toArray() {
        return Arrays.stream(table).filter(value -> value != 0).toArray();
    }

    private void grow() {
        long[] old = table;
        table = new long[old.length * 2];
        for (long value : old) {
            if (value != 0) {
                table[find(value)] = value;
            }
        }
    }

    /** Where the value is, or the free place where it would be. */
    private int find(long value) {
        int at = home(value);
        while (table[at] != 0 && table[at] != value) {
            at = at + 1 & table.length - 1;
        }
        return at;
    }

    private int home(long value) {
        return (int) ((value * 0x9E37_79B9_7F4A_7C15L) >>> 32) & table.length - 1;
    }
}
