package org.opensva.conformance.cli.work;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.backend.Backend;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;
import org.opensva.uacce.client.Buffer;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.JobStream;
import org.opensva.uacce.client.PoolConfig;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/**
 * A process that has contexts on the accelerators of a backend, ready for jobs. Not thread-safe.
 *
 * <p>Every method throws {@link DeviceException} where the backend refuses or fails.
 */
public final class AcceleratorSession implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final int ATTEMPTS = 4;

    private final String backend;
    private final Task task;
    private final SvaProcess process;
    private final ContextPool pool;

    private AcceleratorSession(String backend, Task task, SvaProcess process, ContextPool pool) {
        this.backend = backend;
        this.task = task;
        this.process = process;
        this.pool = pool;
    }

    /**
     * Spawns a process and opens queues of every accelerator that knows the operation.
     *
     * @param backend the backend; it stays open when the session is closed
     * @param request what the jobs will ask for, and how many queues
     * @return the session
     */
    public static AcceleratorSession open(Backend backend, WorkRequest request) {
        String name = backend.descriptor().qualifiedName();
        Task task = request.task();
        List<Accelerator> able =
                backend.accelerators().stream()
                        .filter(a -> a.info().operations().contains(task.operation()))
                        .toList();
        if (able.isEmpty()) {
            throw new DeviceException(
                    "backend '%s' has no accelerator that can do %s".formatted(name, task.id()));
        }
        PoolConfig config =
                PoolConfig.of("opensva-run")
                        .withContexts(request.queues(), request.depth())
                        .withPatience(PATIENCE, PATIENCE, ATTEMPTS)
                        .withBufferLimit(Long.MAX_VALUE);
        SvaProcess process = null;
        try {
            process = backend.processes().spawn("opensva-" + task.id());
            ContextPool pool = ContextPool.open(process, able, config);
            AcceleratorSession session = new AcceleratorSession(name, task, process, pool);
            process = null;
            return session;
        } catch (ErrnoException | ClientException e) {
            throw new DeviceException("backend '%s': %s".formatted(name, e.getMessage()), e);
        } finally {
            if (process != null) {
                process.close();
            }
        }
    }

    ContextPool pool() {
        return pool;
    }

    Task task() {
        return task;
    }

    /** Tells whether a device keeps streams: an empty job begins one. */
    boolean keepsStreams() {
        return call(() -> {
            try (JobStream stream = pool.stream(task.operation());
                    Buffer memory = pool.buffer(JobParameters.SIZE)) {
                byte[] block =
                        JobParameters.EMPTY
                                .withSession(stream.number())
                                .withOptions(JobParameters.BEGIN)
                                .encode();
                memory.store(0, block, 0, block.length);
                Job job =
                        new Job(
                                task.operation(),
                                memory.address(),
                                0,
                                memory.address(),
                                0,
                                0,
                                Algorithm.NONE,
                                JobFlags.PARAMETERS,
                                memory.address());
                JobStatus status = stream.run(job).status();
                return status == JobStatus.SUCCESS || status == JobStatus.DESTINATION_FULL;
            } catch (ClientException e) {
                return false;
            }
        });
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

    JobResult run(Job job) {
        return call(() -> pool.run(job));
    }

    /** What is wrong with a job that did not succeed. */
    RuntimeException failure(JobResult result) {
        return result.succeeded()
                ? failed("the device reports success and impossible numbers: " + result, null)
                : explain(ClientException.of("the job", result));
    }

    /** What it means for the user that the library could not do it. */
    RuntimeException explain(ClientException e) {
        String message = String.valueOf(e.getMessage());
        return switch (e.reason()) {
            case NO_MEMORY -> tooLarge(message);
            case BAD_DATA ->
                    new BadDataException(
                            "is not %s data, or is damaged or cut off".formatted(format()));
            case AUTHENTICATION_FAILED ->
                    new BadDataException(
                            "is not what was encrypted with this key, IV and associated data");
            default -> failed(message, e);
        };
    }

    /** What the input of a decompression is. */
    String format() {
        return switch (task.operation()) {
            case GUNZIP -> "gzip";
            case UNZLIB -> "zlib";
            case INFLATE -> "DEFLATE";
            default -> task.id();
        };
    }

    private BadDataException tooLarge(String what) {
        return new BadDataException(
                "is too large for the memory of backend '%s': %s".formatted(backend, what));
    }

    private DeviceException failed(String what, @Nullable Throwable cause) {
        return new DeviceException(
                "%s on backend '%s' failed: %s".formatted(task.id(), backend, what), cause);
    }

    private <T> T call(Supplier<T> work) {
        try {
            return work.get();
        } catch (ClientException e) {
            throw explain(e);
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
        try {
            pool.close();
        } finally {
            process.close();
        }
    }
}
