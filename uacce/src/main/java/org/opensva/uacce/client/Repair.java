package org.opensva.uacce.client;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;

/**
 * Fetches the pages of a job that a device could not have: the process touches them, which a kernel
 * answers where it does not answer the device (no page requests), or where it was too slow to.
 */
final class Repair {

    private Repair() {}

    /** Tells whether a job that was done in part can be done again from its start. */
    static boolean isRestartable(Job job) {
        long sourceEnd = job.source() + job.sourceLength();
        long destinationEnd = job.destination() + job.destinationCapacity();
        return job.sourceLength() == 0
                || job.destinationCapacity() == 0
                || Long.compareUnsigned(sourceEnd, job.destination()) <= 0
                || Long.compareUnsigned(destinationEnd, job.source()) <= 0;
    }

    /**
     * Touches every page of the job.
     *
     * @return false if the process cannot access them either
     */
    static boolean touch(SvaProcess process, Job job) {
        try {
            read(process, job.source(), reads(job) ? job.sourceLength() : 0);
            write(process, job.destination(), job.destinationCapacity());
            return true;
        } catch (CpuFaultException | ErrnoException e) {
            return false;
        }
    }

    private static boolean reads(Job job) {
        return job.operation() != Operation.FILL;
    }

    private static void read(SvaProcess process, long address, long length) {
        byte[] one = new byte[1];
        int page = process.pageSize();
        for (long at = address, end = address + length; at < end; at = (at & -page) + page) {
            process.load(at, one, 0, 1);
        }
    }

    private static void write(SvaProcess process, long address, long length) {
        if (length == 0) {
            return;
        }
        int page = process.pageSize();
        long from = address & -page;
        long to = address + length + page - 1 & -page;
        process.madvise(from, to - from, Advice.POPULATE_WRITE);
    }
}
