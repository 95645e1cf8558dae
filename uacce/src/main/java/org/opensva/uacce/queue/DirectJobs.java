package org.opensva.uacce.queue;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;

import java.util.function.LongConsumer;

/**
 * Jobs that the driver pushed into the device, as a {@code write(2)} on an idxd node does: first
 * in, first out, with the results kept here until they are collected.
 */
final class DirectJobs {

    private final int depth;
    private final JobTable table;
    private final int[] waiting;
    private final byte[] entry = new byte[QueueLayout.ENTRY_SIZE];
    private byte @Nullable [] descriptors;
    private int first;

    /** How many wait; read without the lock as a hint. */
    private volatile int count;

    DirectJobs(int depth) {
        this.depth = depth;
        table = new JobTable(depth, JobTable.DIRECT);
        waiting = new int[depth];
    }

    boolean isEmpty() {
        return count == 0;
    }

    /**
     * Accepts a job, or returns {@link JobTable#NONE} if there is no room.
     *
     * @param accepted gets the ticket before any worker can see the job, or null
     */
    synchronized long submit(Object owner, Job job, @Nullable LongConsumer accepted) {
        long ticket = table.open(owner);
        if (ticket == JobTable.NONE) {
            return ticket;
        }
        byte[] memory = descriptors;
        if (memory == null) {
            memory = new byte[depth * QueueLayout.ENTRY_SIZE];
            descriptors = memory;
        }
        int slot = (int) ticket & 0xffff;
        QueueLayout.encode(entry, ticket, job);
        System.arraycopy(entry, 0, memory, slot * QueueLayout.ENTRY_SIZE, QueueLayout.ENTRY_SIZE);
        if (accepted != null) {
            accepted.accept(ticket);
        }
        waiting[(first + count) % depth] = slot;
        count = count + 1;
        return ticket;
    }

    /** Takes the next descriptor; false if there is none. */
    synchronized boolean take(byte[] descriptor) {
        byte[] memory = descriptors;
        if (count == 0 || memory == null) {
            return false;
        }
        int slot = waiting[first];
        first = (first + 1) % depth;
        count = count - 1;
        System.arraycopy(
                memory, slot * QueueLayout.ENTRY_SIZE, descriptor, 0, QueueLayout.ENTRY_SIZE);
        return true;
    }

    synchronized void finish(
            long ticket,
            JobStatus status,
            long consumed,
            long produced,
            long value,
            long faultAddress) {
        table.finish(ticket, status, consumed, produced, value, faultAddress);
    }

    /** Ends what no worker has taken. */
    synchronized void abortWaiting() {
        byte[] descriptor = descriptors;
        while (count > 0 && descriptor != null) {
            int at = waiting[first] * QueueLayout.ENTRY_SIZE + QueueLayout.DESCRIPTOR_TAG;
            first = (first + 1) % depth;
            count = count - 1;
            table.finish(QueueLayout.get(descriptor, at), JobStatus.ABORTED, 0, 0, 0, 0);
        }
    }

    /** Ends everything that has not completed. */
    synchronized void abortAll() {
        count = 0;
        table.abortPending();
    }

    synchronized JobTable.State stateOf(long ticket) {
        return table.stateOf(ticket);
    }

    synchronized JobResult collect(long ticket) {
        return table.collect(ticket);
    }

    synchronized boolean hasDone(Object owner) {
        return table.done() > 0 && table.hasDone(owner);
    }

    synchronized void forget(Object owner) {
        table.forget(owner);
    }
}
