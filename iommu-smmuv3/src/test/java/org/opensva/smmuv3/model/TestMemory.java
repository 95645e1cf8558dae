package org.opensva.smmuv3.model;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;

/** Sparse memory for tests: pages come into being when they are touched. */
final class TestMemory implements PhysicalMemory {

    private static final VarHandle BANK = MethodHandles.arrayElementVarHandle(long[][][].class);
    private static final VarHandle PAGE = MethodHandles.arrayElementVarHandle(long[][].class);
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    /** Called with the address before bytes are written. */
    volatile LongConsumer beforeWrite = address -> {};

    /** Called with the address after a word has been read. */
    volatile LongConsumer afterRead = address -> {};

    private record Range(long base, long size) {}

    private Range[] ranges = {};
    // Pages below 4 GiB, 4 MiB at a time, so that finding them allocates nothing; and all others.
    private final long[][][] low = new long[1 << 10][][];
    private final Map<Long, long[]> pages = new ConcurrentHashMap<>();

    TestMemory with(long base, long size) {
        ranges = Arrays.copyOf(ranges, ranges.length + 1);
        ranges[ranges.length - 1] = new Range(base, size);
        return this;
    }

    @Override
    public boolean contains(long address, long length) {
        for (Range range : ranges) {
            long within = address - range.base();
            if (within >= 0 && within < range.size() && length <= range.size() - within) {
                return true;
            }
        }
        return length == 0;
    }

    private long[] page(long address, long length) {
        if (!contains(address, length)) {
            throw BusErrorException.instance();
        }
        if (address >>> 32 != 0) {
            return pages.computeIfAbsent(address >>> 12, n -> new long[512]);
        }
        long[][] bank = (long[][]) BANK.getAcquire(low, (int) (address >>> 22));
        long[] page = bank == null ? null : (long[]) PAGE.getAcquire(bank, number(address));
        return page != null ? page : make(address);
    }

    private static int number(long address) {
        return (int) (address >>> 12) & 0x3ff;
    }

    private synchronized long[] make(long address) {
        long[][] bank = low[(int) (address >>> 22)];
        if (bank == null) {
            bank = new long[1 << 10][];
            BANK.setRelease(low, (int) (address >>> 22), bank);
        }
        long[] page = bank[number(address)];
        if (page == null) {
            page = new long[512];
            PAGE.setRelease(bank, number(address), page);
        }
        return page;
    }

    private static int index(long address) {
        return (int) (address >>> 3) & 511;
    }

    private static void aligned(long address, int size) {
        if ((address & size - 1) != 0) {
            throw new IllegalArgumentException("misaligned: 0x" + Long.toHexString(address));
        }
    }

    @Override
    public long readLong(long address) {
        aligned(address, 8);
        long value = (long) WORD.getAcquire(page(address, 8), index(address));
        afterRead.accept(address);
        return value;
    }

    @Override
    public void writeLong(long address, long value) {
        aligned(address, 8);
        WORD.setRelease(page(address, 8), index(address), value);
    }

    @Override
    public boolean compareAndSetLong(long address, long expected, long replacement) {
        aligned(address, 8);
        return WORD.compareAndSet(page(address, 8), index(address), expected, replacement);
    }

    @Override
    public int readInt(long address) {
        aligned(address, 4);
        return (int) (readLong(address & -8L) >>> ((address & 4) * 8));
    }

    @Override
    public void writeInt(long address, int value) {
        aligned(address, 4);
        long shift = (address & 4) * 8;
        merge(address & -8L, (value & 0xffff_ffffL) << shift, 0xffff_ffffL << shift);
    }

    private void merge(long address, long bits, long mask) {
        long[] page = page(address, 8);
        long old;
        do {
            old = (long) WORD.getVolatile(page, index(address));
        } while (!WORD.compareAndSet(page, index(address), old, old & ~mask | bits));
    }

    private void check(long address, long length) {
        if (!contains(address, length)) {
            throw BusErrorException.instance();
        }
    }

    @Override
    public void read(long address, byte[] target, int offset, int length) {
        check(address, length);
        for (int i = 0; i < length; i++) {
            long at = address + i;
            target[offset + i] = (byte) (readLong(at & -8L) >>> ((at & 7) * 8));
        }
    }

    @Override
    public void write(long address, byte[] source, int offset, int length) {
        check(address, length);
        beforeWrite.accept(address);
        for (int i = 0; i < length; i++) {
            long at = address + i;
            long shift = (at & 7) * 8;
            merge(at & -8L, (source[offset + i] & 0xffL) << shift, 0xffL << shift);
        }
    }

    @Override
    public void fill(long address, long length, byte value) {
        check(address, length);
        byte[] one = {value};
        for (long i = 0; i < length; i++) {
            write(address + i, one, 0, 1);
        }
    }
}
