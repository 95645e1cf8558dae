package org.opensva.conformance.programs;

import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.process.Errno;

/**
 * What a step showed.
 *
 * @param kind what happened
 * @param value what was read, or the PASID of a queue that was opened; otherwise 0
 * @param detail the error number or the status of the job, otherwise empty
 */
public record Observation(Kind kind, long value, String detail) {

    /** What can happen. */
    public enum Kind {
        /** The step was done. */
        DONE,
        /** Something was read. */
        VALUE,
        /** The processor's access faulted. */
        FAULT,
        /** The kernel or the driver refused. */
        REFUSED,
        /** The job failed. */
        JOB_FAILED
    }

    static Observation done() {
        return new Observation(Kind.DONE, 0, "");
    }

    static Observation done(long value) {
        return new Observation(Kind.DONE, value, "");
    }

    static Observation read(long value) {
        return new Observation(Kind.VALUE, value, "");
    }

    static Observation fault() {
        return new Observation(Kind.FAULT, 0, "");
    }

    static Observation refused(Errno errno) {
        return new Observation(Kind.REFUSED, 0, errno.name());
    }

    static Observation failed(JobStatus status) {
        return new Observation(Kind.JOB_FAILED, 0, status.name());
    }

    boolean isRefusal(Errno... allowed) {
        if (kind != Kind.REFUSED) {
            return false;
        }
        for (Errno errno : allowed) {
            if (errno.name().equals(detail)) {
                return true;
            }
        }
        return false;
    }

    /**
     * The observation in words.
     *
     * @return a few words
     */
    public String text() {
        return switch (kind) {
            case DONE -> "done";
            case VALUE -> "0x" + Long.toHexString(value);
            case FAULT -> "a memory fault of the process";
            case REFUSED -> "refused with " + detail;
            case JOB_FAILED -> "the job failed with " + detail;
        };
    }
}
