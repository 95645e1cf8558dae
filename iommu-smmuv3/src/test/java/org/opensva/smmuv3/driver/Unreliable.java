package org.opensva.smmuv3.driver;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;

/** Memory whose reads fail a few times. */
final class Unreliable implements PhysicalMemory {

    private final PhysicalMemory memory;
    private int failures;

    Unreliable(PhysicalMemory memory) {
        this.memory = memory;
    }

    /** Fails the next reads of words. */
    synchronized void fail(int times) {
        failures = times;
    }

    synchronized int left() {
        return failures;
    }

    @Override
    public boolean contains(long address, long length) {
        return memory.contains(address, length);
    }

    @Override
    public long readLong(long address) {
        synchronized (this) {
            if (failures > 0) {
                failures--;
                throw BusErrorException.instance();
            }
        }
        return memory.readLong(address);
    }

    @Override
    public void writeLong(long address, long value) {
        memory.writeLong(address, value);
    }

    @Override
    public boolean compareAndSetLong(long address, long expected, long replacement) {
        return memory.compareAndSetLong(address, expected, replacement);
    }

    @Override
    public int readInt(long address) {
        return memory.readInt(address);
    }

    @Override
    public void writeInt(long address, int value) {
        memory.writeInt(address, value);
    }

    @Override
    public void read(long address, byte[] target, int offset, int length) {
        memory.read(address, target, offset, length);
    }

    @Override
    public void write(long address, byte[] source, int offset, int length) {
        memory.write(address, source, offset, length);
    }

    @Override
    public void fill(long address, long length, byte value) {
        memory.fill(address, length, value);
    }
}
