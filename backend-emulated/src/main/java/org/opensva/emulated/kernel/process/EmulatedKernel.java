package org.opensva.emulated.kernel.process;

import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.ProcessHost;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.KernelTracer;
import org.opensva.emulated.kernel.mm.AddressSpaces;
import org.opensva.emulated.kernel.mm.OutOfMemoryKiller;
import org.opensva.emulated.kernel.mm.ProcessAddressSpace;
import org.opensva.emulated.machine.MachineThreads;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/**
 * The processes of the emulated machine.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class EmulatedKernel implements ProcessHost, AutoCloseable {

    private static final System.Logger LOG = System.getLogger(EmulatedKernel.class.getName());

    /** Linux's {@code PID_MAX_LIMIT}. */
    private static final int MAX_PID = 1 << 22;

    private final AddressSpaces addressSpaces;
    private final KernelTracer tracer;
    private final Map<Long, EmulatedProcess> processes = new ConcurrentHashMap<>();
    private final AtomicLong lastPid = new AtomicLong();
    private final LongAdder failures = new LongAdder();
    private final ThreadPoolExecutor background;
    private volatile boolean closed;

    /**
     * Creates the kernel without processes.
     *
     * @param addressSpaces memory management
     * @param tracer where spans go
     */
    public EmulatedKernel(AddressSpaces addressSpaces, KernelTracer tracer) {
        this.addressSpaces = addressSpaces;
        this.tracer = tracer;
        this.background =
                new ThreadPoolExecutor(
                        4,
                        4,
                        1,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        MachineThreads.named("opensva-exit-"));
        // Virtual threads cost nothing, and shall not end when a clock says so.
        background.allowCoreThreadTimeOut(!Thread.currentThread().isVirtual());
    }

    @Override
    public SvaProcess spawn(String name) {
        return start(name, addressSpaces::create, new DescriptorTable());
    }

    @Override
    public int pageSize() {
        return addressSpaces.pageSize();
    }

    /** Starts a process; nothing is left of it if that fails. */
    EmulatedProcess start(
            String name, Supplier<ProcessAddressSpace> memory, DescriptorTable files) {
        if (closed) {
            throw new ErrnoException(Errno.EAGAIN, "spawn " + name, "the machine is shut down");
        }
        ProcessAddressSpace addressSpace = memory.get();
        EmulatedProcess process;
        try {
            do {
                process = new EmulatedProcess(nextPid(), name, this, addressSpace, files);
            } while (processes.putIfAbsent(process.pid(), process) != null);
        } catch (ErrnoException e) {
            addressSpace.dropUser();
            throw e;
        }
        if (closed) {
            process.close();
            throw new ErrnoException(Errno.EAGAIN, "spawn " + name, "the machine is shut down");
        }
        return process;
    }

    /** Numbers go round, so that one is not reused at once. */
    private long nextPid() {
        if (processes.size() >= MAX_PID - 1) {
            throw new ErrnoException(Errno.EAGAIN, "fork", "there are too many processes");
        }
        return lastPid.updateAndGet(pid -> pid >= MAX_PID - 1 ? 1 : pid + 1);
    }

    /**
     * Who ends processes when memory runs out.
     *
     * @return chooses among the processes of this kernel
     */
    public OutOfMemoryKiller outOfMemoryKiller() {
        return new VictimChoice(() -> List.copyOf(processes.values()));
    }

    void reaped(EmulatedProcess process) {
        processes.remove(process.pid(), process);
    }

    void inBackground(Runnable action) {
        try {
            background.execute(action);
        } catch (RejectedExecutionException e) {
            // The machine is being shut down, and its processes with it.
            action.run();
        }
    }

    void failed(String what, RuntimeException e) {
        failures.increment();
        LOG.log(System.Logger.Level.ERROR, what + " met a failing driver", e);
    }

    AddressSpaces addressSpaces() {
        return addressSpaces;
    }

    KernelTracer tracer() {
        return tracer;
    }

    /**
     * Counts the processes that were not reaped.
     *
     * @return running and ended ones
     */
    public int processCount() {
        return processes.size();
    }

    /**
     * Counts the descriptors of all processes.
     *
     * @return open descriptors
     */
    public long openFileCount() {
        return processes.values().stream().mapToLong(EmulatedProcess::openFiles).sum();
    }

    /**
     * Counts how often a driver failed while a process ended.
     *
     * @return 0 in a healthy machine
     */
    public long failures() {
        return failures.sum();
    }

    /** Ends and reaps every process. */
    @Override
    public void close() {
        closed = true;
        while (!processes.isEmpty()) {
            for (EmulatedProcess process : List.copyOf(processes.values())) {
                process.close();
            }
        }
        background.shutdown();
        boolean interrupted = false;
        while (true) {
            try {
                if (background.awaitTermination(1, TimeUnit.MINUTES)) {
                    break;
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
