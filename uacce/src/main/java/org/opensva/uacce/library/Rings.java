package org.opensva.uacce.library;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.DeviceMapping;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.uacce.cdev.QueueFile;
import org.opensva.uacce.queue.JobTable;
import org.opensva.uacce.queue.QueueLayout;
import org.opensva.uacce.queue.SharedPage;

import java.util.List;

/**
 * The rings of a dedicated queue in the memory of one process, and the mapped regions.
 *
 * <p><b>Threading.</b> Every method takes the object's own lock.
 */
final class Rings extends JobLane {

    private final long submission;
    private long doorbell;
    private long sharedPage;
    private @Nullable DeviceMapping doorbellMapping;
    private @Nullable DeviceMapping sharedMapping;

    /** Takes memory for the rings. */
    Rings(QueueFile file, SvaProcess process) {
        super(file, process, 1);
        submission = memory();
    }

    /**
     * Writes the parameters and clears the completions, before START.
     *
     * @throws ErrnoException {@code EFAULT} if the process has taken the memory away
     */
    synchronized void prepare(
            long doorbellAddress,
            @Nullable DeviceMapping doorbellNow,
            long sharedAddress,
            @Nullable DeviceMapping sharedNow) {
        settle();
        doorbell = doorbellAddress;
        doorbellMapping = doorbellNow;
        sharedPage = sharedAddress;
        sharedMapping = sharedNow;
        try {
            process.store(completions, new byte[depth << QueueLayout.ENTRY_SHIFT]);
            process.storeLong(sharedPage + SharedPage.SUBMISSION_RING, submission);
            process.storeLong(sharedPage + SharedPage.COMPLETION_RING, completions);
            process.storeLong(sharedPage + SharedPage.DEPTH, depth);
        } catch (CpuFaultException e) {
            throw fault("start", e);
        }
    }

    @Override
    synchronized boolean usable() {
        return super.usable()
                && file.isMapped(QueueRegion.MMIO, doorbellMapping)
                && file.isMapped(QueueRegion.SHARED, sharedMapping);
    }

    @Override
    long phase(int index) {
        return QueueLayout.phase(index, depth);
    }

    @Override
    long ticket(int index, long tag) {
        return tag;
    }

    @Override
    void checkStatus() {
        long status = process.loadLong(sharedPage + SharedPage.STATUS);
        if ((status & SharedPage.STATUS_ERROR_MASK) != 0) {
            file.alive("submit");
            throw file.error(
                    Errno.EIO,
                    "submit",
                    "the queue has stopped with error " + (status & SharedPage.STATUS_ERROR_MASK));
        }
    }

    @Override
    synchronized long submit(Job job) {
        try {
            admit(1);
            long ticket = put(job, 0);
            ring(1, ticket, null);
            return ticket;
        } catch (CpuFaultException e) {
            file.alive("submit");
            throw fault("submit", e);
        }
    }

    @Override
    synchronized long[] submitAll(List<Job> jobs) {
        long[] tickets = new long[jobs.size()];
        if (tickets.length == 0) {
            return tickets;
        }
        int filled = 0;
        try {
            admit(tickets.length);
            try {
                for (Job job : jobs) {
                    tickets[filled] = put(job, filled);
                    filled++;
                }
            } catch (CpuFaultException e) {
                for (int i = 0; i < filled; i++) {
                    refuse(tickets[i], tickets[i]);
                }
                throw e;
            }
            ring(filled, JobTable.NONE, tickets);
            return tickets;
        } catch (CpuFaultException e) {
            file.alive("submit");
            throw fault("submit", e);
        }
    }

    /** Stores a descriptor behind those that were rung for. */
    private long put(Job job, int ahead) {
        long ticket = table.open(null);
        follow(ticket, job);
        boolean stored = false;
        try {
            QueueLayout.encode(entry, ticket, job);
            process.store(submission + offset(submitted + ahead), entry, 0, entry.length);
            stored = true;
        } finally {
            if (!stored) {
                refuse(ticket, ticket);
            }
        }
        return ticket;
    }

    /** Tells the device of descriptors that were stored: of one ticket or of several. */
    private void ring(int count, long ticket, long @Nullable [] tickets) {
        boolean rung = false;
        try {
            process.storeLong(doorbell + QueueLayout.DOORBELL, submitted + count & 0xffff_ffffL);
            submitted += count;
            rung = true;
        } finally {
            if (!rung) {
                if (tickets == null) {
                    refuse(ticket, ticket);
                } else {
                    for (long one : tickets) {
                        refuse(one, one);
                    }
                }
            }
        }
    }
}
