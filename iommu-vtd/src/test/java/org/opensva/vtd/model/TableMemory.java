package org.opensva.vtd.model;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;

/** Memory below a limit for table tests: pages come into being when they are touched. */
final class TableMemory implements PhysicalMemory {

    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    /** Called with the address after a word has been read. */
    volatile LongConsumer afterRead = address -> {};

    /** Called with the address before an atomic update. */
    volatile LongConsumer beforeUpdate = address -> {};

    /** Addresses at which atomic updates end in a bus error. */
    volatile LongPredicate readOnly = address -> false;

    /** Words read so far; for tests of one thread. */
    long reads;

    private final long size;
    private final Map<Long, long[]> pages = new ConcurrentHashMap<>();

    TableMemory(long size) {
        this.size = size;
    }

    @Override
    public boolean contains(long address, long length) {
        return address >= 0 && address < size && length <= size - address;
    }

    private long[] page(long address, long length) {
        if (!contains(address, length)) {
            throw BusErrorException.instance();
        }
        long[] page = pages.get(address >>> 12);
        return page != null ? page : pages.computeIfAbsent(address >>> 12, n -> new long[512]);
    }

    private static int index(long address) {
        if ((address & 7) != 0) {
            throw new IllegalArgumentException("misaligned: 0x" + Long.toHexString(address));
        }
        return (int) (address >>> 3) & 511;
    }

    @Override
    public long readLong(long address) {
        reads++;
        long value = (long) WORD.getAcquire(page(address, 8), index(address));
        afterRead.accept(address);
        return value;
    }

    /** Looks at a word without anybody noticing. */
    long peek(long address) {
        return (long) WORD.getVolatile(page(address, 8), index(address));
    }

    @Override
    public void writeLong(long address, long value) {
        WORD.setRelease(page(address, 8), index(address), value);
    }

    @Override
    public boolean compareAndSetLong(long address, long expected, long replacement) {
        beforeUpdate.accept(address);
        if (readOnly.test(address)) {
            throw BusErrorException.instance();
        }
        return WORD.compareAndSet(page(address, 8), index(address), expected, replacement);
    }

    @Override
    public int readInt(long address) {
        return (int) (readLong(address & -8L) >>> (address & 4) * 8);
    }

    @Override
    public void writeInt(long address, int value) {
        throw new UnsupportedOperationException("tables are words");
    }

    @Override
    public void read(long address, byte[] target, int offset, int length) {
        throw new UnsupportedOperationException("tables are words");
    }

    @Override
    public void write(long address, byte[] source, int offset, int length) {
        throw new UnsupportedOperationException("tables are words");
    }

    @Override
    public void fill(long address, long length, byte value) {
        throw new UnsupportedOperationException("tables are words");
    }
}
