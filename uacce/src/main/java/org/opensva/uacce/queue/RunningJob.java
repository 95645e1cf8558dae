package org.opensva.uacce.queue;

import io.opentelemetry.context.Scope;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.EngineSession;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.iommu.DmaPort;
import org.opensva.api.iommu.Pasid;

/** The job in the hands of one worker: one object, used again for every job. */
final class RunningJob implements JobExecution {

    private final DmaPort port;
    private final Engine engine;

    private final DescriptorDecoder decoder;

    /** What does batches; null inside of one. */
    private final @Nullable BatchRunner batches;

    private @Nullable JobContext context;
    private long source;
    private long sourceLength;
    private long destination;
    private long destinationCapacity;
    private long argument;
    private long parameters;
    private boolean completed;

    JobStatus status = JobStatus.ABORTED;
    long consumed;
    long produced;
    long value;
    long faultAddress;

    /** A job of a queue. */
    RunningJob(DmaPort port, Engine engine) {
        this(port, engine, new BatchRunner(port, new RunningJob(port, engine, null)));
    }

    private RunningJob(DmaPort port, Engine engine, @Nullable BatchRunner batches) {
        this.batches = batches;
        this.port = port;
        this.engine = engine;
        decoder = new DescriptorDecoder(engine);
    }

    /**
     * Decodes, checks and does a job for whom it belongs to; afterwards the result is in the
     * fields.
     */
    void run(JobContext owner, byte[] descriptor) {
        context = owner;
        completed = false;
        try {
            JobStatus refusal = decode(descriptor);
            if (refusal != null) {
                complete(refusal, 0, 0, 0, 0);
            } else if (cancelled()) {
                complete(JobStatus.ABORTED, 0, 0, 0, 0);
            } else {
                long tag = QueueLayout.get(descriptor, QueueLayout.DESCRIPTOR_TAG);
                // What a batch holds is part of the batch.
                JobObserver observer = batches == null ? JobObserver.NONE : owner.observer();
                try (Scope _ = observer.started(tag, this)) {
                    execute(owner);
                }
            }
        } catch (RuntimeException | Error e) {
            // An engine is a vendor's code: what it throws ends its job, not the device.
            completed = false;
        }
        if (!completed) {
            complete(JobStatus.DEVICE_ERROR, 0, 0, 0, 0);
        }
        context = null;
    }

    private void execute(JobContext owner) {
        BatchRunner runner = batches;
        if (decoder.operation != Operation.BATCH) {
            engine.execute(this);
        } else if (runner != null) {
            runner.run(owner, this);
        }
    }

    /** Writes the result as a completion. */
    void encode(byte[] entry, long tag, int phase) {
        QueueLayout.put(entry, QueueLayout.COMPLETION_TAG, tag);
        QueueLayout.put(entry, QueueLayout.COMPLETION_STATUS, status.code());
        QueueLayout.put(entry, QueueLayout.COMPLETION_CONSUMED, consumed);
        QueueLayout.put(entry, QueueLayout.COMPLETION_PRODUCED, produced);
        QueueLayout.put(entry, QueueLayout.COMPLETION_VALUE, value);
        QueueLayout.put(entry, QueueLayout.COMPLETION_FAULT_ADDRESS, faultAddress);
        QueueLayout.put(entry, QueueLayout.COMPLETION_PHASE, phase);
    }

    private @Nullable JobStatus decode(byte[] descriptor) {
        long control = QueueLayout.get(descriptor, QueueLayout.DESCRIPTOR_OPERATION);
        source = QueueLayout.get(descriptor, QueueLayout.DESCRIPTOR_SOURCE);
        sourceLength = QueueLayout.get(descriptor, QueueLayout.DESCRIPTOR_SOURCE_LENGTH);
        destination = QueueLayout.get(descriptor, QueueLayout.DESCRIPTOR_DESTINATION);
        destinationCapacity = QueueLayout.get(descriptor, QueueLayout.DESCRIPTOR_CAPACITY);
        argument = QueueLayout.get(descriptor, QueueLayout.DESCRIPTOR_ARGUMENT);
        parameters = QueueLayout.get(descriptor, QueueLayout.DESCRIPTOR_PARAMETERS);
        JobStatus refusal = decoder.decode(control, parameters);
        if (refusal == JobStatus.BAD_DESCRIPTOR
                // A fence has a meaning inside a batch only, and a batch outside one only.
                || batches != null && (decoder.flags & JobFlags.FENCE) != 0
                || batches == null && decoder.operation == Operation.BATCH
                || wraps(source, decoder.operation == Operation.FILL ? 0 : sourceLength)
                || wraps(destination, destinationCapacity)) {
            return JobStatus.BAD_DESCRIPTOR;
        }
        return refusal;
    }

    private static boolean wraps(long address, long length) {
        return length < 0
                || length > 0 && Long.compareUnsigned(address + (length - 1), address) < 0;
    }

    @Override
    public Operation operation() {
        return decoder.operation;
    }

    @Override
    public long source() {
        return source;
    }

    @Override
    public long sourceLength() {
        return sourceLength;
    }

    @Override
    public long destination() {
        return destination;
    }

    @Override
    public long destinationCapacity() {
        return destinationCapacity;
    }

    @Override
    public long argument() {
        return argument;
    }

    @Override
    public Algorithm algorithm() {
        return decoder.algorithm;
    }

    @Override
    public int flags() {
        return decoder.flags;
    }

    @Override
    public long parameters() {
        return parameters;
    }

    @Override
    public @Nullable EngineSession session(int number) {
        JobContext owner = context;
        QueueSessions kept = owner == null ? null : owner.sessions();
        return kept == null ? null : kept.get(number);
    }

    @Override
    public boolean keep(int number, @Nullable EngineSession session) {
        JobContext owner = context;
        QueueSessions kept = owner == null ? null : owner.sessions();
        if (kept == null || number < 0 || number >= JobParameters.SESSIONS) {
            return false;
        }
        kept.keep(number, session);
        return true;
    }

    @Override
    public int pasid() {
        JobContext owner = context;
        return owner == null ? Pasid.NONE : owner.pasid();
    }

    @Override
    public DmaPort dma() {
        return port;
    }

    @Override
    public boolean cancelled() {
        JobContext owner = context;
        return owner == null || owner.cancelled().getAsBoolean();
    }

    @Override
    public void complete(
            JobStatus newStatus,
            long newConsumed,
            long newProduced,
            long newValue,
            long newFaultAddress) {
        if (completed) {
            return;
        }
        completed = true;
        // A fault that the teardown of the queue or of its address space caused is not the job's.
        boolean torn = newStatus == JobStatus.PAGE_FAULT && cancelled();
        status = torn ? JobStatus.ABORTED : newStatus;
        consumed = newConsumed;
        produced = newProduced;
        value = newValue;
        faultAddress = torn ? 0 : newFaultAddress;
    }
}
