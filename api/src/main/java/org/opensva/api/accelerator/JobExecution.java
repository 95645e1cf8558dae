package org.opensva.api.accelerator;

import org.jspecify.annotations.Nullable;
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
     * With what the operation is to be done.
     *
     * @return an algorithm that serves the operation; {@link Algorithm#NONE} where it leaves no
     *     choice
     */
    default Algorithm algorithm() {
        return Algorithm.NONE;
    }

    /**
     * How the fields are meant.
     *
     * @return bits of {@link JobFlags} that the engine understands and the operation takes
     */
    default int flags() {
        return 0;
    }

    /**
     * Where the parameter block is.
     *
     * @return with {@link JobFlags#PARAMETERS} a virtual address; otherwise 0
     */
    default long parameters() {
        return 0;
    }

    /**
     * The stream with a number on the queue of this job.
     *
     * @param number 0 to {@link JobParameters#SESSIONS}-1
     * @return what {@link #keep} was given; null if there is none
     */
    default @Nullable EngineSession session(int number) {
        return null;
    }

    /**
     * Keeps a stream for later jobs of the same queue, in place of the one that was there, which is
     * closed unless it is the same. The queue closes it when it stops.
     *
     * @param number 0 to {@link JobParameters#SESSIONS}-1
     * @param session the stream; null to keep none
     * @return false if the queue cannot keep streams; the caller still owns it then
     */
    default boolean keep(int number, @Nullable EngineSession session) {
        return false;
    }

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
