package org.opensva.uacce.queue;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;

import java.util.List;
import java.util.function.LongConsumer;

/**
 * Jobs that the driver pushed into the device, as a {@code write(2)} on an idxd node does: first
 * in, first out, with the results kept here until they are collected.
 */
final class DirectJobs {

    private final int depth;
    private @Nullable Slots slots;
    private int first;

    /** How many wait; read without the lock as a hint. */
    private volatile int count;

    /** Made with the first job: most queues never have one. */
    private static final class Slots {
        final JobTable table;
        final int[] waiting;
        final byte[] descriptors;
        final byte[] entry = new byte[QueueLayout.ENTRY_SIZE];

        Slots(int depth) {
            table = new JobTable(depth, JobTable.DIRECT);
            waiting = new int[depth];
            descriptors = new byte[depth << QueueLayout.ENTRY_SHIFT];
        }

        /** Where the descriptor of a slot is. */
        static int at(int slot) {
            return slot << QueueLayout.ENTRY_SHIFT;
        }
    }

    DirectJobs(int depth) {
        this.depth = depth;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /**
     * Accepts jobs; none if there is no room for all of them.
     *
     * @param accepted gets each ticket before any worker can see the job, or null
     */
    synchronized long[] submit(Object owner, List<Job> jobs, @Nullable LongConsumer accepted) {
        Slots all = slots;
        if (all == null) {
            all = new Slots(depth);
            slots = all;
        }
        if (all.table.room() < jobs.size()) {
            return new long[0];
        }
        long[] tickets = new long[jobs.size()];
        for (int i = 0; i < tickets.length; i++) {
            tickets[i] = put(all, owner, jobs.get(i), i);
            if (accepted != null) {
                accepted.accept(tickets[i]);
            }
        }
        count = count + tickets.length;
        return tickets;
    }

    /** Behind those that wait, not counted yet. */
    private long put(Slots all, Object owner, Job job, int ahead) {
        long ticket = all.table.open(owner);
        int slot = JobTable.slotOf(ticket);
        QueueLayout.encode(all.entry, ticket, job);
        System.arraycopy(all.entry, 0, all.descriptors, Slots.at(slot), QueueLayout.ENTRY_SIZE);
        all.waiting[(first + count + ahead) % depth] = slot;
        return ticket;
    }

    /** Takes the next descriptor; false if there is none. */
    synchronized boolean take(byte[] descriptor) {
        Slots all = slots;
        if (count == 0 || all == null) {
            return false;
        }
        int at = Slots.at(next(all));
        System.arraycopy(all.descriptors, at, descriptor, 0, QueueLayout.ENTRY_SIZE);
        return true;
    }

    private synchronized int next(Slots all) {
        int slot = all.waiting[first];
        first = (first + 1) % depth;
        count = count - 1;
        return slot;
    }

    synchronized void finish(
            long ticket,
            JobStatus status,
            long consumed,
            long produced,
            long value,
            long faultAddress) {
        Slots all = slots;
        if (all != null) {
            all.table.finish(ticket, status, consumed, produced, value, faultAddress);
        }
    }

    /** Ends what no worker has taken. */
    synchronized void abortWaiting() {
        Slots all = slots;
        while (count > 0 && all != null) {
            int at = Slots.at(next(all)) + QueueLayout.DESCRIPTOR_TAG;
            all.table.finish(QueueLayout.get(all.descriptors, at), JobStatus.ABORTED, 0, 0, 0, 0);
        }
    }

    /** Ends everything that has not completed. */
    synchronized void abortAll() {
        count = 0;
        Slots all = slots;
        if (all != null) {
            all.table.abortPending();
        }
    }

    synchronized JobTable.State stateOf(long ticket) {
        Slots all = slots;
        return all == null ? JobTable.State.UNKNOWN : all.table.stateOf(ticket);
    }

    /** Collects a job that is done; see {@link JobTable#collect}. */
    synchronized JobStatus collect(long ticket, long[] result) {
        Slots all = slots;
        if (all == null) {
            throw new IllegalStateException("not done: " + ticket);
        }
        return all.table.collect(ticket, result);
    }

    synchronized boolean hasDone(Object owner) {
        Slots all = slots;
        return all != null && all.table.done() > 0 && all.table.hasDone(owner);
    }

    synchronized void forget(Object owner) {
        Slots all = slots;
        if (all != null) {
            all.table.forget(owner);
        }
    }
}
