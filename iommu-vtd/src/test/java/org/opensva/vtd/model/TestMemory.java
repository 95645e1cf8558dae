package org.opensva.vtd.model;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.LongConsumer;

/** Memory below a limit, for words and bytes; pages come into being when they are touched. */
final class TestMemory implements PhysicalMemory {

    private static final int PAGE_WORDS = 512;

    /** Called with the address before bytes are written in bulk. */
    volatile LongConsumer beforeWrite = address -> {};

    private final long size;
    private final AtomicReferenceArray<AtomicLongArray> pages;

    TestMemory(long size) {
        this.size = size;
        pages = new AtomicReferenceArray<>((int) (size >>> 12));
    }

    @Override
    public boolean contains(long address, long length) {
        return address >= 0 && address < size && length >= 0 && length <= size - address;
    }

    private void check(long address, long length, int alignment) {
        if ((address & alignment - 1) != 0) {
            throw new IllegalArgumentException("misaligned: 0x" + Long.toHexString(address));
        }
        if (!contains(address, length)) {
            throw BusErrorException.instance();
        }
    }

    private AtomicLongArray page(long address) {
        int number = (int) (address >>> 12);
        AtomicLongArray page = pages.get(number);
        if (page == null) {
            pages.compareAndSet(number, null, new AtomicLongArray(PAGE_WORDS));
            page = pages.get(number);
        }
        return page;
    }

    private static int index(long address) {
        return (int) (address >>> 3) & PAGE_WORDS - 1;
    }

    @Override
    public long readLong(long address) {
        check(address, 8, 8);
        return page(address).get(index(address));
    }

    @Override
    public void writeLong(long address, long value) {
        check(address, 8, 8);
        page(address).set(index(address), value);
    }

    @Override
    public boolean compareAndSetLong(long address, long expected, long replacement) {
        check(address, 8, 8);
        return page(address).compareAndSet(index(address), expected, replacement);
    }

    @Override
    public int readInt(long address) {
        check(address, 4, 4);
        return (int) (page(address).get(index(address)) >>> (address & 4) * 8);
    }

    @Override
    public void writeInt(long address, int value) {
        check(address, 4, 4);
        merge(address, 0xffff_ffffL << (address & 4) * 8, (long) value << (address & 4) * 8);
    }

    private void merge(long address, long mask, long value) {
        AtomicLongArray page = page(address);
        int index = index(address);
        long old;
        do {
            old = page.get(index);
        } while (!page.compareAndSet(index, old, old & ~mask | value & mask));
    }

    @Override
    public void read(long address, byte[] target, int offset, int length) {
        check(address, length, 1);
        for (int i = 0; i < length; i++) {
            long at = address + i;
            target[offset + i] = (byte) (page(at).get(index(at)) >>> (at & 7) * 8);
        }
    }

    @Override
    public void write(long address, byte[] source, int offset, int length) {
        check(address, length, 1);
        beforeWrite.accept(address);
        for (int i = 0; i < length; i++) {
            long at = address + i;
            int shift = (int) (at & 7) * 8;
            merge(at, 0xffL << shift, (long) source[offset + i] << shift);
        }
    }

    @Override
    public void fill(long address, long length, byte value) {
        check(address, length, 1);
        byte[] one = {value};
        for (long i = 0; i < length; i++) {
            write(address + i, one, 0, 1);
        }
    }
}
