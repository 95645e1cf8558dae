package org.opensva.conformance.cli.work;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;

import java.time.Duration;
import java.util.function.Supplier;

/**
 * A process that has an accelerator open, ready for jobs. Not thread-safe.
 *
 * <p>Every method throws {@link DeviceException} where the backend refuses or fails.
 */
public final class AcceleratorSession implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final long BYTES_PER_SECOND = 1 << 20;

    private final String backend;
    private final Operation operation;
    private final SvaProcess process;
    private final QueueHandle queue;

    private AcceleratorSession(
            String backend, Operation operation, SvaProcess process, QueueHandle queue) {
        this.backend = backend;
        this.operation = operation;
        this.process = process;
        this.queue = queue;
    }

    /**
     * Spawns a process and opens a queue of the first accelerator that knows the operation.
     *
     * @param backend the backend; it stays open when the session is closed
     * @param operation what the jobs will ask for
     * @return the session
     */
    public static AcceleratorSession open(Backend backend, Operation operation) {
        String name = backend.descriptor().qualifiedName();
        Accelerator accelerator =
                backend.accelerators().stream()
                        .filter(a -> a.info().operations().contains(operation))
                        .findFirst()
                        .orElseThrow(() ->
                                new DeviceException(
                                        "backend '%s' has no accelerator that can do %s"
                                                .formatted(name, operation.id())));
        SvaProcess process = null;
        QueueHandle queue = null;
        try {
            process = backend.processes().spawn("opensva-" + operation.id());
            queue = accelerator.open(process);
            if (backend.descriptor().claims(Capability.REGIONS)) {
                for (QueueRegion region : accelerator.info().regionSizes().keySet()) {
                    queue.mapRegion(region);
                }
            }
            if (backend.descriptor().claims(Capability.QUEUE_STATES)) {
                queue.start();
            }
            AcceleratorSession session = new AcceleratorSession(name, operation, process, queue);
            process = null;
            queue = null;
            return session;
        } catch (ErrnoException e) {
            throw new DeviceException("backend '%s': %s".formatted(name, e.getMessage()), e);
        } finally {
            close(process, queue);
        }
    }

    /**
     * How many jobs can be under way.
     *
     * @return at least 1
     */
    int depth() {
        return Math.max(1, queue.accelerator().info().queueDepth());
    }

    Operation operation() {
        return operation;
    }

    /** Maps fresh memory; {@link BadDataException} if there is none. */
    long map(long length) {
        return call(() -> process.mmap(MapRequest.anonymous(length)));
    }

    void unmap(long address, long length) {
        call(() -> {
            process.munmap(address, length);
            return 0;
        });
    }

    void store(long address, byte[] bytes, int length) {
        call(() -> {
            process.store(address, bytes, 0, length);
            return 0;
        });
    }

    void load(long address, byte[] bytes, int length) {
        call(() -> {
            process.load(address, bytes, 0, length);
            return 0;
        });
    }

    long submit(Job job) {
        return call(() -> queue.submit(job));
    }

    JobResult await(long ticket, long length) {
        Duration limit = PATIENCE.plusSeconds(length / BYTES_PER_SECOND);
        return call(() -> queue.await(ticket, limit));
    }

    JobResult run(Job job) {
        long length = Math.max(job.sourceLength(), job.destinationCapacity());
        return await(submit(job), length);
    }

    /** What is wrong with a job that did not succeed. */
    RuntimeException failure(JobResult result) {
        if (result.status() == JobStatus.PAGE_FAULT && isExhausted(result.faultAddress())) {
            return tooLarge("the device found no memory at 0x%x".formatted(result.faultAddress()));
        }
        String what =
                switch (result.status()) {
                    case PAGE_FAULT ->
                            "the device could not access 0x%x of the process's memory"
                                    .formatted(result.faultAddress());
                    case SUCCESS -> "the device reports success and impossible numbers: " + result;
                    default -> "the device ended the job with " + result.status();
                };
        return failed(what, null);
    }

    /** Everything a job uses is mapped: where the processor fares no better, memory is used up. */
    private boolean isExhausted(long address) {
        byte[] one = new byte[1];
        try {
            process.load(address, one, 0, 1);
            process.store(address, one, 0, 1);
            return false;
        } catch (CpuFaultException e) {
            return e.signal() == Signal.SIGBUS;
        }
    }

    private BadDataException tooLarge(String what) {
        return new BadDataException(
                "is too large for the memory of backend '%s': %s".formatted(backend, what));
    }

    private DeviceException failed(String what, @Nullable Throwable cause) {
        return new DeviceException(
                "%s on backend '%s' failed: %s".formatted(operation.id(), backend, what), cause);
    }

    private <T> T call(Supplier<T> work) {
        try {
            return work.get();
        } catch (ErrnoException e) {
            String message = String.valueOf(e.getMessage());
            throw e.errno() == Errno.ENOMEM ? tooLarge(message) : failed(message, e);
        } catch (CpuFaultException e) {
            // The memory is mapped and anonymous; the kernel had no page for it.
            String message = "the process got " + e.getMessage();
            throw e.signal() == Signal.SIGBUS ? tooLarge(message) : failed(message, e);
        }
    }

    @Override
    public void close() {
        close(process, queue);
    }

    private static void close(@Nullable SvaProcess process, @Nullable QueueHandle queue) {
        try {
            if (queue != null) {
                queue.close();
            }
        } finally {
            if (process != null) {
                process.close();
            }
        }
    }
}
