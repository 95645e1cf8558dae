package org.opensva.uacce.client;

import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Signal;
import org.opensva.uacce.client.ClientException.Reason;

/**
 * Memory of the process that jobs can work on, borrowed from a pool. Devices reach it by the same
 * addresses as the process; nothing is registered or pinned.
 *
 * <p>Close it to give it back; a secret one is overwritten with zeros first. Do not close it while
 * a job uses it: {@link ContextPool#submit(org.opensva.api.accelerator.Job, Runnable)} tells when
 * none does any more.
 *
 * <p><b>Threading.</b> One thread at a time.
 */
public final class Buffer implements AutoCloseable {

    private final BufferPool pool;
    private final long address;
    private final int sizeClass;
    private final boolean secret;
    private boolean closed;

    Buffer(BufferPool pool, long address, int sizeClass, boolean secret) {
        this.pool = pool;
        this.address = address;
        this.sizeClass = sizeClass;
        this.secret = secret;
    }

    /**
     * Where it is.
     *
     * @return a virtual address of the process, a multiple of the page size
     */
    public long address() {
        return address;
    }

    /**
     * How large it is.
     *
     * @return bytes, at least what was asked for
     */
    public long capacity() {
        return pool.capacity(sizeClass);
    }

    /**
     * Puts bytes in.
     *
     * @param position where, from 0
     * @param source where they come from
     * @param offset first index of the array
     * @param length how many
     * @throws ClientException if the process has ended or called exec, or has no memory left
     */
    public void store(long position, byte[] source, int offset, int length) {
        check(position, length);
        if (length > 0) {
            try {
                pool.process().store(address + position, source, offset, length);
            } catch (CpuFaultException e) {
                throw missing(e);
            }
        }
    }

    /**
     * Takes bytes out.
     *
     * @param position where, from 0
     * @param target where they go
     * @param offset first index of the array
     * @param length how many
     * @throws ClientException if the process has ended or called exec, or has no memory left
     */
    public void load(long position, byte[] target, int offset, int length) {
        check(position, length);
        if (length > 0) {
            try {
                pool.process().load(address + position, target, offset, length);
            } catch (CpuFaultException e) {
                throw missing(e);
            }
        }
    }

    /** The memory is mapped and anonymous: with SIGBUS the kernel had no page for it. */
    private static ClientException missing(CpuFaultException e) {
        Reason reason = e.signal() == Signal.SIGBUS ? Reason.NO_MEMORY : Reason.MEMORY_FAULT;
        return new ClientException(reason, "the process got " + e.getMessage(), e);
    }

    private void check(long position, int length) {
        if (closed) {
            throw new IllegalStateException("the buffer was given back");
        }
        if (position < 0 || length < 0 || position > capacity() - length) {
            throw new IndexOutOfBoundsException(
                    "%d bytes at %d of a buffer of %d".formatted(length, position, capacity()));
        }
        pool.check();
    }

    /** Gives it back. Closing again does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            pool.give(address, sizeClass, secret);
        }
    }
}
