package com.acme.sva;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;

import java.time.Duration;

/**
 * A queue as one process holds it. Before every use it asks, in this order: is the descriptor open
 * ({@code EBADF}), is the holder's address space the one that the queue is bound to ({@code
 * EPERM}), is the queue alive ({@code ENXIO})? The second question is the policy {@link
 * org.opensva.api.backend.ForeignHandlePolicy#REFUSE}: a child and a receiver are other address
 * spaces, and nothing they do with the handle reaches the opener's memory, or their own.
 */
final class AcmeQueueHandle implements QueueHandle {

    private final AcmeQueue queue;
    private final AcmeProcess holder;
    private final int fd;

    AcmeQueueHandle(AcmeQueue queue, AcmeProcess holder, int fd) {
        this.queue = queue;
        this.holder = holder;
        this.fd = fd;
    }

    @Override
    public Accelerator accelerator() {
        return queue.accelerator();
    }

    @Override
    public SvaProcess holder() {
        return holder;
    }

    @Override
    public int fd() {
        return fd;
    }

    @Override
    public QueueState state() {
        return queue.state();
    }

    @Override
    public Pasid pasid() {
        return queue.bond().pasid();
    }

    private AcmeQueue own(String call) {
        if (!isOpen(holder)) {
            throw badDescriptor(call);
        }
        if (holder.space() != queue.bond().space()) {
            throw new ErrnoException(
                    Errno.EPERM,
                    call + "(" + queue.name() + ")",
                    "it was opened by another address space");
        }
        queue.requireLife(call);
        return queue;
    }

    private boolean isOpen(AcmeProcess process) {
        return process.table().get(fd).filter(file -> file == queue).isPresent();
    }

    private ErrnoException badDescriptor(String call) {
        return new ErrnoException(
                Errno.EBADF, call + "(" + queue.name() + ")", fd + " is not open");
    }

    @Override
    public void start() {
        own("start").start();
    }

    @Override
    public void putQueue() {
        own("put").put();
    }

    @Override
    public void control(int command) {
        own("control");
        throw new ErrnoException(
                Errno.EINVAL,
                "control(" + queue.name() + ")",
                "there is no command 0x" + Integer.toHexString(command));
    }

    @Override
    public long mapRegion(QueueRegion region) {
        own("map");
        throw new ErrnoException(
                Errno.EINVAL, "map(" + queue.name() + ")", "it has no region " + region);
    }

    @Override
    public long submit(Job job) {
        return own("submit").submit(job);
    }

    /** Nothing is there to collect for a holder who may not use the queue. */
    @Override
    public boolean poll(Duration timeout) {
        return isOpen(holder) && holder == queue.opener() && queue.poll(timeout);
    }

    /**
     * Collects a result, of a queue that has died meanwhile too; but only the opener has tickets.
     */
    @Override
    public JobResult await(long ticket, Duration timeout) {
        if (holder != queue.opener()) {
            throw queue.unknown(ticket);
        }
        return queue.await(ticket, timeout);
    }

    @Override
    public QueueHandle inheritedBy(SvaProcess child) {
        AcmeProcess heir = AcmeProcess.of(child);
        if (!isOpen(heir)) {
            throw badDescriptor("inherit");
        }
        return new AcmeQueueHandle(queue, heir, fd);
    }

    @Override
    public QueueHandle passTo(SvaProcess receiver) {
        AcmeProcess other = AcmeProcess.of(receiver);
        if (!isOpen(holder)) {
            throw badDescriptor("pass");
        }
        return new AcmeQueueHandle(queue, other, other.files().receive(holder.table(), fd));
    }

    /** Always allowed. The queue ends with the last descriptor of all processes. */
    @Override
    public void close() {
        holder.table().closeIf(fd, queue);
    }
}
