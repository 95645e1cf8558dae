package org.opensva.linux.uacce;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.process.CpuFaultException;

import java.util.Set;
import java.util.SortedMap;

/**
 * What the descriptors of a kind of device say.
 *
 * <p><b>Threading.</b> The caller sees to it that one call runs at a time.
 */
interface QueueFormat {

    /** Size of a descriptor in bytes. */
    int descriptorSize();

    /**
     * What the device can be asked for, by the type of the queue that it takes ({@code
     * hisi_qp_ctx.qc_type}): one queue of the hardware is opened for each type.
     */
    SortedMap<Integer, Set<Operation>> operations();

    /**
     * Encodes a job.
     *
     * @param tag 0 to 65534: where in the ring the descriptor will be
     * @param job the work
     * @return what the device gets, or why it does not get it
     */
    Encoding encode(int tag, Job job);

    /** What became of a job. */
    sealed interface Encoding {}

    /**
     * Why the device is not asked.
     *
     * @param result how the job ends
     */
    record Refusal(JobResult result) implements Encoding {
        Refusal(JobStatus status) {
            this(failed(status));
        }
    }

    /** What the device gets. */
    final class Work implements Encoding {

        private final byte[] descriptor;
        private final Outcome outcome;

        /**
         * Describes work.
         *
         * @param descriptor its bytes, not changed any more
         * @param outcome reads the result
         */
        Work(byte[] descriptor, Outcome outcome) {
            this.descriptor = descriptor;
            this.outcome = outcome;
        }

        byte[] descriptor() {
            return descriptor;
        }

        Outcome outcome() {
            return outcome;
        }
    }

    /** Reads the result of a job. */
    interface Outcome {

        /**
         * Reads.
         *
         * @param descriptor as the device has left it
         * @return the result
         */
        JobResult result(byte[] descriptor);
    }

    /** The result of a job for which memory of the process could not be accessed here. */
    static JobResult faulted(CpuFaultException fault) {
        return new JobResult(JobStatus.PAGE_FAULT, 0, 0, 0, fault.address());
    }

    /** A result that has nothing but a status. */
    static JobResult failed(JobStatus status) {
        return new JobResult(status, 0, 0, 0, 0);
    }
}
