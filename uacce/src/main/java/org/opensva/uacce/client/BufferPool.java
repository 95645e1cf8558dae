package org.opensva.uacce.client;

import org.jspecify.annotations.Nullable;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.uacce.client.ClientException.Reason;

import java.util.Arrays;

/**
 * Memory of one address space in sizes that are powers of two, mapped once and used again and
 * again: pages that are present and translations that are cached stay so. Children do not get it.
 */
final class BufferPool {

    private static final byte[] ZEROS = new byte[1 << 16];

    private final SvaProcess process;
    private final long addressSpace;
    private final long limit;
    private final int pageShift;
    private final Shelf[] shelves;
    private long mapped;
    private boolean closed;

    /** The idle buffers of one size; a stack, because the last one used is the warmest. */
    private static final class Shelf {
        private long[] idle = new long[8];
        private int count;

        void push(long address) {
            if (count == idle.length) {
                idle = Arrays.copyOf(idle, 2 * count);
            }
            idle[count++] = address;
        }
    }

    BufferPool(SvaProcess process, long limit) {
        this.process = process;
        this.limit = limit;
        addressSpace = process.addressSpace().id();
        pageShift = Integer.numberOfTrailingZeros(process.pageSize());
        shelves = new Shelf[Long.SIZE - 1 - pageShift];
        Arrays.setAll(shelves, i -> new Shelf());
    }

    SvaProcess process() {
        return process;
    }

    long capacity(int sizeClass) {
        return 1L << (sizeClass + pageShift);
    }

    /** Refuses where a store would reach memory that is not this pool's. */
    void check() {
        if (!process.isAlive()) {
            throw new ClientException(Reason.PROCESS_ENDED, "the process has ended", null);
        }
        if (!isHere()) {
            throw new ClientException(
                    Reason.EXECED, "the buffers went away when the process called exec", null);
        }
    }

    private boolean isHere() {
        try {
            return process.isAlive() && process.addressSpace().id() == addressSpace;
        } catch (ErrnoException e) {
            return false;
        }
    }

    Buffer take(long size, boolean secret) {
        if (size < 0) {
            throw new IllegalArgumentException("a buffer of " + size + " bytes");
        }
        check();
        int sizeClass =
                Math.max(
                        0,
                        Long.SIZE - Long.numberOfLeadingZeros(Math.max(1, size) - 1) - pageShift);
        if (sizeClass >= shelves.length) {
            throw exhausted(size, null);
        }
        return new Buffer(this, address(sizeClass), sizeClass, secret);
    }

    private synchronized long address(int sizeClass) {
        if (closed) {
            throw new ClientException(Reason.CLOSED, "the pool is closed", null);
        }
        Shelf shelf = shelves[sizeClass];
        if (shelf.count > 0) {
            return shelf.idle[--shelf.count];
        }
        long size = capacity(sizeClass);
        if (size > limit - mapped) {
            dropIdle(size);
        }
        if (size > limit - mapped) {
            throw exhausted(size, null);
        }
        try {
            long address = process.mmap(MapRequest.anonymous(size));
            mapped += size;
            keepFromChildren(address, size);
            return address;
        } catch (ErrnoException e) {
            throw exhausted(size, e);
        }
    }

    private ClientException exhausted(long size, @Nullable ErrnoException cause) {
        String why = cause == null ? "the limit is " + limit : String.valueOf(cause.getMessage());
        return new ClientException(
                Reason.NO_MEMORY, "no buffer of %d bytes: %s".formatted(size, why), cause);
    }

    /**
     * After a fork the parent's buffers would be copy-on-write, and what they hold would lie in the
     * child, secrets too.
     */
    private void keepFromChildren(long address, long size) {
        try {
            process.madvise(address, size, Advice.DONTFORK);
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EINVAL
                    && e.errno() != Errno.EOPNOTSUPP
                    && e.errno() != Errno.ENOSYS) {
                unmap(address, size);
                throw e;
            }
        }
    }

    /** Gives idle buffers of other sizes back to the process, the largest first. */
    private void dropIdle(long wanted) {
        for (int i = shelves.length - 1; i >= 0 && wanted > limit - mapped; i--) {
            Shelf shelf = shelves[i];
            while (shelf.count > 0 && wanted > limit - mapped) {
                unmap(shelf.idle[--shelf.count], capacity(i));
            }
        }
    }

    private void unmap(long address, long size) {
        mapped -= size;
        try {
            process.munmap(address, size);
        } catch (ErrnoException e) {
            // The process has ended meanwhile, and its memory with it.
            return;
        }
    }

    void give(long address, int sizeClass, boolean secret) {
        if (secret && isHere()) {
            wipe(address, capacity(sizeClass));
        }
        synchronized (this) {
            if (!closed) {
                shelves[sizeClass].push(address);
            } else if (isHere()) {
                unmap(address, capacity(sizeClass));
            }
        }
    }

    private void wipe(long address, long size) {
        try {
            for (long done = 0; done < size; done += ZEROS.length) {
                process.store(address + done, ZEROS, 0, (int) Math.min(ZEROS.length, size - done));
            }
        } catch (CpuFaultException | ErrnoException e) {
            // The memory has gone meanwhile, and the secret with it.
            return;
        }
    }

    /** How many bytes of the process's memory are taken. */
    synchronized long mapped() {
        return mapped;
    }

    /** Gives the idle buffers back; those still lent out follow when they are closed. */
    synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (isHere()) {
            for (int i = 0; i < shelves.length; i++) {
                while (shelves[i].count > 0) {
                    unmap(shelves[i].idle[--shelves[i].count], capacity(i));
                }
            }
        }
    }
}
