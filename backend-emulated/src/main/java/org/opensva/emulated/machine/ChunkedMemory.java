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
 * Sparse physical memory: one contiguous bank of RAM, held as page-sized {@code long[]} chunks that
 * come into being when they are first written.
 *
 * <p>A page that was never written reads as zero and costs nothing. Bytes are little-endian within
 * each long. Words at the edges of a bulk transfer are merged by compare-and-set, so that a
 * neighbouring byte written at the same time by another master is never lost.
 *
 * <p><b>Threading.</b> See {@link PhysicalMemory}. Chunks are published by plain writes: the Java
 * memory model makes the default zeroes of an array visible to every thread that sees the array.
 */
public final class ChunkedMemory implements PhysicalMemory {

    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle PAGES = MethodHandles.arrayElementVarHandle(long[][].class);
    private static final VarHandle BANKS = MethodHandles.arrayElementVarHandle(long[][][].class);
    private static final VarHandle BYTES =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int PAGE_SHIFT = 12;
    private static final int PAGE_BYTES = 1 << PAGE_SHIFT;
    private static final int PAGE_MASK = PAGE_BYTES - 1;
    private static final int BANK_SHIFT = 24;
    private static final int BANK_PAGES = 1 << (BANK_SHIFT - PAGE_SHIFT);

    private static final int MIN_NEAR = 1 << 6;

    /** As many pages as are held a second time: 4 GiB, for 4 MiB if all of that is used. */
    private static final int MAX_NEAR = 1 << 20;

    private final long base;
    private final long size;
    private final long[] @Nullable [] @Nullable [] banks;

    /** Pages of low addresses that have been asked for: one load instead of two. */
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
     * How many pages of 4096 bytes have been written and so cost memory of the host.
     *
     * @return the number of pages
     */
    public long touchedPages() {
        return touched.sum();
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
        long[] page = pageOrNull(offset);
        return page == null ? 0 : (long) LONGS.getAcquire(page, index(offset));
    }

    @Override
    public void writeLong(long address, long value) {
        long offset = aligned(address, 8);
        LONGS.setRelease(page(offset), index(offset), value);
    }

    @Override
    public boolean compareAndSetLong(long address, long expected, long replacement) {
        long offset = aligned(address, 8);
        return LONGS.compareAndSet(page(offset), index(offset), expected, replacement);
    }

    @Override
    public int readInt(long address) {
        long offset = aligned(address, 4);
        long[] page = pageOrNull(offset);
        if (page == null) {
            return 0;
        }
        long word = (long) LONGS.getAcquire(page, index(offset));
        return (int) (word >>> ((offset & 4) << 3));
    }

    @Override
    public void writeInt(long address, int value) {
        long offset = aligned(address, 4);
        int shift = (int) ((offset & 4) << 3);
        merge(page(offset), index(offset), 0xffff_ffffL << shift, (value & 0xffff_ffffL) << shift);
    }

    @Override
    public void read(long address, byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        long from = address - base;
        if (length == Long.BYTES && (from & 7) == 0) {
            // A descriptor, a doorbell, a completion: one ordered load.
            long[] page = nearOrNull(from);
            if (page == null) {
                page = pageOrNull(checked(address, length));
            }
            BYTES.set(
                    target, offset, page == null ? 0 : (long) LONGS.getAcquire(page, index(from)));
            return;
        }
        readPages(checked(address, length), target, offset, length);
    }

    /** Apart from {@link #read}, which stays small enough to be expanded where it is called. */
    private void readPages(long first, byte[] target, int offset, int length) {
        // Keeps the loads below from moving up past an ordered load of the caller.
        VarHandle.acquireFence();
        long from = first;
        int at = offset;
        int left = length;
        while (left > 0) {
            int n = Math.min(left, PAGE_BYTES - (int) (from & PAGE_MASK));
            long[] page = pageOrNull(from);
            if (page == null) {
                Arrays.fill(target, at, at + n, (byte) 0);
            } else {
                copyOut(page, (int) (from & PAGE_MASK), target, at, n);
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
            long[] page = nearOrNull(to);
            if (page == null) {
                page = page(checked(address, length));
            }
            LONGS.setRelease(page, index(to), (long) BYTES.get(source, offset));
            return;
        }
        writePages(checked(address, length), source, offset, length);
    }

    private void writePages(long first, byte[] source, int offset, int length) {
        long to = first;
        int at = offset;
        int left = length;
        while (left > 0) {
            int n = Math.min(left, PAGE_BYTES - (int) (to & PAGE_MASK));
            copyIn(page(to), (int) (to & PAGE_MASK), source, at, n);
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
            int n = (int) Math.min(left, PAGE_BYTES - (to & PAGE_MASK));
            // A page that does not exist is zero already.
            long[] page = value == 0 ? pageOrNull(to) : page(to);
            if (page != null) {
                fillIn(page, (int) (to & PAGE_MASK), n, pattern);
            }
            to += n;
            left -= n;
        }
        VarHandle.releaseFence();
    }

    /**
     * Whether anything was ever written to the 4 KiB around an address; if not, they read as zero
     * and cost nothing.
     *
     * @param address an address in memory
     * @return true if there is storage behind it
     */
    public boolean isTouched(long address) {
        return pageOrNull(checked(address, 1)) != null;
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
        return (int) (offset & PAGE_MASK) >>> 3;
    }

    private long @Nullable [] @Nullable [] bankOrNull(long offset) {
        int index = (int) (offset >>> BANK_SHIFT);
        long @Nullable [] @Nullable [] bank = banks[index];
        // A plain read may be stale; null must be confirmed before it counts.
        return bank != null ? bank : (long[][]) BANKS.getVolatile(banks, index);
    }

    private long @Nullable [] pageOrNull(long offset) {
        long @Nullable [] page = nearOrNull(offset);
        return page != null ? page : find(offset);
    }

    /** The page at an offset that may be outside of memory, if it is there and near. */
    private long @Nullable [] nearOrNull(long offset) {
        long[] @Nullable [] held = near;
        long number = offset >>> PAGE_SHIFT;
        return number < held.length ? held[(int) number] : null;
    }

    /** Finds a page in its bank, and has it found at once from now on. */
    private long @Nullable [] find(long offset) {
        long @Nullable [] page = inBank(offset);
        if (page != null && offset >>> PAGE_SHIFT < MAX_NEAR) {
            keepNear((int) (offset >>> PAGE_SHIFT), page);
        }
        return page;
    }

    /** A page that is there stays, so that a note of it that is lost costs the next one to ask. */
    private synchronized void keepNear(int number, long[] page) {
        if (number >= near.length) {
            near = Arrays.copyOf(near, Integer.highestOneBit(number) << 1);
        }
        near[number] = page;
    }

    private long @Nullable [] inBank(long offset) {
        long @Nullable [] @Nullable [] bank = bankOrNull(offset);
        if (bank == null) {
            return null;
        }
        int index = (int) (offset >>> PAGE_SHIFT) & (BANK_PAGES - 1);
        long @Nullable [] page = bank[index];
        return page != null ? page : (long[]) PAGES.getVolatile(bank, index);
    }

    private long[] page(long offset) {
        long[] page = pageOrNull(offset);
        return page != null ? page : materialise(offset);
    }

    private long[] materialise(long offset) {
        long @Nullable [] @Nullable [] bank = bankOrNull(offset);
        if (bank == null) {
            int index = (int) (offset >>> BANK_SHIFT);
            long[][] fresh = new long[BANK_PAGES][];
            long[][] witness = (long[][]) BANKS.compareAndExchange(banks, index, null, fresh);
            bank = witness != null ? witness : fresh;
        }
        int index = (int) (offset >>> PAGE_SHIFT) & (BANK_PAGES - 1);
        long[] fresh = new long[PAGE_BYTES >>> 3];
        long[] witness = (long[]) PAGES.compareAndExchange(bank, index, null, fresh);
        if (witness != null) {
            return witness;
        }
        touched.increment();
        return fresh;
    }

    private static void copyOut(long[] page, int from, byte[] target, int offset, int length) {
        int word = from >>> 3;
        int to = offset;
        int left = length;
        int skew = from & 7;
        if (skew != 0) {
            int n = Math.min(8 - skew, left);
            takeBytes(page[word++] >>> (skew << 3), target, to, n);
            to += n;
            left -= n;
        }
        // Counted loops like this one are what the JIT compiler turns into vector moves.
        int words = left >>> 3;
        for (int i = 0; i < words; i++) {
            BYTES.set(target, to + (i << 3), page[word + i]);
        }
        int done = words << 3;
        if (left > done) {
            takeBytes(page[word + words], target, to + done, left - done);
        }
    }

    private static void takeBytes(long bytes, byte[] target, int offset, int count) {
        for (int i = 0; i < count; i++) {
            target[offset + i] = (byte) (bytes >>> (i << 3));
        }
    }

    private static void copyIn(long[] page, int to, byte[] source, int offset, int length) {
        int word = to >>> 3;
        int from = offset;
        int left = length;
        int skew = to & 7;
        if (skew != 0) {
            int n = Math.min(8 - skew, left);
            mergeBytes(page, word++, skew, source, from, n);
            from += n;
            left -= n;
        }
        int words = left >>> 3;
        for (int i = 0; i < words; i++) {
            page[word + i] = (long) BYTES.get(source, from + (i << 3));
        }
        int done = words << 3;
        if (left > done) {
            mergeBytes(page, word + words, 0, source, from + done, left - done);
        }
    }

    private static void fillIn(long[] page, int to, int length, long pattern) {
        int word = to >>> 3;
        int left = length;
        int skew = to & 7;
        if (skew != 0) {
            int n = Math.min(8 - skew, left);
            long mask = bytesMask(skew, n);
            merge(page, word++, mask, pattern & mask);
            left -= n;
        }
        int words = left >>> 3;
        Arrays.fill(page, word, word + words, pattern);
        left &= 7;
        if (left > 0) {
            long mask = bytesMask(0, left);
            merge(page, word + words, mask, pattern & mask);
        }
    }

    private static void mergeBytes(
            long[] page, int word, int skew, byte[] source, int offset, int count) {
        long value = 0;
        for (int i = 0; i < count; i++) {
            value |= (source[offset + i] & 0xffL) << ((skew + i) << 3);
        }
        merge(page, word, bytesMask(skew, count), value);
    }

    private static long bytesMask(int skew, int count) {
        return -1L >>> (64 - (count << 3)) << (skew << 3);
    }

    private static void merge(long[] page, int word, long mask, long value) {
        long old = (long) LONGS.getVolatile(page, word);
        while (true) {
            long witness = (long) LONGS.compareAndExchange(page, word, old, (old & ~mask) | value);
            if (witness == old) {
                return;
            }
            old = witness;
        }
    }
}
