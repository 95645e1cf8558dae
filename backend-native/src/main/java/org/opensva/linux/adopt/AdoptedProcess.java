package org.opensva.linux.adopt;

import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FileTable;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.abi.Waiting;
import org.opensva.linux.mm.EventPump;
import org.opensva.linux.mm.HostAddressSpace;
import org.opensva.linux.mm.HostMemory;
import org.opensva.linux.mm.MemoryHandles;
import org.opensva.linux.mm.MemoryOwner;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * A process that has handed itself over. It does what it wants; devices follow.
 *
 * <p>It is over when its memory is: at exec and at the end, whichever comes first. Its connection
 * says so, which is closed by both, and its pidfd; where a child keeps a copy of the connection
 * open, the next access of a device finds out.
 *
 * <p>Its events are waited for by a thread of their own, so that a process that misbehaves delays
 * nobody else.
 */
final class AdoptedProcess implements SvaProcess, MemoryOwner {

    private static final Duration END_LIMIT = Duration.ofSeconds(60);

    private final SystemCalls kernel;
    private final HandedOver protocol;
    private final String name;
    private final long pid;
    private final int pageSize;
    private final Descriptor pidfd;
    private final Descriptor connection;
    private final MemoryHandles handles;
    private final EventPump pump;
    private final AdoptedFiles files = new AdoptedFiles();
    private final AtomicBoolean ending = new AtomicBoolean();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicBoolean opened = new AtomicBoolean();
    private final HostAddressSpace addressSpace;
    private final Background background;
    private final Consumer<AdoptedProcess> whenOver;

    /** Runs what must not run in the thread that waits for events. */
    interface Background {
        void run(Runnable action);
    }

    AdoptedProcess(
            SystemCalls kernel,
            HostMemory memory,
            int pageSize,
            String name,
            long pid,
            Descriptor pidfd,
            Descriptor connection,
            MemoryHandles handles,
            Background background,
            Consumer<AdoptedProcess> whenOver) {
        this.kernel = kernel;
        this.name = name;
        this.pid = pid;
        this.pageSize = pageSize;
        this.pidfd = pidfd;
        this.connection = connection;
        this.handles = handles;
        this.background = background;
        this.whenOver = whenOver;
        protocol = new HandedOver(kernel);
        pump = new EventPump(kernel, "opensva-native-adopted-" + pid);
        addressSpace = memory.adopted(this, pump);
    }

    /** Begins to wait for the end. */
    void watch() {
        pump.watch(pidfd.number(), true, this::gone);
        pump.watch(connection.number(), false, this::heard);
    }

    private void heard() {
        if (protocol.hasHungUp(connection)) {
            gone();
        }
    }

    @Override
    public void gone() {
        if (ended.getCount() > 0 && !ending.get()) {
            background.run(this::takeDown);
        }
    }

    private void takeDown() {
        if (!ending.compareAndSet(false, true)) {
            return;
        }
        try {
            addressSpace.release();
        } finally {
            try {
                files.end();
            } finally {
                pump.close();
                if (opened.compareAndSet(false, true)) {
                    handles.close();
                }
                connection.close();
                pidfd.close();
                ended.countDown();
                whenOver.accept(this);
            }
        }
    }

    // Its memory.

    @Override
    public MemoryHandles openHandles() {
        if (!opened.compareAndSet(false, true)) {
            throw over("bind");
        }
        return handles;
    }

    /** A read makes a page present; for writing the kernel does so when the write comes. */
    @Override
    public long populate(long address, boolean write) {
        long result = addressSpace.read(() -> true, Access.READ, address & -8L, new byte[8], 0, 8);
        return DmaResult.isComplete(result) ? 0 : -KernelErrors.EFAULT;
    }

    @Override
    public long pid() {
        return pid;
    }

    @Override
    public boolean isAlive() {
        return !ending.get() && Waiting.poll(kernel, pidfd, Duration.ZERO) == 0;
    }

    @Override
    public int pageSize() {
        return pageSize;
    }

    private ErrnoException over(String call) {
        return new ErrnoException(
                Errno.ESRCH, call, "%s has ended, or has called exec".formatted(this));
    }

    private void requireAlive(String call) {
        if (ending.get()) {
            throw over(call);
        }
    }

    @Override
    public AddressSpace addressSpace() {
        requireAlive("addressSpace");
        return addressSpace;
    }

    @Override
    public FileTable files() {
        requireAlive("files");
        return files;
    }

    /** Reads as a device does, not as the process would: there is nobody to fault. */
    @Override
    public void load(long address, byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        requireAlive("load");
        addressSpace.reach();
        check(address, addressSpace.read(() -> true, Access.READ, address, target, offset, length));
    }

    @Override
    public void store(long address, byte[] source, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, source.length);
        requireAlive("store");
        addressSpace.reach();
        check(
                address,
                addressSpace.write(() -> true, Access.WRITE, address, source, offset, length));
    }

    private static void check(long address, long result) {
        if (!DmaResult.isComplete(result)) {
            throw new CpuFaultException(Signal.SIGSEGV, address + DmaResult.bytes(result));
        }
    }

    @Override
    public long loadLong(long address) {
        requireAligned(address);
        byte[] bytes = new byte[8];
        load(address, bytes, 0, 8);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    @Override
    public void storeLong(long address, long value) {
        requireAligned(address);
        byte[] bytes = new byte[8];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
        store(address, bytes, 0, 8);
    }

    private static void requireAligned(long address) {
        if ((address & 7) != 0) {
            throw new CpuFaultException(Signal.SIGBUS, address);
        }
    }

    // What it cannot be made to do.

    private ErrnoException notDriven(String call) {
        return new ErrnoException(
                Errno.EOPNOTSUPP, call, "%s is not driven from here".formatted(this));
    }

    @Override
    public long mmap(MapRequest request) {
        throw notDriven("mmap");
    }

    @Override
    public void munmap(long address, long length) {
        throw notDriven("munmap");
    }

    @Override
    public void mprotect(long address, long length, Protection protection) {
        throw notDriven("mprotect");
    }

    @Override
    public long mremap(long address, long oldLength, long newLength, boolean mayMove) {
        throw notDriven("mremap");
    }

    @Override
    public void madvise(long address, long length, Advice advice) {
        throw notDriven("madvise");
    }

    @Override
    public int createSharedMemory(long size) {
        throw notDriven("memfd_create");
    }

    @Override
    public void truncate(int fd, long size) {
        throw notDriven("ftruncate");
    }

    @Override
    public void closeFile(int fd) {
        requireAlive("close");
        files.close(fd);
    }

    @Override
    public SvaProcess fork() {
        throw notDriven("fork");
    }

    @Override
    public void exec() {
        throw notDriven("exec");
    }

    @Override
    public void exit(int status) {
        throw notDriven("exit");
    }

    @Override
    public void kill(Signal signal) {
        requireAlive("kill");
        KernelErrors.check(
                kernel.call(
                        SystemCall.PIDFD_SEND_SIGNAL, pidfd.number(), signal.number(), 0, 0, 0, 0),
                "kill");
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

    /** Gives the process back: it lives on, and no device reaches it any more. */
    @Override
    public void close() {
        takeDown();
        awaitTermination(END_LIMIT);
    }

    @Override
    public String toString() {
        return "adopted process %d (%s)".formatted(pid, name);
    }
}
