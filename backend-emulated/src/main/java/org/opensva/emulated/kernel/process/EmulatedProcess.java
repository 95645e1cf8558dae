package org.opensva.emulated.kernel.process;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Advice;
import org.opensva.api.process.DeviceMapping;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FileTable;
import org.opensva.api.process.MapFlag;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.RemapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.SvaTelemetry;
import org.opensva.emulated.kernel.mm.MemoryCalls;
import org.opensva.emulated.kernel.mm.ProcessAddressSpace;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/** A process of the emulated kernel. */
final class EmulatedProcess implements SvaProcess {

    private final long pid;
    private final String name;
    private final EmulatedKernel kernel;
    private final DescriptorTable files;
    private final ObjectCalls objects;
    private final AtomicBoolean reaped = new AtomicBoolean();
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile ProcessAddressSpace addressSpace;

    /** Set with the monitor held. */
    private volatile boolean dying;

    EmulatedProcess(
            long pid,
            String name,
            EmulatedKernel kernel,
            ProcessAddressSpace addressSpace,
            DescriptorTable files) {
        this.pid = pid;
        this.name = name;
        this.kernel = kernel;
        this.addressSpace = addressSpace;
        this.files = files;
        this.objects = new ObjectCalls(files, kernel.addressSpaces());
    }

    @Override
    public long pid() {
        return pid;
    }

    @Override
    public boolean isAlive() {
        return !dying;
    }

    @Override
    public int pageSize() {
        return kernel.pageSize();
    }

    @Override
    public AddressSpace addressSpace() {
        return alive("addressSpace");
    }

    @Override
    public FileTable files() {
        requireAlive("files");
        return files;
    }

    @Override
    public long mmap(MapRequest request) {
        return mmap(request, Set.of());
    }

    @Override
    public long mmap(MapRequest request, Set<MapFlag> flags) {
        MemoryCalls mm = alive("mmap").calls();
        if (request.fd() == MapRequest.ANONYMOUS) {
            return mm.mapAnonymous(request, flags);
        }
        long length = mm.checkedLength(request, flags);
        OpenFileDescription description = files.acquire("mmap", request.fd());
        boolean kept = false;
        try {
            if (description.file() instanceof MemoryObjectFile memory) {
                return mm.mapObject(request, flags, memory.object());
            }
            DeviceMapping mapping =
                    description.file().map(this, request.offset(), length, request.protection());
            // From here on the reference is given back by the end of the mapping.
            kept = true;
            return mm.mapDevice(request, flags, mapping, description::release);
        } finally {
            if (!kept) {
                description.release();
            }
        }
    }

    @Override
    public void munmap(long address, long length) {
        ProcessAddressSpace mm = alive("munmap");
        kernel.tracer()
                .range(
                        SvaTelemetry.SPAN_UNMAP,
                        pid,
                        mm.id(),
                        address,
                        length,
                        () -> mm.calls().unmap(address, length));
    }

    @Override
    public void mprotect(long address, long length, Protection protection) {
        ProcessAddressSpace mm = alive("mprotect");
        kernel.tracer()
                .range(
                        SvaTelemetry.SPAN_PROTECT,
                        pid,
                        mm.id(),
                        address,
                        length,
                        () -> mm.calls().protect(address, length, protection));
    }

    @Override
    public long mremap(long address, long oldLength, long newLength, boolean mayMove) {
        return mremap(new RemapRequest(address, oldLength, newLength, mayMove, false, 0, false));
    }

    @Override
    public long mremap(RemapRequest request) {
        ProcessAddressSpace mm = alive("mremap");
        return kernel.tracer()
                .range(
                        SvaTelemetry.SPAN_REMAP,
                        pid,
                        mm.id(),
                        request.address(),
                        request.oldLength(),
                        () -> mm.calls().remap(request));
    }

    @Override
    public void mlock(long address, long length, boolean onFault) {
        alive("mlock").calls().lock(address, length, onFault);
    }

    @Override
    public void munlock(long address, long length) {
        alive("munlock").calls().unlock(address, length);
    }

    @Override
    public void msync(long address, long length) {
        alive("msync").calls().sync(address, length);
    }

    @Override
    public void madvise(long address, long length, Advice advice) {
        ProcessAddressSpace mm = alive("madvise");
        kernel.tracer()
                .range(
                        SvaTelemetry.SPAN_ADVISE,
                        pid,
                        mm.id(),
                        address,
                        length,
                        () -> mm.calls().advise(address, length, advice));
    }

    @Override
    public int createSharedMemory(long size) {
        requireAlive("memfd_create");
        return objects.createSharedMemory(size);
    }

    @Override
    public int createFile(long size) {
        requireAlive("open");
        return objects.createFile(size);
    }

    @Override
    public void truncate(int fd, long size) {
        requireAlive("ftruncate");
        objects.truncate(fd, size);
    }

    @Override
    public void punchHole(int fd, long offset, long length) {
        requireAlive("fallocate");
        objects.punchHole(fd, offset, length);
    }

    @Override
    public void closeFile(int fd) {
        requireAlive("close");
        files.close(fd);
    }

    @Override
    public void load(long address, byte[] target, int offset, int length) {
        alive("load").load(address, target, offset, length);
    }

    @Override
    public void store(long address, byte[] source, int offset, int length) {
        alive("store").store(address, source, offset, length);
    }

    @Override
    public long loadLong(long address) {
        return alive("load").loadLong(address);
    }

    @Override
    public void storeLong(long address, long value) {
        alive("store").storeLong(address, value);
    }

    @Override
    public boolean enqueue(long portal, byte[] command) {
        return alive("enqueue").enqueue(portal, command);
    }

    @Override
    public SvaProcess fork() {
        ProcessAddressSpace mm = alive("fork");
        return kernel.tracer().call(SvaTelemetry.SPAN_FORK, pid, mm.id(), () -> fork(mm));
    }

    @Override
    public SvaProcess vfork() {
        ProcessAddressSpace mm = alive("vfork");
        return child(mm::share);
    }

    private SvaProcess fork(ProcessAddressSpace mm) {
        return child(mm::fork);
    }

    private SvaProcess child(Supplier<ProcessAddressSpace> memory) {
        DescriptorTable childFiles = files.fork();
        boolean done = false;
        try {
            SvaProcess child = kernel.start(name, memory, childFiles);
            done = true;
            return child;
        } finally {
            if (!done) {
                childFiles.end();
            }
        }
    }

    @Override
    public void exec() {
        ProcessAddressSpace old = alive("exec");
        ProcessAddressSpace fresh = kernel.addressSpaces().create();
        synchronized (this) {
            // Ends by whoever comes second: the exit finds the address space that is current.
            if (dying || addressSpace != old) {
                fresh.dropUser();
                throw new ErrnoException(Errno.ESRCH, "exec", "the process has ended");
            }
            addressSpace = fresh;
        }
        release(old);
        files.exec();
    }

    @Override
    public void exit(int status) {
        requireAlive("exit");
        if (status < 0 || status > 255) {
            throw new IllegalArgumentException("exit status " + status + " is not in 0..255");
        }
        terminate();
    }

    @Override
    public void kill(Signal signal) {
        requireAlive("kill");
        switch (signal) {
            case SIGKILL, SIGABRT, SIGTERM -> kernel.inBackground(this::terminate);
            // The process handles these two and goes on.
            case SIGSEGV, SIGBUS -> {}
        }
    }

    @Override
    public boolean awaitTermination(Duration timeout) {
        try {
            return ended.await(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ended.getCount() == 0;
        }
    }

    @Override
    public void close() {
        terminate();
        if (reaped.compareAndSet(false, true)) {
            kernel.reaped(this);
        }
    }

    /** The address space that is released at the end; null if somebody else ends the process. */
    private synchronized @Nullable ProcessAddressSpace beginEnd() {
        boolean first = !dying;
        dying = true;
        return first ? addressSpace : null;
    }

    /** Ends the process, or waits until it has ended: memory first, then files. */
    private void terminate() {
        ProcessAddressSpace last = beginEnd();
        if (last == null) {
            awaitEnd();
            return;
        }
        try {
            try {
                release(last);
            } finally {
                files.end();
            }
        } catch (RuntimeException e) {
            // The process is gone whatever its drivers say; whoever waits for it must not hang.
            kernel.failed("exit of process " + pid, e);
        } finally {
            ended.countDown();
        }
    }

    /** The address space that is current, also of a process that has ended. */
    ProcessAddressSpace memory() {
        return addressSpace;
    }

    /** How much memory its end gives back, in pages. */
    long badness() {
        return isAlive() ? addressSpace.badness() : 0;
    }

    /** Ends the process so that its memory is free when the call returns; its files follow. */
    void endForMemory() {
        ProcessAddressSpace last = beginEnd();
        if (last == null) {
            return;
        }
        try {
            release(last);
        } catch (RuntimeException e) {
            kernel.failed("out-of-memory kill of process " + pid, e);
        } finally {
            kernel.inBackground(() -> {
                try {
                    files.end();
                } catch (RuntimeException e) {
                    kernel.failed("exit of process " + pid, e);
                } finally {
                    ended.countDown();
                }
            });
        }
    }

    private void release(ProcessAddressSpace mm) {
        kernel.tracer()
                .call(
                        SvaTelemetry.SPAN_RELEASE,
                        pid,
                        mm.id(),
                        () -> {
                            mm.dropUser();
                            return true;
                        });
    }

    private void awaitEnd() {
        boolean interrupted = false;
        while (true) {
            try {
                ended.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    int openFiles() {
        return files.openCount();
    }

    private ProcessAddressSpace alive(String call) {
        requireAlive(call);
        return addressSpace;
    }

    private void requireAlive(String call) {
        if (dying) {
            throw new ErrnoException(
                    Errno.ESRCH, call, "process %d (%s) has ended".formatted(pid, name));
        }
    }

    @Override
    public String toString() {
        return "process %d (%s)".formatted(pid, name);
    }
}
