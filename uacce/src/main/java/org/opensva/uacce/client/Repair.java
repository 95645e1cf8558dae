package org.opensva.uacce.client;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;

/**
 * Fetches the pages of a job that a device could not have: the process touches them, which a kernel
 * answers where it does not answer the device (no page requests), or where it was too slow to.
 */
final class Repair {

    private Repair() {}

    /** Tells whether a job that was done in part can be done again from its start. */
    static boolean isRestartable(Job job) {
        if (job.operation() == Operation.BATCH) {
            // Nobody but its author knows what the jobs in it do.
            return false;
        }
        boolean lists = (job.flags() & (JobFlags.SOURCE_LIST | JobFlags.DESTINATION_LIST)) != 0;
        long sourceEnd = job.source() + job.sourceLength();
        long destinationEnd = job.destination() + job.destinationCapacity();
        return job.sourceLength() == 0
                || job.destinationCapacity() == 0
                || (!lists
                        && (Long.compareUnsigned(sourceEnd, job.destination()) <= 0
                                || Long.compareUnsigned(destinationEnd, job.source()) <= 0));
    }

    /**
     * Touches every page of source and destination, and the one where the device failed.
     *
     * @return false if the process cannot access them either
     * @throws ClientException if they are mapped, and there is no memory left for them
     */
    static boolean touch(SvaProcess process, Job job, long faultAddress) {
        try {
            boolean sourceIsData =
                    job.operation() != Operation.FILL && (job.flags() & JobFlags.SOURCE_LIST) == 0;
            boolean destinationIsData = (job.flags() & JobFlags.DESTINATION_LIST) == 0;
            read(process, job.source(), sourceIsData ? job.sourceLength() : 0);
            write(process, job.destination(), destinationIsData ? job.destinationCapacity() : 0);
            read(process, faultAddress, 1);
            populate(process, faultAddress);
            return true;
        } catch (CpuFaultException e) {
            if (e.signal() == Signal.SIGBUS) {
                throw exhausted(faultAddress, e);
            }
            return false;
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ENOMEM && isMapped(process, faultAddress)) {
                throw exhausted(faultAddress, e);
            }
            return false;
        }
    }

    private static ClientException exhausted(long address, RuntimeException e) {
        return new ClientException(
                ClientException.Reason.NO_MEMORY,
                "there is no memory left for 0x%x: %s".formatted(address, e.getMessage()),
                e);
    }

    /** Populating says the same where nothing is mapped and where there are no pages left. */
    private static boolean isMapped(SvaProcess process, long address) {
        try {
            read(process, address, 1);
            return true;
        } catch (CpuFaultException e) {
            return e.signal() == Signal.SIGBUS;
        }
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

    /** An operand of a list or a parameter block: whether it is written is not known here. */
    private static void populate(SvaProcess process, long address) {
        try {
            write(process, address, 1);
        } catch (ErrnoException e) {
            // It may be read-only, and then only be read.
            return;
        }
    }
}
