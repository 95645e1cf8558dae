package org.opensva.emulated.machine;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/**
 * Sparse physical memory: one contiguous bank of RAM, held as {@code long[]} chunks of 64 KiB that
 * come into being when they are first written. A copy of many pages that lie one behind the other
 * so has few arrays to find and to begin with, and a table of a thousand pages' arrays is small.
 *
 * <p>A chunk that was never written reads as zero and costs nothing. Bytes are little-endian within
 * each long. Words at the edges of a bulk transfer are merged by compare-and-set, so that a
 * neighbouring byte written at the same time by another master is never lost.
 *
 * <p><b>Threading.</b> See {@link PhysicalMemory}. Chunks are published by plain writes: the Java
 * memory model makes the default zeroes of an array visible to every thread that sees the array.
 */
public final class ChunkedMemory implements PhysicalMemory {

    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle CHUNKS = MethodHandles.arrayElementVarHandle(long[][].class);
    private static final VarHandle BANKS = MethodHandles.arrayElementVarHandle(long[][][].class);
    private static final VarHandle BYTES =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int PAGE_MASK = (1 << 12) - 1;
    private static final int CHUNK_SHIFT = 16;
    private static final int CHUNK_BYTES = 1 << CHUNK_SHIFT;
    private static final int CHUNK_MASK = CHUNK_BYTES - 1;
    private static final int BANK_SHIFT = 28;
    private static final int BANK_CHUNKS = 1 << (BANK_SHIFT - CHUNK_SHIFT);

    private static final int MIN_NEAR = 1 << 6;

    /** As many chunks as are held a second time: 64 GiB, for 4 MiB if all of that is used. */
    private static final int MAX_NEAR = 1 << 20;

    private final long base;
    private final long size;
    private final long[] @Nullable [] @Nullable [] banks;

    /** Whole chunks of low addresses that have been asked for: one load instead of two. */
    private long[] @Nullable [] near = new long[MIN_NEAR][];

    private final LongAdder touched = new LongAdder();

    /**
     * Creates a bank of RAM.
     *
     * @param base first physical address, a multiple of 4096
     * @param size number of bytes, a multiple of 4096, more than 0 and at most 2<sup>47</sup>
     * @throws IllegalArgumentException if a value is out of range
     */
    public ChunkedMemory(long base, long size) {
        if ((base & PAGE_MASK) != 0 || base < 0) {
            throw new IllegalArgumentException("memory cannot begin at 0x%x".formatted(base));
        }
        if (size <= 0 || (size & PAGE_MASK) != 0 || size > 1L << 47) {
            throw new IllegalArgumentException(
                    "memory size %d is not a multiple of 4096 up to 2^47".formatted(size));
        }
        this.base = base;
        this.size = size;
        this.banks = new long[(int) ((size + (1L << BANK_SHIFT) - 1) >>> BANK_SHIFT)][][];
    }

    /**
     * Where RAM begins.
     *
     * @return the first physical address
     */
    public long base() {
        return base;
    }

    /**
     * How much RAM there is.
     *
     * @return the number of bytes
     */
    public long size() {
        return size;
    }

    /**
     * How much of the memory is in chunks that have been written, and so costs memory of the host.
     *
     * @return the number of bytes
     */
    public long touchedBytes() {
        return touched.sum() << CHUNK_SHIFT;
    }

    @Override
    public boolean contains(long address, long length) {
        if (length <= 0) {
            return length == 0;
        }
        return holds(address - base, length);
    }

    private boolean holds(long offset, long length) {
        return offset >= 0 && offset < size && length <= size - offset;
    }

    @Override
    public long readLong(long address) {
        long offset = aligned(address, 8);
        long[] chunk = chunkOrNull(offset);
        return chunk == null ? 0 : (long) LONGS.getAcquire(chunk, index(offset));
    }

    @Override
    public void writeLong(long address, long value) {
        long offset = aligned(address, 8);
        LONGS.setRelease(chunk(offset), index(offset), value);
    }

    @Override
    public boolean compareAndSetLong(long address, long expected, long replacement) {
        long offset = aligned(address, 8);
        return LONGS.compareAndSet(chunk(offset), index(offset), expected, replacement);
    }

    @Override
    public int readInt(long address) {
        long offset = aligned(address, 4);
        long[] chunk = chunkOrNull(offset);
        if (chunk == null) {
            return 0;
        }
        long word = (long) LONGS.getAcquire(chunk, index(offset));
        return (int) (word >>> ((offset & 4) << 3));
    }

    @Override
    public void writeInt(long address, int value) {
        long offset = aligned(address, 4);
        int shift = (int) ((offset & 4) << 3);
        merge(chunk(offset), index(offset), 0xffff_ffffL << shift, (value & 0xffff_ffffL) << shift);
    }

    @Override
    public void read(long address, byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        long from = address - base;
        if (length == Long.BYTES && (from & 7) == 0) {
            // A descriptor, a doorbell, a completion: one ordered load.
            long[] chunk = nearOrNull(from);
            if (chunk == null) {
                chunk = chunkOrNull(checked(address, length));
            }
            BYTES.set(
                    target,
                    offset,
                    chunk == null ? 0 : (long) LONGS.getAcquire(chunk, index(from)));
            return;
        }
        readChunks(checked(address, length), target, offset, length);
    }

    /** Apart from {@link #read}, which stays small enough to be expanded where it is called. */
    private void readChunks(long first, byte[] target, int offset, int length) {
        // Keeps the loads below from moving up past an ordered load of the caller.
        VarHandle.acquireFence();
        long from = first;
        int at = offset;
        int left = length;
        while (left > 0) {
            int n = Math.min(left, CHUNK_BYTES - (int) (from & CHUNK_MASK));
            long[] chunk = chunkOrNull(from);
            if (chunk == null) {
                Arrays.fill(target, at, at + n, (byte) 0);
            } else {
                copyOut(chunk, (int) (from & CHUNK_MASK), target, at, n);
            }
            from += n;
            at += n;
            left -= n;
        }
    }

    @Override
    public void write(long address, byte[] source, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, source.length);
        long to = address - base;
        if (length == Long.BYTES && (to & 7) == 0) {
            long[] chunk = nearOrNull(to);
            if (chunk == null) {
                chunk = chunk(checked(address, length));
            }
            LONGS.setRelease(chunk, index(to), (long) BYTES.get(source, offset));
            return;
        }
        writeChunks(checked(address, length), source, offset, length);
    }

    private void writeChunks(long first, byte[] source, int offset, int length) {
        long to = first;
        int at = offset;
        int left = length;
        while (left > 0) {
            int n = Math.min(left, CHUNK_BYTES - (int) (to & CHUNK_MASK));
            copyIn(chunk(to), (int) (to & CHUNK_MASK), source, at, n);
            to += n;
            at += n;
            left -= n;
        }
        VarHandle.releaseFence();
    }

    @Override
    public void fill(long address, long length, byte value) {
        long to = checked(address, length);
        long pattern = (value & 0xffL) * 0x0101_0101_0101_0101L;
        long left = length;
        while (left > 0) {
            if (value == 0
                    && (to & ((1L << BANK_SHIFT) - 1)) == 0
                    && left >= 1L << BANK_SHIFT
                    && bankOrNull(to) == null) {
                to += 1L << BANK_SHIFT;
                left -= 1L << BANK_SHIFT;
                continue;
            }
            int n = (int) Math.min(left, CHUNK_BYTES - (to & CHUNK_MASK));
            // A chunk that does not exist is zero already.
            long[] chunk = value == 0 ? chunkOrNull(to) : chunk(to);
            if (chunk != null) {
                fillIn(chunk, (int) (to & CHUNK_MASK), n, pattern);
            }
            to += n;
            left -= n;
        }
        VarHandle.releaseFence();
    }

    /**
     * Whether anything was ever written to the 64 KiB around an address; if not, they read as zero
     * and cost nothing.
     *
     * @param address an address in memory
     * @return true if there is storage behind it
     */
    public boolean isTouched(long address) {
        return chunkOrNull(checked(address, 1)) != null;
    }

    private long aligned(long address, int width) {
        if ((address & (width - 1)) != 0) {
            throw new IllegalArgumentException(
                    "address 0x%x is not a multiple of %d".formatted(address, width));
        }
        return checked(address, width);
    }

    private long checked(long address, long length) {
        if (length < 0) {
            throw new IndexOutOfBoundsException("length " + length + " is negative");
        }
        if (!contains(address, length)) {
            throw BusErrorException.instance();
        }
        return address - base;
    }

    private static int index(long offset) {
        return (int) (offset & CHUNK_MASK) >>> 3;
    }

    private long @Nullable [] @Nullable [] bankOrNull(long offset) {
        int index = (int) (offset >>> BANK_SHIFT);
        long @Nullable [] @Nullable [] bank = banks[index];
        // A plain read may be stale; null must be confirmed before it counts.
        return bank != null ? bank : (long[][]) BANKS.getVolatile(banks, index);
    }

    private long @Nullable [] chunkOrNull(long offset) {
        long @Nullable [] chunk = nearOrNull(offset);
        return chunk != null ? chunk : find(offset);
    }

    /** The chunk at an offset that may be outside of memory, if it is there and near. */
    private long @Nullable [] nearOrNull(long offset) {
        long[] @Nullable [] held = near;
        long number = offset >>> CHUNK_SHIFT;
        return number < held.length ? held[(int) number] : null;
    }

    /** Finds a chunk in its bank, and has it found at once from now on. */
    private long @Nullable [] find(long offset) {
        long @Nullable [] chunk = inBank(offset);
        long number = offset >>> CHUNK_SHIFT;
        // What is found near is not asked whether it exists: all of the chunk has to.
        if (chunk != null && number < MAX_NEAR && number + 1 <= size >>> CHUNK_SHIFT) {
            keepNear((int) number, chunk);
        }
        return chunk;
    }

    /** A chunk that is there stays, so that a note of it that is lost costs the next one to ask. */
    private synchronized void keepNear(int number, long[] chunk) {
        if (number >= near.length) {
            near = Arrays.copyOf(near, Integer.highestOneBit(number) << 1);
        }
        near[number] = chunk;
    }

    private long @Nullable [] inBank(long offset) {
        long @Nullable [] @Nullable [] bank = bankOrNull(offset);
        if (bank == null) {
            return null;
        }
        int index = (int) (offset >>> CHUNK_SHIFT) & (BANK_CHUNKS - 1);
        long @Nullable [] chunk = bank[index];
        return chunk != null ? chunk : (long[]) CHUNKS.getVolatile(bank, index);
    }

    private long[] chunk(long offset) {
        long[] chunk = chunkOrNull(offset);
        return chunk != null ? chunk : materialise(offset);
    }

    private long[] materialise(long offset) {
        long @Nullable [] @Nullable [] bank = bankOrNull(offset);
        if (bank == null) {
            int index = (int) (offset >>> BANK_SHIFT);
            long[][] fresh = new long[BANK_CHUNKS][];
            long[][] witness = (long[][]) BANKS.compareAndExchange(banks, index, null, fresh);
            bank = witness != null ? witness : fresh;
        }
        int index = (int) (offset >>> CHUNK_SHIFT) & (BANK_CHUNKS - 1);
        long[] fresh = new long[CHUNK_BYTES >>> 3];
        long[] witness = (long[]) CHUNKS.compareAndExchange(bank, index, null, fresh);
        if (witness != null) {
            return witness;
        }
        touched.increment();
        return fresh;
    }

    private static void copyOut(long[] chunk, int from, byte[] target, int offset, int length) {
        int word = from >>> 3;
        int to = offset;
        int left = length;
        int skew = from & 7;
        if (skew != 0) {
            int n = Math.min(8 - skew, left);
            takeBytes(chunk[word++] >>> (skew << 3), target, to, n);
            to += n;
            left -= n;
        }
        // Counted loops like this one are what the JIT compiler turns into vector moves.
        int words = left >>> 3;
        for (int i = 0; i < words; i++) {
            BYTES.set(target, to + (i << 3), chunk[word + i]);
        }
        int done = words << 3;
        if (left > done) {
            takeBytes(chunk[word + words], target, to + done, left - done);
        }
    }

    private static void takeBytes(long bytes, byte[] target, int offset, int count) {
        for (int i = 0; i < count; i++) {
            target[offset + i] = (byte) (bytes >>> (i << 3));
        }
    }

    private static void copyIn(long[] chunk, int to, byte[] source, int offset, int length) {
        int word = to >>> 3;
        int from = offset;
        int left = length;
        int skew = to & 7;
        if (skew != 0) {
            int n = Math.min(8 - skew, left);
            mergeBytes(chunk, word++, skew, source, from, n);
            from += n;
            left -= n;
        }
        int words = left >>> 3;
        for (int i = 0; i < words; i++) {
            chunk[word + i] = (long) BYTES.get(source, from + (i << 3));
        }
        int done = words << 3;
        if (left > done) {
            mergeBytes(chunk, word + words, 0, source, from + done, left - done);
        }
    }

    private static void fillIn(long[] chunk, int to, int length, long pattern) {
        int word = to >>> 3;
        int left = length;
        int skew = to & 7;
        if (skew != 0) {
            int n = Math.min(8 - skew, left);
            long mask = bytesMask(skew, n);
            merge(chunk, word++, mask, pattern & mask);
            left -= n;
        }
        int words = left >>> 3;
        Arrays.fill(chunk, word, word + words, pattern);
        left &= 7;
        if (left > 0) {
            long mask = bytesMask(0, left);
            merge(chunk, word + words, mask, pattern & mask);
        }
    }

    private static void mergeBytes(
            long[] chunk, int word, int skew, byte[] source, int offset, int count) {
        long value = 0;
        for (int i = 0; i < count; i++) {
            value |= (source[offset + i] & 0xffL) << ((skew + i) << 3);
        }
        merge(chunk, word, bytesMask(skew, count), value);
    }

    private static long bytesMask(int skew, int count) {
        return -1L >>> (64 - (count << 3)) << (skew << 3);
    }

    private static void merge(long[] chunk, int word, long mask, long value) {
        long old = (long) LONGS.getVolatile(chunk, word);
        while (true) {
            long witness = (long) LONGS.compareAndExchange(chunk, word, old, (old & ~mask) | value);
            if (witness == old) {
                return;
            }
            old = witness;
        }
    }
}
