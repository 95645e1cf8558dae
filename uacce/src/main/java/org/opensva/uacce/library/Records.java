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

import java.util.List;

/**
 * The completions of a part in the shared queue in the memory of one process. Each command says
 * where its completion goes; it is submitted through the mapped portal, or through the descriptor
 * where that is not mapped or processors cannot.
 *
 * <p><b>Threading.</b> Every method takes the object's own lock.
 */
final class Records extends JobLane {

    /** By completion: whose it is. */
    private final long[] tickets;

    private long portal;
    private @Nullable DeviceMapping portalMapping;
    private boolean processorsCan = true;

    /** Takes memory for the completions. */
    Records(QueueFile file, SvaProcess process) {
        super(file, process, 0);
        tickets = new long[depth];
    }

    /** Before START, or to take part in what was started. */
    synchronized void prepare(long address, @Nullable DeviceMapping mapping) {
        settle();
        portal = address;
        portalMapping = mapping;
    }

    @Override
    long phase(int index) {
        return 1;
    }

    @Override
    long ticket(int index, long tag) {
        return tag == completions + offset(index) ? tickets[index & depth - 1] : JobTable.NONE;
    }

    @Override
    void checkStatus() {
        file.started("submit");
    }

    @Override
    synchronized long submit(Job job) {
        try {
            admit(1);
            long record = completions + offset(submitted);
            process.storeLong(record + QueueLayout.COMPLETION_PHASE, 0);
            long ticket = table.open(null);
            tickets[submitted & depth - 1] = ticket;
            follow(record, job);
            boolean taken = false;
            try {
                QueueLayout.encodeShared(entry, record, job);
                taken = enqueue();
            } finally {
                if (!taken) {
                    refuse(ticket, record);
                }
            }
            if (!taken) {
                file.started("submit");
                throw file.error(Errno.EAGAIN, "submit", "the shared queue is full");
            }
            submitted++;
            return ticket;
        } catch (CpuFaultException e) {
            file.alive("submit");
            throw fault("submit", e);
        }
    }

    private boolean enqueue() {
        if (processorsCan && file.isMapped(QueueRegion.MMIO, portalMapping)) {
            try {
                return process.enqueue(portal, entry);
            } catch (ErrnoException e) {
                if (e.errno() != Errno.ENOSYS) {
                    throw e;
                }
                processorsCan = false;
            }
        }
        return file.enqueue(process, entry);
    }

    @Override
    long[] submitAll(List<Job> jobs) {
        return switch (jobs.size()) {
            case 0 -> new long[0];
            case 1 -> new long[] {submit(jobs.getFirst())};
            default ->
                    throw file.error(
                            Errno.EOPNOTSUPP, "submit", "a shared queue takes jobs one by one");
        };
    }
}
