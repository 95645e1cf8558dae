package org.opensva.conformance.suite.bench;

import org.opensva.api.accelerator.JobStatus;

/**
 * What a device found when it read eight bytes.
 *
 * @param status how the job ended
 * @param value the bytes, little-endian; 0 unless the job succeeded
 * @param faultAddress where it failed; 0 if it succeeded
 */
public record DeviceRead(JobStatus status, long value, long faultAddress) {

    /**
     * Tells whether the device got data.
     *
     * @return true if the job succeeded
     */
    public boolean succeeded() {
        return status == JobStatus.SUCCESS;
    }
}
