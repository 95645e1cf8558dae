package org.opensva.conformance.measure.hardware;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Memory from 1 GiB on, in chunks of 2 MiB that come into being when they are allocated. */
final class FlatMemory implements PhysicalMemory {

    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle BYTES =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long BASE = 1L << 30;
    private static final int CHUNK_SHIFT = 21;
    private static final int CHUNK_WORDS = 1 << CHUNK_SHIFT - 3;
    private static final int CHUNKS = 256;

    private final long[][] chunks = new long[CHUNKS][];
    private long next = BASE;

    /** Takes memory, aligned to its size, which is a power of two up to 2 MiB. */
    long allocate(long bytes) {
        long start = next + bytes - 1 & -bytes;
        next = start + bytes;
        int chunk = (int) (start - BASE >>> CHUNK_SHIFT);
        if (chunks[chunk] == null) {
            chunks[chunk] = new long[CHUNK_WORDS];
        }
        return start;
    }

    private long[] chunk(long address) {
        long index = address - BASE >>> CHUNK_SHIFT;
        if (index < 0 || index >= CHUNKS || chunks[(int) index] == null) {
            throw BusErrorException.instance();
        }
        return chunks[(int) index];
    }

    private static int index(long address) {
        return (int) (address >>> 3) & CHUNK_WORDS - 1;
    }

    @Override
    public boolean contains(long address, long length) {
        return address >= BASE && address + length <= next;
    }

    @Override
    public long readLong(long address) {
        return (long) WORD.getAcquire(chunk(address), index(address));
    }

    @Override
    public void writeLong(long address, long value) {
        WORD.setRelease(chunk(address), index(address), value);
    }

    @Override
    public boolean compareAndSetLong(long address, long expected, long replacement) {
        return WORD.compareAndSet(chunk(address), index(address), expected, replacement);
    }

    @Override
    public int readInt(long address) {
        return (int) (readLong(address & -8L) >>> (address & 4) * 8);
    }

    @Override
    public void writeInt(long address, int value) {
        long at = address & -8L;
        int shift = (int) (address & 4) * 8;
        writeLong(at, readLong(at) & ~(0xffff_ffffL << shift) | (value & 0xffff_ffffL) << shift);
    }

    /** Devices move whole words here. */
    @Override
    public void read(long address, byte[] target, int offset, int length) {
        for (int i = 0; i < length; i += Long.BYTES) {
            BYTES.set(target, offset + i, readLong(address + i));
        }
    }

    @Override
    public void write(long address, byte[] source, int offset, int length) {
        for (int i = 0; i < length; i += Long.BYTES) {
            writeLong(address + i, (long) BYTES.get(source, offset + i));
        }
    }

    @Override
    public void fill(long address, long length, byte value) {
        long word = (value & 0xffL) * 0x0101_0101_0101_0101L;
        for (long i = 0; i < length; i += Long.BYTES) {
            writeLong(address + i, word);
        }
    }
}
