package org.opensva.vtd.driver;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.memory.PhysicalMemory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/** Some megabytes of memory in one array, with an allocator that counts and never runs twice. */
final class FlatMemory implements PhysicalMemory, FrameAllocator {

    static final long BASE = 0x4000_0000L;

    /** A write of eight bytes. */
    record Write(long address, long value) {}

    private final ByteBuffer bytes;
    private final Map<Long, Integer> allocated = new HashMap<>();
    private final Map<Integer, Deque<Long>> freed = new HashMap<>();
    private long next = BASE;

    /** Hears of every write of eight bytes, after it. */
    interface Observer {
        void written(Write write);
    }

    private Observer observer = write -> {};

    /** Whether there is none left for anybody. */
    volatile boolean exhausted;

    FlatMemory() {
        this(24 << 20);
    }

    FlatMemory(int size) {
        bytes = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    void observe(Observer newObserver) {
        observer = newObserver;
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
        bytes.putLong(at(address, 8), value);
        observer.written(new Write(address, value));
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
        long size = 4096L << order;
        Deque<Long> again = freed.get(order);
        long block = again == null || again.isEmpty() ? next + size - 1 & -size : again.pop();
        if (exhausted || !contains(block, size)) {
            throw new OutOfFramesException("2^" + order + " frames");
        }
        if (block >= next) {
            next = block + size;
        } else {
            fill(block, size, (byte) 0);
        }
        allocated.put(block, order);
        return block;
    }

    @Override
    public synchronized void free(long address, int order) {
        Integer known = allocated.remove(address);
        if (known == null || known != order) {
            throw new IllegalArgumentException("0x%x was not allocated so".formatted(address));
        }
        freed.computeIfAbsent(order, _ -> new ArrayDeque<>()).push(address);
    }

    @Override
    public synchronized long allocatedFrames() {
        return allocated.values().stream().mapToLong(order -> 1L << order).sum();
    }
}
