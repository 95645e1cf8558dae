package org.opensva.uacce.library;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.DeviceMapping;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.uacce.cdev.JobSpans;
import org.opensva.uacce.cdev.QueueFile;
import org.opensva.uacce.queue.JobTable;
import org.opensva.uacce.queue.QueueLayout;
import org.opensva.uacce.queue.SharedPage;

import java.util.List;

/**
 * The rings of one queue in the memory of one process, and the mapped regions.
 *
 * <p>All accesses are loads and stores of the process. The memory may be taken away under the
 * library (the process unmaps it, execs, or dies); then jobs that have not completed are aborted,
 * and nothing is stored at an address that may belong to somebody else by now.
 *
 * <p><b>Threading.</b> Every method takes the object's own lock.
 */
final class Rings {

    private final QueueFile file;
    private final SvaProcess process;
    private final long addressSpace;
    private final int depth;
    private final JobTable table;
    private final byte[] entry = new byte[QueueLayout.ENTRY_SIZE];

    private final long memory;
    private final long memorySize;
    private final long submission;
    private final long completion;

    private long doorbell;
    private long sharedPage;
    private @Nullable DeviceMapping doorbellMapping;
    private @Nullable DeviceMapping sharedMapping;

    private int start;
    private int submitted;
    private int reaped;
    private boolean running;
    private boolean lost;

    /** Takes memory for the rings. */
    Rings(QueueFile file, SvaProcess process) {
        this.file = file;
        this.process = process;
        int limit = file.hardware().limit();
        depth = Math.max(2, Integer.highestOneBit(limit * 2 - 1));
        addressSpace = process.addressSpace().id();
        table = new JobTable(limit, 0);
        long ring = (long) depth << QueueLayout.ENTRY_SHIFT;
        long page = process.pageSize();
        memorySize = 2 * ring + page - 1 & -page;
        memory = process.mmap(MapRequest.anonymous(memorySize));
        keepFromChildren();
        submission = memory;
        completion = memory + ring;
    }

    /**
     * A fork would make the rings copy-on-write, and a device that cannot have faults served would
     * lose its queue with the first completion after it. A child has no use for them: its handle is
     * foreign.
     */
    private void keepFromChildren() {
        try {
            process.madvise(memory, memorySize, Advice.DONTFORK);
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EINVAL && e.errno() != Errno.EOPNOTSUPP) {
                process.munmap(memory, memorySize);
                throw e;
            }
        }
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
            process.store(completion, new byte[depth << QueueLayout.ENTRY_SHIFT]);
            process.storeLong(sharedPage + SharedPage.SUBMISSION_RING, submission);
            process.storeLong(sharedPage + SharedPage.COMPLETION_RING, completion);
            process.storeLong(sharedPage + SharedPage.DEPTH, depth);
        } catch (CpuFaultException e) {
            throw fault("start", e);
        }
    }

    /** The queue was started with the parameters of {@link #prepare}. */
    synchronized void started(int number) {
        start = number;
        submitted = 0;
        reaped = 0;
        running = true;
    }

    /** Tells whether jobs can go through the rings now. */
    synchronized boolean usable() {
        return running
                && !lost
                && file.hardware().starts() == start
                && file.isMapped(QueueRegion.MMIO, doorbellMapping)
                && file.isMapped(QueueRegion.SHARED, sharedMapping);
    }

    /** Submits; see {@link org.opensva.api.accelerator.QueueHandle#submit}. */
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

    /** Submits all or none; see {@link org.opensva.api.accelerator.QueueHandle#submitAll}. */
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
                    refuse(tickets[i]);
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

    /** Refuses jobs for which there is no room, or which a queue that has stopped would not do. */
    private void admit(int jobs) {
        // The device may still be in a lap that this process has not looked at.
        reap();
        if (lost) {
            throw file.error(Errno.EIO, "submit", "the completion ring is damaged");
        }
        long status = process.loadLong(sharedPage + SharedPage.STATUS);
        if ((status & SharedPage.STATUS_ERROR_MASK) != 0) {
            file.alive("submit");
            throw file.error(
                    Errno.EIO,
                    "submit",
                    "the queue has stopped with error " + (status & SharedPage.STATUS_ERROR_MASK));
        }
        if (table.room() < jobs) {
            throw file.error(Errno.EAGAIN, "submit", "the queue is full");
        }
    }

    /** Stores a descriptor behind those that were rung for. */
    private long put(Job job, int ahead) {
        long ticket = table.open(null);
        JobSpans spans = file.spans();
        if (spans != null) {
            spans.submitted(ticket, spans.begin(process.pid(), job));
        }
        boolean stored = false;
        try {
            QueueLayout.encode(entry, ticket, job);
            process.store(submission + offset(submitted + ahead), entry, 0, entry.length);
            stored = true;
        } finally {
            if (!stored) {
                refuse(ticket);
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
                    refuse(ticket);
                } else {
                    for (long one : tickets) {
                        refuse(one);
                    }
                }
            }
        }
    }

    /** The device does not get a job after all. */
    private void refuse(long ticket) {
        table.cancel(ticket);
        JobSpans spans = file.spans();
        if (spans != null) {
            spans.refused(ticket);
        }
    }

    /** Takes what has completed out of the ring. */
    private void reap() {
        if (!running || lost) {
            return;
        }
        if (process.addressSpace().id() != addressSpace) {
            // The rings were in the address space before exec; here may be anything.
            lost = true;
            return;
        }
        while (reaped != submitted) {
            long from = completion + offset(reaped);
            long phase = process.loadLong(from + QueueLayout.COMPLETION_PHASE);
            if (phase != QueueLayout.phase(reaped, depth)) {
                return;
            }
            process.load(from, entry, 0, QueueLayout.COMPLETION_PHASE);
            long status = QueueLayout.get(entry, QueueLayout.COMPLETION_STATUS);
            boolean known =
                    table.finish(
                            QueueLayout.get(entry, QueueLayout.COMPLETION_TAG),
                            JobStatus.ofCode(Math.clamp(status, -1, Integer.MAX_VALUE)),
                            QueueLayout.get(entry, QueueLayout.COMPLETION_CONSUMED),
                            QueueLayout.get(entry, QueueLayout.COMPLETION_PRODUCED),
                            QueueLayout.get(entry, QueueLayout.COMPLETION_VALUE),
                            QueueLayout.get(entry, QueueLayout.COMPLETION_FAULT_ADDRESS));
            if (!known) {
                // The process wrote over its own ring: no completion can be believed any more.
                lost = true;
                return;
            }
            reaped++;
        }
    }

    private long offset(int index) {
        return (long) (index & depth - 1) << QueueLayout.ENTRY_SHIFT;
    }

    /** Reaps, whatever has become of the memory. */
    private void reapWhatIsThere() {
        try {
            reap();
        } catch (CpuFaultException | ErrnoException e) {
            lost = true;
        }
    }

    /** Takes out what has completed and, if nothing more will, aborts the rest. */
    private void settle() {
        boolean over = running && !file.hardware().serves(start);
        reapWhatIsThere();
        if (over || lost) {
            table.abortPending();
            running &= !over;
        }
    }

    /** Tells whether a result waits to be collected. */
    synchronized boolean ready() {
        settle();
        return table.done() > 0;
    }

    /** Tells whether jobs have not completed. */
    synchronized boolean busy() {
        settle();
        return table.pending() > 0;
    }

    /**
     * Collects a result.
     *
     * @param result takes what {@link JobTable#collect} gives
     * @return how the job ended, or null if it has not
     * @throws ErrnoException {@code EINVAL} for an unknown ticket
     */
    synchronized @Nullable JobStatus collect(long ticket, long[] result) {
        settle();
        return switch (table.stateOf(ticket)) {
            case UNKNOWN -> throw file.error(Errno.EINVAL, "await", "unknown ticket " + ticket);
            case PENDING -> null;
            case DONE -> table.collect(ticket, result);
        };
    }

    /** Aborts what has not completed. */
    synchronized void abort() {
        table.abortPending();
    }

    /** Gives the memory back, if it is still that of this library. */
    synchronized void free() {
        running = false;
        try {
            if (process.addressSpace().id() == addressSpace) {
                process.munmap(memory, memorySize);
            }
        } catch (ErrnoException e) {
            // The process has ended, and its memory with it.
            lost = true;
        }
    }

    private ErrnoException fault(String operation, CpuFaultException e) {
        return file.error(
                Errno.EFAULT, operation, "the library's memory is gone: " + e.getMessage());
    }
}
