package org.opensva.emulated.kernel.mm;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.PhysicalMemory;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Where the contents of reclaimed pages wait: slots with reference counts, because a fork copies
 * references. A page of zeroes takes a slot but no room.
 */
final class SwapArea {

    private final int pageBytes;
    private final int capacity;
    private byte[] @Nullable [] contents = new byte[16][];
    private int[] references = new int[16];
    private final BitSet used = new BitSet();
    private int lowestFree;

    SwapArea(int pageBytes, int capacity) {
        this.pageBytes = pageBytes;
        this.capacity = capacity;
    }

    /** Saves a page under one reference; -1 if the area is full. */
    synchronized long save(PhysicalMemory memory, long frame) {
        int slot = used.nextClearBit(lowestFree);
        if (slot >= capacity) {
            return -1;
        }
        if (slot == references.length) {
            int larger = Math.min(capacity, slot * 2);
            contents = Arrays.copyOf(contents, larger);
            references = Arrays.copyOf(references, larger);
        }
        byte[] page = new byte[pageBytes];
        memory.read(frame, page, 0, pageBytes);
        contents[slot] = isZero(page) ? null : page;
        references[slot] = 1;
        used.set(slot);
        lowestFree = slot + 1;
        return slot;
    }

    /** Writes a slot's contents to a page that reads as zero. */
    synchronized void load(long slot, PhysicalMemory memory, long frame) {
        byte @Nullable [] page = contents[(int) slot];
        if (page != null) {
            memory.write(frame, page, 0, pageBytes);
        }
    }

    synchronized void acquire(long slot) {
        references[(int) slot]++;
    }

    synchronized void release(long slot) {
        if (--references[(int) slot] == 0) {
            contents[(int) slot] = null;
            used.clear((int) slot);
            lowestFree = Math.min(lowestFree, (int) slot);
        }
    }

    /** Whether nothing more can be saved. */
    synchronized boolean isFull() {
        return used.cardinality() >= capacity;
    }

    synchronized int usedSlots() {
        return used.cardinality();
    }

    private static boolean isZero(byte[] page) {
        for (byte b : page) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }
}
