package org.opensva.api.accelerator;

import org.opensva.api.iommu.DmaPort;

/** A job in the hands of an engine. The object is reused for the next job: keep nothing of it. */
public interface JobExecution {

    /**
     * What to do.
     *
     * @return the operation
     */
    Operation operation();

    /**
     * First byte to read.
     *
     * @return a virtual address
     */
    long source();

    /**
     * How many bytes to read, or to fill.
     *
     * @return 0 or more
     */
    long sourceLength();

    /**
     * First byte to write.
     *
     * @return a virtual address
     */
    long destination();

    /**
     * How many bytes may be written.
     *
     * @return 0 or more
     */
    long destinationCapacity();

    /**
     * The argument of the operation.
     *
     * @return for {@link Operation#FILL} the pattern
     */
    long argument();

    /**
     * The PASID to use for every access.
     *
     * @return a PASID
     */
    int pasid();

    /**
     * The way to memory.
     *
     * @return the device's port
     */
    DmaPort dma();

    /**
     * Tells whether the queue was stopped meanwhile; then the engine completes the job as {@link
     * JobStatus#ABORTED} soon.
     *
     * @return true if it was
     */
    boolean cancelled();

    /**
     * Completes the job. See {@link JobResult} for the arguments.
     *
     * @param status how it ended
     * @param consumed bytes of the source that were used
     * @param produced bytes of the destination that were written
     * @param value the value, or 0
     * @param faultAddress the first byte that could not be accessed, or 0
     */
    void complete(JobStatus status, long consumed, long produced, long value, long faultAddress);
}
