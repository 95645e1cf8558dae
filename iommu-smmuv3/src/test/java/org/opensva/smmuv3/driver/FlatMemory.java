package org.opensva.smmuv3.driver;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.memory.PhysicalMemory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/** A few megabytes of memory in one array, with an allocator that counts. */
final class FlatMemory implements PhysicalMemory, FrameAllocator {

    static final long BASE = 0x4000_0000L;

    private final ByteBuffer bytes = ByteBuffer.allocate(16 << 20).order(ByteOrder.LITTLE_ENDIAN);
    private final Map<Long, Integer> allocated = new HashMap<>();
    private long next = BASE;

    /** After so many blocks memory is exhausted. */
    int blocksLeft = Integer.MAX_VALUE;

    /** What happens just before the next write of eight bytes, once. */
    private Runnable beforeNextWrite = () -> {};

    void beforeNextWrite(Runnable action) {
        beforeNextWrite = action;
    }

    private int at(long address, long length) {
        if (!contains(address, length)) {
            throw BusErrorException.instance();
        }
        return (int) (address - BASE);
    }

    @Override
    public boolean contains(long address, long length) {
        return address >= BASE && address - BASE <= bytes.capacity() - length;
    }

    @Override
    public synchronized long readLong(long address) {
        return bytes.getLong(at(address, 8));
    }

    @Override
    public synchronized void writeLong(long address, long value) {
        Runnable first = beforeNextWrite;
        beforeNextWrite = () -> {};
        first.run();
        bytes.putLong(at(address, 8), value);
    }

    @Override
    public synchronized boolean compareAndSetLong(long address, long expected, long replacement) {
        if (readLong(address) != expected) {
            return false;
        }
        writeLong(address, replacement);
        return true;
    }

    @Override
    public synchronized int readInt(long address) {
        return bytes.getInt(at(address, 4));
    }

    @Override
    public synchronized void writeInt(long address, int value) {
        bytes.putInt(at(address, 4), value);
    }

    @Override
    public synchronized void read(long address, byte[] target, int offset, int length) {
        bytes.get(at(address, length), target, offset, length);
    }

    @Override
    public synchronized void write(long address, byte[] source, int offset, int length) {
        bytes.put(at(address, length), source, offset, length);
    }

    @Override
    public synchronized void fill(long address, long length, byte value) {
        for (long i = 0; i < length; i++) {
            bytes.put(at(address + i, 1), value);
        }
    }

    @Override
    public int frameShift() {
        return 12;
    }

    @Override
    public synchronized long allocate(int order) {
        if (blocksLeft == 0) {
            throw new OutOfFramesException("none left");
        }
        blocksLeft--;
        long size = 4096L << order;
        long block = next + size - 1 & -size;
        next = block + size;
        allocated.put(block, order);
        return block;
    }

    @Override
    public synchronized void free(long address, int order) {
        Integer known = allocated.remove(address);
        if (known == null || known != order) {
            throw new IllegalArgumentException("0x%x was not allocated so".formatted(address));
        }
    }

    @Override
    public synchronized long allocatedFrames() {
        return allocated.values().stream().mapToLong(order -> 1L << order).sum();
    }
}
