package org.opensva.uacce.library;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.uacce.cdev.JobSpans;
import org.opensva.uacce.cdev.QueueFile;
import org.opensva.uacce.queue.JobTable;
import org.opensva.uacce.queue.QueueLayout;

import java.util.List;

/**
 * Where the jobs of one handle go and come back from, in the memory of its process: the way to the
 * device that needs no system call.
 *
 * <p>All accesses are loads and stores of the process. The memory may be taken away under the
 * library (the process unmaps it, execs, or dies); then jobs that have not completed are aborted,
 * and nothing is stored at an address that may belong to somebody else by now.
 *
 * <p><b>Threading.</b> Every method takes the object's own lock.
 */
abstract sealed class JobLane permits Rings, Records {

    final QueueFile file;
    final SvaProcess process;
    final JobTable table;
    final byte[] entry = new byte[QueueLayout.ENTRY_SIZE];

    /** How many completions the memory has, a power of two. */
    final int depth;

    /** Where the completions are. */
    final long completions;

    /** How many jobs were submitted since the start. */
    int submitted;

    private final long addressSpace;
    private final long memory;
    private final long memorySize;

    private int start;
    private int reaped;
    private boolean running;
    private boolean lost;

    /**
     * Takes memory.
     *
     * @param descriptors how many arrays of entries come before the completions
     */
    JobLane(QueueFile file, SvaProcess process, int descriptors) {
        this.file = file;
        this.process = process;
        int limit = file.hardware().limit();
        depth = Math.max(2, Integer.highestOneBit(limit * 2 - 1));
        addressSpace = process.addressSpace().id();
        table = new JobTable(limit, 0);
        long array = (long) depth << QueueLayout.ENTRY_SHIFT;
        long page = process.pageSize();
        memorySize = (descriptors + 1) * array + page - 1 & -page;
        memory = process.mmap(MapRequest.anonymous(memorySize));
        keepFromChildren();
        completions = memory + descriptors * array;
    }

    /**
     * A fork would make the memory copy-on-write, and a device that cannot have faults served would
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

    /** The first byte of the memory. */
    final long memory() {
        return memory;
    }

    /** The queue was started, after a {@link #settle}. */
    final synchronized void started(int number) {
        start = number;
        submitted = 0;
        reaped = 0;
        running = true;
    }

    /** Tells whether jobs can go this way now. */
    synchronized boolean usable() {
        return running && !lost && file.hardware().starts() == start;
    }

    /** Submits; see {@link org.opensva.api.accelerator.QueueHandle#submit}. */
    abstract long submit(Job job);

    /** Submits all or none; see {@link org.opensva.api.accelerator.QueueHandle#submitAll}. */
    abstract long[] submitAll(List<Job> jobs);

    /** The phase of the next completion of an index. */
    abstract long phase(int index);

    /**
     * The ticket of a completion.
     *
     * @param index how many came before it
     * @param tag what it says
     * @return the ticket, or {@link JobTable#NONE} if that cannot be
     */
    abstract long ticket(int index, long tag);

    /** Refuses jobs for which there is no room, or which a queue that has stopped would not do. */
    final void admit(int jobs) {
        // The device may still be in a lap that this process has not looked at.
        reap();
        if (lost) {
            throw file.error(Errno.EIO, "submit", "the completions are damaged");
        }
        checkStatus();
        if (table.room() < jobs) {
            throw file.error(Errno.EAGAIN, "submit", "the queue is full");
        }
    }

    /** Refuses a queue whose status word tells an error. */
    abstract void checkStatus();

    /** The device does not get a job after all. */
    final void refuse(long ticket, long tag) {
        table.cancel(ticket);
        JobSpans spans = file.spans();
        if (spans != null) {
            spans.refused(tag);
        }
    }

    final void follow(long tag, Job job) {
        JobSpans spans = file.spans();
        if (spans != null) {
            spans.submitted(tag, spans.begin(process.pid(), job));
        }
    }

    /** Takes what has completed out of the memory. */
    private void reap() {
        if (!running || lost) {
            return;
        }
        if (process.addressSpace().id() != addressSpace) {
            // The memory was in the address space before exec; here may be anything.
            lost = true;
            return;
        }
        while (reaped != submitted) {
            long from = completions + offset(reaped);
            long phase = process.loadLong(from + QueueLayout.COMPLETION_PHASE);
            if (phase != phase(reaped)) {
                return;
            }
            process.load(from, entry, 0, QueueLayout.COMPLETION_PHASE);
            long status = QueueLayout.get(entry, QueueLayout.COMPLETION_STATUS);
            boolean known =
                    table.finish(
                            ticket(reaped, QueueLayout.get(entry, QueueLayout.COMPLETION_TAG)),
                            JobStatus.ofCode(Math.clamp(status, -1, Integer.MAX_VALUE)),
                            QueueLayout.get(entry, QueueLayout.COMPLETION_CONSUMED),
                            QueueLayout.get(entry, QueueLayout.COMPLETION_PRODUCED),
                            QueueLayout.get(entry, QueueLayout.COMPLETION_VALUE),
                            QueueLayout.get(entry, QueueLayout.COMPLETION_FAULT_ADDRESS));
            if (!known) {
                // The process wrote over its own completions: no completion can be believed any
                // more.
                lost = true;
                return;
            }
            reaped++;
        }
    }

    final long offset(int index) {
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
    final void settle() {
        boolean over = running && !file.hardware().serves(start);
        reapWhatIsThere();
        if (over || lost) {
            table.abortPending();
            running &= !over;
        }
    }

    /** Tells whether a result waits to be collected. */
    final synchronized boolean ready() {
        settle();
        return table.done() > 0;
    }

    /** Tells whether jobs have not completed. */
    final synchronized boolean busy() {
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
    final synchronized @Nullable JobStatus collect(long ticket, long[] result) {
        settle();
        return switch (table.stateOf(ticket)) {
            case UNKNOWN -> throw file.error(Errno.EINVAL, "await", "unknown ticket " + ticket);
            case PENDING -> null;
            case DONE -> table.collect(ticket, result);
        };
    }

    /** Aborts what has not completed. */
    final synchronized void abort() {
        table.abortPending();
    }

    /** Gives the memory back, if it is still that of this library. */
    final synchronized void free() {
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

    final ErrnoException fault(String operation, CpuFaultException e) {
        return file.error(
                Errno.EFAULT, operation, "the library's memory is gone: " + e.getMessage());
    }
}
