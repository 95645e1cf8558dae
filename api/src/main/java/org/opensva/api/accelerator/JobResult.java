package org.opensva.api.accelerator;

/**
 * The result of a job.
 *
 * @param status how it ended
 * @param consumed how many bytes of the source were used
 * @param produced how many bytes of the destination were written, also when the job failed
 * @param value the value that the {@link Operation} says, for example the CRC; otherwise 0
 * @param faultAddress with {@link JobStatus#PAGE_FAULT} the first byte that could not be accessed;
 *     otherwise 0
 */
public record JobResult(
        JobStatus status, long consumed, long produced, long value, long faultAddress) {

    /**
     * Tells whether the job was done.
     *
     * @return true for {@link JobStatus#SUCCESS}
     */
    public boolean succeeded() {
        return status == JobStatus.SUCCESS;
    }
}
