package org.opensva.conformance.inspect;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.conformance.replay.RecordedMemory;

/**
 * Memory that remembers where the data of an access went: structures are read and written as words,
 * data as bytes. One access at a time.
 */
public final class DataWatch implements PhysicalMemory {

    /** The address of no page. */
    private static final long NO_PAGE = -1;

    private final PhysicalMemory memory;
    private final long writeOnly;
    private volatile @Nullable Long touched;

    /**
     * Watches a memory.
     *
     * @param memory the memory
     */
    public DataWatch(PhysicalMemory memory) {
        this(memory, NO_PAGE);
    }

    /**
     * Watches a memory.
     *
     * @param memory the memory
     * @param writeOnly address of a page that the dump does not have: the IOMMU can write it, but
     *     what points there finds no memory
     */
    public DataWatch(PhysicalMemory memory, long writeOnly) {
        this.memory = memory;
        this.writeOnly = writeOnly;
    }

    private void checkRead(long address) {
        if ((address & -RecordedMemory.PAGE_BYTES) == writeOnly) {
            throw BusErrorException.instance();
        }
    }

    /**
     * Where data was moved, or was to be moved, last.
     *
     * @return the physical address, or null if there was none
     */
    public @Nullable Long touched() {
        return touched;
    }

    @Override
    public boolean contains(long address, long length) {
        return memory.contains(address, length);
    }

    @Override
    public long readLong(long address) {
        checkRead(address);
        return memory.readLong(address);
    }

    @Override
    public void writeLong(long address, long value) {
        memory.writeLong(address, value);
    }

    @Override
    public boolean compareAndSetLong(long address, long expected, long replacement) {
        checkRead(address);
        return memory.compareAndSetLong(address, expected, replacement);
    }

    @Override
    public int readInt(long address) {
        checkRead(address);
        return memory.readInt(address);
    }

    @Override
    public void writeInt(long address, int value) {
        memory.writeInt(address, value);
    }

    @Override
    public void read(long address, byte[] target, int offset, int length) {
        touched = address;
        memory.read(address, target, offset, length);
    }

    @Override
    public void write(long address, byte[] source, int offset, int length) {
        touched = address;
        memory.write(address, source, offset, length);
    }

    @Override
    public void fill(long address, long length, byte value) {
        memory.fill(address, length, value);
    }
}
