package org.opensva.linux.process;

import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.Handover;
import org.opensva.api.process.ProcessHost;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.KernelTracer;
import org.opensva.linux.abi.SystemCalls;
import org.opensva.linux.adopt.HandoverSocket;
import org.opensva.linux.agent.Agent;
import org.opensva.linux.agent.Keeper;
import org.opensva.linux.mm.EventPump;
import org.opensva.linux.mm.HostMemory;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Starts real processes and takes care of their end, whoever ends them.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class HostProcesses implements ProcessHost, AutoCloseable {

    private static final System.Logger LOG = System.getLogger(HostProcesses.class.getName());

    private static final int ENDS_AT_ONCE = 4;

    private final SystemCalls kernel;
    private final Keeper keeper;
    private final HostMemory memory;
    private final EventPump pump;
    private final EventDescriptors eventDescriptors;
    private final int pageSize;
    private final boolean hugePages;
    private final KernelTracer tracer;
    private final Set<HostProcess> processes = ConcurrentHashMap.newKeySet();
    private final Set<HandoverSocket> handovers = ConcurrentHashMap.newKeySet();
    private final AtomicLong openFiles = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private final ThreadPoolExecutor ends;
    private volatile boolean closed;

    /**
     * Sets up; no process runs yet but the keeper.
     *
     * @param kernel the kernel
     * @param keeper who starts and reaps; owned from now on
     * @param memory what address spaces have in common
     * @param pump who waits for the ends of processes
     * @param eventDescriptors how a process gets a userfaultfd
     * @param pageSize page size of this machine in bytes
     * @param hugePages true if the kernel has transparent huge pages
     * @param tracer spans of what processes do
     */
    public HostProcesses(
            SystemCalls kernel,
            Keeper keeper,
            HostMemory memory,
            EventPump pump,
            EventDescriptors eventDescriptors,
            int pageSize,
            boolean hugePages,
            KernelTracer tracer) {
        this.tracer = tracer;
        this.hugePages = hugePages;
        this.kernel = kernel;
        this.keeper = keeper;
        this.memory = memory;
        this.pump = pump;
        this.eventDescriptors = eventDescriptors;
        this.pageSize = pageSize;
        ends =
                new ThreadPoolExecutor(
                        ENDS_AT_ONCE,
                        ENDS_AT_ONCE,
                        1,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        Thread.ofPlatform().daemon().name("opensva-native-exit-", 0).factory());
        ends.allowCoreThreadTimeOut(true);
    }

    @Override
    public SvaProcess spawn(String name) {
        if (closed) {
            throw new ErrnoException(Errno.EAGAIN, "spawn", "the backend is closed");
        }
        return admit(new HostProcess(this, name, keeper.spawn()));
    }

    /** False once somebody else reaps, and the id of a process can be that of a stranger. */
    boolean keepsPids() {
        return keeper.isAlive();
    }

    KernelTracer tracer() {
        return tracer;
    }

    @Override
    public Handover handover(Path address) {
        if (closed) {
            throw new ErrnoException(Errno.EAGAIN, "handover", "the backend is closed");
        }
        HandoverSocket made =
                new HandoverSocket(kernel, memory, pageSize, this::inBackground, address);
        handovers.add(made);
        return made;
    }

    /** Starts to wait for the end of a process. */
    HostProcess admit(HostProcess process) {
        processes.add(process);
        boolean done = false;
        try {
            process.watchEnd();
            done = true;
        } finally {
            if (!done || closed) {
                process.close();
            }
        }
        return process;
    }

    @Override
    public int pageSize() {
        return pageSize;
    }

    boolean hasHugePages() {
        return hugePages;
    }

    SystemCalls kernel() {
        return kernel;
    }

    HostMemory memory() {
        return memory;
    }

    EventPump pump() {
        return pump;
    }

    EventDescriptors eventDescriptors() {
        return eventDescriptors;
    }

    Agent fork(Agent parent) {
        return keeper.fork(parent.channel());
    }

    void fileOpened() {
        openFiles.incrementAndGet();
    }

    void fileReleased() {
        openFiles.decrementAndGet();
    }

    /** A process has ended: it is taken down by a thread of its own, as drivers may wait. */
    void inBackground(Runnable action) {
        try {
            ends.execute(action);
        } catch (RejectedExecutionException e) {
            action.run();
        }
    }

    void failed(String what, RuntimeException e) {
        failures.incrementAndGet();
        LOG.log(System.Logger.Level.ERROR, what + " failed", e);
    }

    void reaped(HostProcess process, int pid) {
        keeper.reap(pid);
        processes.remove(process);
    }

    /**
     * How many processes have not been closed.
     *
     * @return a count
     */
    public long processCount() {
        return processes.size() + handovers.stream().mapToLong(HandoverSocket::processes).sum();
    }

    /**
     * How many open files of devices there are.
     *
     * @return a count
     */
    public long openFileCount() {
        return openFiles.get();
    }

    /**
     * How often taking a process down ended in an exception.
     *
     * @return 0 in a healthy backend
     */
    public long failures() {
        return failures.get();
    }

    /** Ends and reaps every process, then the keeper. */
    @Override
    public void close() {
        closed = true;
        handovers.forEach(HandoverSocket::closeAll);
        List.copyOf(processes).forEach(HostProcess::killQuietly);
        List.copyOf(processes).forEach(HostProcess::close);
        ends.shutdown();
        keeper.close();
    }
}
