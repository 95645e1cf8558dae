package org.opensva.uacce.client;

import org.jspecify.annotations.Nullable;
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
    private @Nullable JobResult result;

    SoftwareJob(Job job, DmaPort memory) {
        this.job = job;
        this.memory = memory;
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
    public int pasid() {
        return Pasid.NONE;
    }

    @Override
    public DmaPort dma() {
        return memory;
    }

    @Override
    public boolean cancelled() {
        return Thread.currentThread().isInterrupted();
    }

    @Override
    public void complete(
            JobStatus status, long consumed, long produced, long value, long faultAddress) {
        if (result == null) {
            result = new JobResult(status, consumed, produced, value, faultAddress);
        }
    }
}
