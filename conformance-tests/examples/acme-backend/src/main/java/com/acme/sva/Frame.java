package com.acme.sva;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A page of memory. Processors and devices of several address spaces may use it at the same time,
 * so aligned words of eight bytes are atomic: stores release, loads acquire.
 *
 * <p>References are counted: one for each page-map entry and one for the memory object that owns
 * the page. A frame with one reference is nobody else's, which is what copy-on-write wants to know.
 */
final class Frame {

    /** Bytes in a page. */
    static final int SIZE = 4096;

    private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] words = new long[SIZE / Long.BYTES];
    private final AtomicInteger references = new AtomicInteger();

    /** The first address of the page that an address lies in. */
    static long pageOf(long address) {
        return address & -SIZE;
    }

    /** Where in its page an address lies. */
    static int offsetOf(long address) {
        return (int) (address & (SIZE - 1));
    }

    /** How many bytes of a longer access lie in the page of its first byte. */
    static int inPage(long address, long length) {
        return (int) Math.min(length, SIZE - offsetOf(address));
    }

    void retain() {
        references.incrementAndGet();
    }

    /** Gives a reference back; true for the last one. */
    boolean release() {
        return references.decrementAndGet() == 0;
    }

    boolean isExclusive() {
        return references.get() == 1;
    }

    long loadLong(int offset) {
        return (long) WORDS.getAcquire(words, offset / Long.BYTES);
    }

    void storeLong(int offset, long value) {
        WORDS.setRelease(words, offset / Long.BYTES, value);
    }

    void load(int offset, byte[] target, int at, int length) {
        for (int done = 0; done < length; ) {
            int position = offset + done;
            int first = position % Long.BYTES;
            int count = Math.min(Long.BYTES - first, length - done);
            long word = loadLong(position - first) >>> (8 * first);
            for (int i = 0; i < count; i++) {
                target[at + done + i] = (byte) (word >>> (8 * i));
            }
            done += count;
        }
    }

    void store(int offset, byte[] source, int at, int length) {
        for (int done = 0; done < length; ) {
            int position = offset + done;
            int first = position % Long.BYTES;
            int count = Math.min(Long.BYTES - first, length - done);
            long bits = 0;
            for (int i = 0; i < count; i++) {
                bits |= (source[at + done + i] & 0xffL) << (8 * (first + i));
            }
            if (count == Long.BYTES) {
                storeLong(position, bits);
            } else {
                merge(position / Long.BYTES, bits, ((1L << (8 * count)) - 1) << (8 * first));
            }
            done += count;
        }
    }

    /** Stores some bytes of a word; the neighbours may be stored by somebody else meanwhile. */
    private void merge(int index, long bits, long mask) {
        long old;
        do {
            old = (long) WORDS.getVolatile(words, index);
        } while (!WORDS.compareAndSet(words, index, old, old & ~mask | bits));
    }

    /** Zeroes everything from an offset on. */
    void clear(int from) {
        store(from, new byte[SIZE - from], 0, SIZE - from);
    }

    /** Makes the frame look new. Only for a frame that nobody can reach. */
    void reset() {
        Arrays.fill(words, 0);
        references.set(1);
    }

    void copyFrom(Frame other) {
        for (int offset = 0; offset < SIZE; offset += Long.BYTES) {
            storeLong(offset, other.loadLong(offset));
        }
    }
}
