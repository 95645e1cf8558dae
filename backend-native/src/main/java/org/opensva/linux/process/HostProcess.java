package org.opensva.linux.process;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FileTable;
import org.opensva.api.process.MapFlag;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.RemapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.SvaTelemetry;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.abi.SystemCall;
import org.opensva.linux.abi.Waiting;
import org.opensva.linux.agent.Agent;
import org.opensva.linux.agent.AgentChannel;
import org.opensva.linux.agent.AgentGoneException;
import org.opensva.linux.agent.AgentImage;
import org.opensva.linux.mm.EventPump;
import org.opensva.linux.mm.HostAddressSpace;
import org.opensva.linux.mm.MemoryHandles;
import org.opensva.linux.mm.MemoryOwner;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * A real process that an agent drives.
 *
 * <p><b>Locks.</b> System calls that consist of several requests take turns; loads and stores do
 * not wait for them longer than for one request.
 */
final class HostProcess implements SvaProcess, MemoryOwner {

    /** How long an end may take: the kernel frees memory, drivers bring queues to rest. */
    private static final Duration END_LIMIT = Duration.ofSeconds(60);

    private static final long AT_FDCWD = -100;
    private static final long O_RDWR_CLOEXEC = 0x80002;
    private static final long O_RDONLY_CLOEXEC = 0x80000;
    private static final int PATH = 512;
    private static final int VECTOR = 640;
    private static final long MADV_POPULATE_READ = 22;
    private static final long MADV_POPULATE_WRITE = 23;

    private final HostProcesses host;
    private final String name;
    private final Agent agent;
    private final ReentrantLock calls = new ReentrantLock();
    private final DescriptorTable files = new DescriptorTable(this);
    private final DeviceMappings devices = new DeviceMappings();
    private final MemoryCalls memory = new MemoryCalls(this, files, devices);
    private final TracedCalls traced;
    private final AtomicBoolean dying = new AtomicBoolean();
    private final AtomicBoolean ending = new AtomicBoolean();
    private final AtomicBoolean reaped = new AtomicBoolean();
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile HostAddressSpace addressSpace;
    private volatile EventPump.@Nullable Watch endWatch;

    HostProcess(HostProcesses host, String name, Agent agent) {
        this.host = host;
        this.name = name;
        this.agent = agent;
        traced = new TracedCalls(host.tracer(), this);
        addressSpace = host.memory().addressSpace(this);
    }

    HostProcesses host() {
        return host;
    }

    /** Waits for the end, whoever brings it about. */
    void watchEnd() {
        endWatch =
                host.pump()
                        .watch(
                                agent.pidfd().number(),
                                true,
                                () -> host.inBackground(this::takeDown));
    }

    @Override
    public long pid() {
        return agent.pid();
    }

    @Override
    public boolean isAlive() {
        return !dying.get() && !hasEnded();
    }

    private boolean hasEnded() {
        return ended.getCount() == 0
                || Waiting.poll(host.kernel(), agent.pidfd(), Duration.ZERO) != 0;
    }

    @Override
    public int pageSize() {
        return host.pageSize();
    }

    @Override
    public AddressSpace addressSpace() {
        requireAlive("addressSpace");
        return addressSpace;
    }

    HostAddressSpace memorySpace() {
        return addressSpace;
    }

    @Override
    public FileTable files() {
        requireAlive("files");
        return files;
    }

    void requireAlive(String call) {
        if (dying.get() || ended.getCount() == 0) {
            throw ended(call);
        }
    }

    private ErrnoException ended(String call) {
        return new ErrnoException(
                Errno.ESRCH, call, "process %d (%s) has ended".formatted(pid(), name));
    }

    /** Has the agent do something, alone. */
    <T> T agent(String call, Function<Agent, T> action) {
        requireAlive(call);
        calls.lock();
        try {
            return action.apply(agent);
        } catch (AgentGoneException e) {
            throw gone(call, e);
        } finally {
            calls.unlock();
        }
    }

    /** An agent that does not answer is of no use, even if it lives. */
    private ErrnoException gone(String call, AgentGoneException why) {
        killQuietly();
        ErrnoException failure =
                new ErrnoException(
                        Errno.ESRCH,
                        call,
                        "process %d (%s): %s".formatted(pid(), name, why.getMessage()));
        failure.initCause(why);
        return failure;
    }

    // Memory.

    @Override
    public long mmap(MapRequest request) {
        return memory.map(request, Set.of());
    }

    @Override
    public long mmap(MapRequest request, Set<MapFlag> flags) {
        return memory.map(request, flags);
    }

    @Override
    public void munmap(long address, long length) {
        traced.range(SvaTelemetry.SPAN_UNMAP, address, length, () -> memory.unmap(address, length));
    }

    @Override
    public void mprotect(long address, long length, Protection protection) {
        traced.range(
                SvaTelemetry.SPAN_PROTECT,
                address,
                length,
                () -> memory.protect(address, length, protection));
    }

    @Override
    public long mremap(long address, long oldLength, long newLength, boolean mayMove) {
        return traced.range(
                SvaTelemetry.SPAN_REMAP,
                address,
                oldLength,
                () -> memory.remap(address, oldLength, newLength, mayMove));
    }

    @Override
    public long mremap(RemapRequest request) {
        return memory.remap(request);
    }

    @Override
    public void mlock(long address, long length, boolean onFault) {
        memory.lock(address, length, onFault);
    }

    @Override
    public void munlock(long address, long length) {
        memory.unlock(address, length);
    }

    @Override
    public void msync(long address, long length) {
        memory.sync(address, length);
    }

    @Override
    public void madvise(long address, long length, Advice advice) {
        traced.range(
                SvaTelemetry.SPAN_ADVISE,
                address,
                length,
                () -> memory.advise(address, length, advice));
    }

    @Override
    public int createSharedMemory(long size) {
        return memory.createShared(size);
    }

    @Override
    public void truncate(int fd, long size) {
        memory.truncate(fd, size);
    }

    @Override
    public void punchHole(int fd, long offset, long length) {
        memory.punch(fd, offset, length);
    }

    @Override
    public void closeFile(int fd) {
        requireAlive("close");
        files.close(fd);
    }

    /** As long as the keeper lives, who reaps when it is told to. */
    @Override
    public boolean keepsPid() {
        return host.keepsPids();
    }

    @Override
    public MemoryHandles openHandles() {
        return agent(
                "bind",
                agent -> {
                    AgentChannel channel = agent.channel();
                    Descriptor mem = open(channel, "/proc/self/mem", O_RDWR_CLOEXEC);
                    boolean done = false;
                    try {
                        Descriptor maps = open(channel, "/proc/self/maps", O_RDONLY_CLOEXEC);
                        try {
                            MemoryHandles handles =
                                    new MemoryHandles(
                                            mem, maps, host.eventDescriptors().take(channel));
                            done = true;
                            return handles;
                        } finally {
                            if (!done) {
                                maps.close();
                            }
                        }
                    } finally {
                        if (!done) {
                            mem.close();
                        }
                    }
                });
    }

    private static Descriptor open(AgentChannel channel, String path, long flags) {
        long name = channel.scratch(PATH, path);
        long fd =
                KernelErrors.check(
                        channel.call(SystemCall.OPENAT, AT_FDCWD, name, flags), "open " + path);
        try {
            return channel.take(fd);
        } finally {
            channel.call(SystemCall.CLOSE, fd);
        }
    }

    @Override
    public long populate(long address, boolean write) {
        long page = address & -pageSize();
        return agent(
                "madvise",
                agent ->
                        agent.channel()
                                .call(
                                        SystemCall.MADVISE,
                                        page,
                                        pageSize(),
                                        write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ));
    }

    // The processor.

    @Override
    public void load(long address, byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        move(address, target, offset, length, false);
    }

    @Override
    public void store(long address, byte[] source, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, source.length);
        move(address, source, offset, length, true);
    }

    private void move(long address, byte[] bytes, int offset, int length, boolean store) {
        String call = store ? "store" : "load";
        int done = 0;
        while (done < length) {
            requireAlive(call);
            int piece = Math.min(length - done, AgentImage.BUFFER_SIZE);
            try {
                if (store) {
                    agent.channel().put(address + done, bytes, offset + done, piece);
                } else {
                    agent.channel().fetch(address + done, bytes, offset + done, piece);
                }
                done += piece;
            } catch (CpuFaultException e) {
                // What comes before the fault is done; the fault may be a register window.
                long at = Math.max(done, Math.min(e.address() - address, done + piece));
                int served =
                        e.signal() == Signal.SIGSEGV
                                ? devices.serve(
                                        address + at,
                                        bytes,
                                        offset + (int) at,
                                        length - (int) at,
                                        store)
                                : 0;
                if (served == 0) {
                    throw e;
                }
                done = (int) at + served;
            } catch (AgentGoneException e) {
                throw gone(call, e);
            }
        }
    }

    @Override
    public long loadLong(long address) {
        requireAligned(address);
        requireAlive("load");
        try {
            return agent.channel().load(address);
        } catch (CpuFaultException e) {
            byte[] bytes = new byte[8];
            if (devices.serve(address, bytes, 0, 8, false) == 0) {
                throw e;
            }
            return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        } catch (AgentGoneException e) {
            throw gone("load", e);
        }
    }

    @Override
    public void storeLong(long address, long value) {
        requireAligned(address);
        requireAlive("store");
        try {
            agent.channel().store(address, value);
        } catch (CpuFaultException e) {
            byte[] bytes = new byte[8];
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
            if (devices.serve(address, bytes, 0, 8, true) == 0) {
                throw e;
            }
        } catch (AgentGoneException e) {
            throw gone("store", e);
        }
    }

    /** As on Arm, whatever this processor allows: a split access would not be one access. */
    private static void requireAligned(long address) {
        if ((address & 7) != 0) {
            throw new CpuFaultException(Signal.SIGBUS, address);
        }
    }

    // Life and death.

    @Override
    public SvaProcess fork() {
        return traced.call(SvaTelemetry.SPAN_FORK, this::forkNow);
    }

    private SvaProcess forkNow() {
        return agent(
                "fork",
                parent -> {
                    HostProcess[] born = new HostProcess[1];
                    // Pages become copy-on-write, which nobody reports to who may not trace.
                    addressSpace.change(() -> {
                        HostProcess child = new HostProcess(host, name, host.fork(parent));
                        child.files.inherit(files);
                        child.memory.placeLike(memory);
                        born[0] = child;
                    });
                    return host.admit(born[0]);
                });
    }

    /**
     * No device is in the address space while the kernel replaces it. If the kernel refuses, the
     * process goes on as it was.
     */
    @Override
    public void exec() {
        List<FileToken> closed = new ArrayList<>();
        HostAddressSpace old =
                agent(
                        "exec",
                        agent -> {
                            HostAddressSpace now = addressSpace;
                            now.exclusively(() -> execNow(agent.channel()));
                            if (!now.namedByProcess()) {
                                addressSpace = host.memory().addressSpace(this);
                            }
                            memory.placeAnew();
                            closed.addAll(files.exec());
                            return now;
                        });
        if (old.namedByProcess()) {
            old.reopen();
        } else {
            old.release();
        }
        devices.clear();
        DescriptorTable.settle(closed);
    }

    private static void execNow(AgentChannel channel) {
        long path = channel.scratch(PATH, "/proc/self/exe");
        byte[] vector = new byte[16];
        ByteBuffer.wrap(vector).order(ByteOrder.LITTLE_ENDIAN).putLong(path);
        long arguments = channel.scratch(VECTOR, vector);
        KernelErrors.check(channel.last(SystemCall.EXECVE, path, arguments, 0), "exec");
    }

    @Override
    public void exit(int status) {
        if (status < 0 || status > 255) {
            throw new IllegalArgumentException("exit status " + status + " is not in 0..255");
        }
        requireAlive("exit");
        agent(
                "exit",
                agent -> {
                    if (!dying.compareAndSet(false, true)) {
                        throw ended("exit");
                    }
                    // Devices first: nothing of the memory is freed under them.
                    addressSpace.release();
                    return agent.channel().last(SystemCall.EXIT_GROUP, status);
                });
        awaitEnd();
    }

    @Override
    public void kill(Signal signal) {
        requireAlive("kill");
        long result = signal(signal);
        if (result < 0) {
            throw KernelErrors.exception(result, "kill");
        }
    }

    private long signal(Signal signal) {
        return host.kernel()
                .call(
                        SystemCall.PIDFD_SEND_SIGNAL,
                        agent.pidfd().number(),
                        signal.number(),
                        0,
                        0,
                        0,
                        0);
    }

    void killQuietly() {
        if (ended.getCount() > 0) {
            signal(Signal.SIGKILL);
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

    /** The kernel says that the process has ended: memory first, then files, as it did. */
    private void takeDown() {
        if (!ending.compareAndSet(false, true)) {
            return;
        }
        dying.set(true);
        try {
            try {
                addressSpace.release();
            } finally {
                try {
                    devices.clear();
                } finally {
                    files.end();
                }
            }
        } catch (RuntimeException e) {
            // The process is gone whatever its drivers say; whoever waits for it must not hang.
            host.failed("the end of process " + pid(), e);
        } finally {
            agent.channel().close();
            ended.countDown();
        }
    }

    private boolean awaitEnd() {
        boolean interrupted = false;
        long deadline = System.nanoTime() + END_LIMIT.toNanos();
        try {
            while (true) {
                try {
                    return ended.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {
        killQuietly();
        boolean over = awaitEnd();
        if (reaped.compareAndSet(false, true)) {
            EventPump.Watch watch = endWatch;
            if (watch != null) {
                watch.cancel();
            }
            if (over) {
                host.reaped(this, agent.pid());
                agent.pidfd().close();
            } else {
                host.failed(
                        "the end of process " + pid(),
                        new IllegalStateException("it takes longer than " + END_LIMIT));
            }
        }
    }

    @Override
    public String toString() {
        return "process %d (%s)".formatted(pid(), name);
    }
}
