package org.opensva.uacce.client;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.EngineFactory;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.iommu.DmaPort;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.uacce.client.SoftwareJob.StreamSlot;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.Semaphore;

/**
 * A context without a queue: an engine that works in the calling thread and reaches memory by the
 * process's own loads and stores.
 */
final class SoftwareContext implements DmaPort {

    private final SvaProcess process;
    private final EngineFactory engines;
    private final Set<Operation> operations;
    private final Set<Algorithm> algorithms;
    private final Deque<Engine> idle = new ArrayDeque<>();

    /** Held while a job waits for a thread of its own, so that they do not pile up. */
    private final Semaphore window = new Semaphore(2 * Runtime.getRuntime().availableProcessors());

    private boolean closed;

    SoftwareContext(SvaProcess process, EngineFactory engines) {
        this.process = process;
        this.engines = engines;
        Engine first = engines.create();
        operations = Set.copyOf(first.operations());
        algorithms = Set.copyOf(first.algorithms());
        idle.push(first);
    }

    boolean knows(Operation operation) {
        return operations.contains(operation);
    }

    boolean knows(Operation operation, Algorithm algorithm) {
        return knows(operation) && (algorithm == Algorithm.NONE || algorithms.contains(algorithm));
    }

    /** Takes a place in the window, waiting for one. */
    void enter() {
        window.acquireUninterruptibly();
    }

    void leave() {
        window.release();
    }

    /** Does a job that is not part of a stream. */
    JobResult run(Job job, boolean patient) {
        StreamSlot slot = new StreamSlot();
        try {
            return run(job, slot, patient);
        } finally {
            slot.keep(null);
        }
    }

    /**
     * Does a job.
     *
     * @param patient true to do it to the end although the thread is interrupted
     */
    JobResult run(Job job, StreamSlot slot, boolean patient) {
        int odd = job.flags() & ~job.operation().flags();
        if (odd != 0 || !job.algorithm().operations().contains(job.operation())) {
            // What the queue of a device answers before an engine sees the job.
            return new JobResult(JobStatus.BAD_DESCRIPTOR, 0, 0, 0, 0);
        }
        Engine engine = take();
        boolean sound = false;
        try {
            SoftwareJob execution = new SoftwareJob(job, this, slot, patient);
            engine.execute(execution);
            sound = true;
            return execution.result();
        } catch (RuntimeException e) {
            // As in a device: what an engine throws ends its job.
            return new JobResult(JobStatus.DEVICE_ERROR, 0, 0, 0, 0);
        } finally {
            if (sound) {
                give(engine);
            } else {
                // What it keeps of this job must not be in the next one.
                end(engine);
            }
        }
    }

    private Engine take() {
        synchronized (idle) {
            Engine engine = idle.poll();
            if (engine != null) {
                return engine;
            }
        }
        return engines.create();
    }

    private void give(Engine engine) {
        synchronized (idle) {
            if (!closed) {
                idle.push(engine);
                return;
            }
        }
        end(engine);
    }

    private static void end(Engine engine) {
        if (engine instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (Exception e) {
                // Only caches are lost; the work has been done.
                return;
            }
        }
    }

    void close() {
        synchronized (idle) {
            closed = true;
            idle.forEach(SoftwareContext::end);
            idle.clear();
        }
    }

    @Override
    public long read(int pasid, int access, long address, byte[] target, int offset, int length) {
        return moved(address, length, () -> process.load(address, target, offset, length));
    }

    @Override
    public long write(int pasid, int access, long address, byte[] source, int offset, int length) {
        return moved(address, length, () -> process.store(address, source, offset, length));
    }

    private static long moved(long address, int length, Runnable access) {
        try {
            access.run();
            return DmaResult.complete(length);
        } catch (CpuFaultException e) {
            long before = Math.clamp(e.address() - address, 0, length);
            return DmaResult.of(DmaStatus.ABORTED, before);
        } catch (ErrnoException e) {
            return DmaResult.of(DmaStatus.STOPPED, 0);
        }
    }
}
