package org.opensva.api.accelerator;

import java.util.Set;

/**
 * What does the work of an accelerator: the layer that a vendor of an algorithm replaces.
 *
 * <p><b>Threading.</b> {@link #execute} is called by one thread at a time for each engine object; a
 * device makes one for each of its workers.
 */
public interface Engine {

    /**
     * What it can do.
     *
     * @return the operations
     */
    Set<Operation> operations();

    /**
     * With what it can do those that leave a choice.
     *
     * @return the algorithms, without {@link Algorithm#NONE}
     */
    default Set<Algorithm> algorithms() {
        return Set.of();
    }

    /**
     * Which flags of jobs it understands. A job with another one does not reach it.
     *
     * @return bits of {@link JobFlags}
     */
    default int flags() {
        return 0;
    }

    /**
     * Does one job and completes it with exactly one call of {@link JobExecution#complete}. All
     * data goes through {@link JobExecution#dma} with the job's PASID. It looks at {@link
     * JobExecution#cancelled} at least once for every megabyte.
     *
     * @param job the job
     */
    void execute(JobExecution job);
}
