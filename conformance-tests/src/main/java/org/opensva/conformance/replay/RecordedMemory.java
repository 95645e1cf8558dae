package org.opensva.conformance.replay;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The memory of a recording or of a dump: sparse, zero until written. Any thread may use it; one
 * access at a time is carried out.
 */
public final class RecordedMemory implements PhysicalMemory {

    /** Bytes of a page of {@link #pages()}. */
    public static final int PAGE_BYTES = 1 << 12;

    private static final int PAGE_SHIFT = 12;
    private static final int PAGE_WORDS = 1 << PAGE_SHIFT - 3;

    private final List<Recording.Ram> ram;
    private final Map<Long, long[]> pages = new HashMap<>();

    /**
     * Creates memory that is all zero.
     *
     * @param ram where there is memory
     */
    public RecordedMemory(List<Recording.Ram> ram) {
        this.ram = new ArrayList<>(ram);
    }

    /**
     * The pages that something was written to; all others are zero.
     *
     * @return addresses, ascending as unsigned numbers
     */
    public synchronized List<Long> pages() {
        return pages.keySet().stream()
                .sorted(Long::compareUnsigned)
                .map(number -> number << PAGE_SHIFT)
                .toList();
    }

    /**
     * Memory of its own with the same contents, and more of it.
     *
     * @param more where there is memory as well
     * @return the copy
     */
    public synchronized RecordedMemory copy(List<Recording.Ram> more) {
        List<Recording.Ram> all = new ArrayList<>(ram);
        all.addAll(more);
        RecordedMemory copy = new RecordedMemory(all);
        pages.forEach((number, words) -> copy.pages.put(number, words.clone()));
        return copy;
    }

    @Override
    public synchronized boolean contains(long address, long length) {
        for (Recording.Ram range : ram) {
            long within = address - range.base();
            if (Long.compareUnsigned(within, range.size()) < 0
                    && Long.compareUnsigned(length, range.size() - within) <= 0) {
                return true;
            }
        }
        return length == 0;
    }

    private void check(long address, long length, int alignment) {
        if ((address & alignment - 1) != 0) {
            throw new IllegalArgumentException("misaligned: 0x" + Long.toHexString(address));
        }
        if (!contains(address, length)) {
            throw BusErrorException.instance();
        }
    }

    private long word(long address) {
        long[] page = pages.get(address >>> PAGE_SHIFT);
        return page == null ? 0 : page[(int) (address >>> 3) & PAGE_WORDS - 1];
    }

    private void setWord(long address, long value) {
        long[] page = pages.computeIfAbsent(address >>> PAGE_SHIFT, n -> new long[PAGE_WORDS]);
        page[(int) (address >>> 3) & PAGE_WORDS - 1] = value;
    }

    @Override
    public synchronized long readLong(long address) {
        check(address, 8, 8);
        return word(address);
    }

    @Override
    public synchronized void writeLong(long address, long value) {
        check(address, 8, 8);
        setWord(address, value);
    }

    @Override
    public synchronized boolean compareAndSetLong(long address, long expected, long replacement) {
        check(address, 8, 8);
        if (word(address) != expected) {
            return false;
        }
        setWord(address, replacement);
        return true;
    }

    @Override
    public synchronized int readInt(long address) {
        check(address, 4, 4);
        return (int) (word(address & -8L) >>> (address & 4) * 8);
    }

    @Override
    public synchronized void writeInt(long address, int value) {
        check(address, 4, 4);
        for (int i = 0; i < 4; i++) {
            setByte(address + i, value >>> 8 * i);
        }
    }

    private void setByte(long address, int value) {
        int shift = (int) (address & 7) * 8;
        long old = word(address & -8L);
        setWord(address & -8L, old & ~(0xffL << shift) | (value & 0xffL) << shift);
    }

    @Override
    public synchronized void read(long address, byte[] target, int offset, int length) {
        check(address, length, 1);
        for (int i = 0; i < length; i++) {
            long at = address + i;
            target[offset + i] = (byte) (word(at & -8L) >>> (at & 7) * 8);
        }
    }

    @Override
    public synchronized void write(long address, byte[] source, int offset, int length) {
        check(address, length, 1);
        for (int i = 0; i < length; i++) {
            setByte(address + i, source[offset + i]);
        }
    }

    @Override
    public synchronized void fill(long address, long length, byte value) {
        check(address, length, 1);
        for (long i = 0; i < length; i++) {
            setByte(address + i, value);
        }
    }
}
