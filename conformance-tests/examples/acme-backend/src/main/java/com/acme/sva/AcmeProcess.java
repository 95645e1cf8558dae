package com.acme.sva;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A process: an address space, open files, and a life. Each method is one system call, one load or
 * one store.
 *
 * <p>However it ends (exit, kill, close), it ends in one place, {@link #end}: memory first, so that
 * every device is silent and every job of the process dies, and files afterwards, which returns
 * queues and PASIDs.
 */
final class AcmeProcess implements SvaProcess {

    private final AcmeBackend backend;
    private final long pid;
    private final String name;
    private final AcmeFileTable files;
    private final Object lifecycle = new Object();
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile AcmeAddressSpace space;
    private volatile boolean alive = true;

    AcmeProcess(
            AcmeBackend backend,
            long pid,
            String name,
            AcmeAddressSpace space,
            AcmeFileTable files) {
        this.backend = backend;
        this.pid = pid;
        this.name = name;
        this.space = space;
        this.files = files;
    }

    @Override
    public long pid() {
        return pid;
    }

    @Override
    public boolean isAlive() {
        return alive;
    }

    @Override
    public int pageSize() {
        requireAlive();
        return Frame.SIZE;
    }

    @Override
    public AcmeAddressSpace addressSpace() {
        requireAlive();
        return space;
    }

    @Override
    public AcmeFileTable files() {
        requireAlive();
        return files;
    }

    /** The files of a process that may have ended: then the table is empty. */
    AcmeFileTable table() {
        return files;
    }

    /** The address space of a process that may have ended. */
    AcmeAddressSpace space() {
        return space;
    }

    private void requireAlive() {
        if (!alive) {
            throw new ErrnoException(Errno.ESRCH, toString(), "it has ended");
        }
    }

    // ---- mappings -------------------------------------------------------------------------------

    private Mappings mappings() {
        return new Mappings(addressSpace());
    }

    @Override
    public long mmap(MapRequest request) {
        requireAlive();
        if (request.fd() != MapRequest.ANONYMOUS) {
            return mappings().map(request, memoryObject("mmap", request.fd(), Errno.ENODEV));
        }
        if (!request.shared()) {
            return mappings().map(request, null);
        }
        // Shared anonymous memory is an object without a name: the mapping alone keeps it.
        MemoryObject object = new MemoryObject(space.frames, Long.MAX_VALUE);
        try {
            return mappings().map(request, object);
        } finally {
            object.release();
        }
    }

    @Override
    public void munmap(long address, long length) {
        mappings().unmap(address, length);
    }

    @Override
    public void mprotect(long address, long length, Protection protection) {
        mappings().protect(address, length, protection);
    }

    @Override
    public long mremap(long address, long oldLength, long newLength, boolean mayMove) {
        return mappings().remap(address, oldLength, newLength, mayMove);
    }

    @Override
    public void madvise(long address, long length, Advice advice) {
        mappings().advise(address, length, advice);
    }

    // ---- files ----------------------------------------------------------------------------------

    @Override
    public int createSharedMemory(long size) {
        requireAlive();
        requireSize("createSharedMemory", size);
        return files.install(new MemoryObject(space.frames, size), false);
    }

    @Override
    public void truncate(int fd, long size) {
        requireAlive();
        MemoryObject object = memoryObject("truncate", fd, Errno.EINVAL);
        requireSize("truncate", size);
        object.resize(size);
    }

    private static void requireSize(String call, long size) {
        if (size < 0 || size > Long.MAX_VALUE - Frame.SIZE) {
            throw new ErrnoException(Errno.EINVAL, call, "the size makes no sense");
        }
    }

    private MemoryObject memoryObject(String call, int fd, Errno otherFile) {
        return switch (files.get(fd).orElse(null)) {
            case MemoryObject object -> object;
            case null -> throw new ErrnoException(Errno.EBADF, call, fd + " is not open");
            default -> throw new ErrnoException(otherFile, call, fd + " is not a memory object");
        };
    }

    @Override
    public void closeFile(int fd) {
        requireAlive();
        files.close(fd);
    }

    // ---- loads and stores -----------------------------------------------------------------------

    @Override
    public void load(long address, byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        addressSpace()
                .access(
                        address,
                        length,
                        Access.READ,
                        (frame, at, done, count) -> frame.load(at, target, offset + done, count));
    }

    @Override
    public void store(long address, byte[] source, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, source.length);
        addressSpace()
                .access(
                        address,
                        length,
                        Access.WRITE,
                        (frame, at, done, count) -> frame.store(at, source, offset + done, count));
    }

    @Override
    public long loadLong(long address) {
        requireAligned(address);
        long[] value = new long[1];
        addressSpace()
                .access(
                        address,
                        Long.BYTES,
                        Access.READ,
                        (frame, at, done, count) -> value[0] = frame.loadLong(at));
        return value[0];
    }

    @Override
    public void storeLong(long address, long value) {
        requireAligned(address);
        addressSpace()
                .access(
                        address,
                        Long.BYTES,
                        Access.WRITE,
                        (frame, at, done, count) -> frame.storeLong(at, value));
    }

    private static void requireAligned(long address) {
        if (address % Long.BYTES != 0) {
            throw new CpuFaultException(Signal.SIGBUS, address);
        }
    }

    // ---- life -----------------------------------------------------------------------------------

    @Override
    public SvaProcess fork() {
        synchronized (lifecycle) {
            requireAlive();
            AcmeAddressSpace copy = backend.newAddressSpace();
            space.forkInto(copy);
            return backend.admit(name + "'s child", copy, files.fork());
        }
    }

    /** The old address space is silent before the new program begins; its queues are dead. */
    @Override
    public void exec() {
        synchronized (lifecycle) {
            requireAlive();
            AcmeAddressSpace old = space;
            space = backend.newAddressSpace();
            old.tearDown();
            files.closeOnExec();
        }
    }

    @Override
    public void exit(int status) {
        if (status < 0 || status > 255) {
            throw new IllegalArgumentException("an exit status is 0 to 255, not " + status);
        }
        if (!end()) {
            requireAlive();
        }
    }

    @Override
    public void kill(Signal signal) {
        requireAlive();
        switch (signal) {
            case SIGKILL, SIGABRT, SIGTERM -> end();
            case SIGBUS, SIGSEGV -> {
                // The process handles these and goes on, as it does after a fault of its own.
            }
        }
    }

    private boolean end() {
        synchronized (lifecycle) {
            if (!alive) {
                return false;
            }
            alive = false;
            try {
                space.tearDown();
                files.closeAll();
            } finally {
                backend.forget(this);
                ended.countDown();
            }
            return true;
        }
    }

    @Override
    public boolean awaitTermination(Duration timeout) {
        try {
            return ended.await(TimeUnit.NANOSECONDS.convert(timeout), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return !alive;
        }
    }

    @Override
    public void close() {
        end();
    }

    /** Narrows what the interface calls a process to one of this platform. */
    static AcmeProcess of(@Nullable SvaProcess process) {
        if (process instanceof AcmeProcess own) {
            return own;
        }
        throw new IllegalArgumentException("not a process of this backend: " + process);
    }

    @Override
    public String toString() {
        return name + "(" + pid + ")";
    }
}
