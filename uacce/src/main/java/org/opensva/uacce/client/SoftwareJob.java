package org.opensva.uacce.client;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.EngineSession;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.iommu.DmaPort;
import org.opensva.api.iommu.Pasid;

/** A job in the hands of an engine that works in the calling thread. */
final class SoftwareJob implements JobExecution {

    private final Job job;
    private final DmaPort memory;
    private final StreamSlot slot;
    private final boolean patient;
    private @Nullable JobResult result;

    /** What an engine keeps between the jobs of one stream. */
    static final class StreamSlot {
        private @Nullable EngineSession session;

        @SuppressWarnings("ReferenceEquality")
        void keep(@Nullable EngineSession next) {
            EngineSession old = session;
            session = next;
            if (old != null && old != next) {
                old.close();
            }
        }
    }

    SoftwareJob(Job job, DmaPort memory, StreamSlot slot, boolean patient) {
        this.job = job;
        this.memory = memory;
        this.slot = slot;
        this.patient = patient;
    }

    JobResult result() {
        JobResult ended = result;
        return ended != null ? ended : new JobResult(JobStatus.DEVICE_ERROR, 0, 0, 0, 0);
    }

    @Override
    public Operation operation() {
        return job.operation();
    }

    @Override
    public long source() {
        return job.source();
    }

    @Override
    public long sourceLength() {
        return job.sourceLength();
    }

    @Override
    public long destination() {
        return job.destination();
    }

    @Override
    public long destinationCapacity() {
        return job.destinationCapacity();
    }

    @Override
    public long argument() {
        return job.argument();
    }

    @Override
    public Algorithm algorithm() {
        return job.algorithm();
    }

    @Override
    public int flags() {
        return job.flags();
    }

    @Override
    public long parameters() {
        return job.parameters();
    }

    @Override
    public @Nullable EngineSession session(int number) {
        return slot.session;
    }

    @Override
    public boolean keep(int number, @Nullable EngineSession session) {
        slot.keep(session);
        return true;
    }

    @Override
    public int pasid() {
        return Pasid.NONE;
    }

    @Override
    public DmaPort dma() {
        return memory;
    }

    @Override
    public boolean cancelled() {
        return !patient && Thread.currentThread().isInterrupted();
    }

    @Override
    public void complete(
            JobStatus status, long consumed, long produced, long value, long faultAddress) {
        if (result == null) {
            result = new JobResult(status, consumed, produced, value, faultAddress);
        }
    }
}
