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
 * A queue as one process holds it. Before every call it asks, in this order: is the handle open, is
 * the queue alive, is the caller's address space the one that the queue is bound to? The last
 * question is the policy {@link org.opensva.api.backend.ForeignHandlePolicy#REFUSE}: a child, a
 * receiver, and the opener itself after exec, are other address spaces.
 */
final class AcmeQueueHandle implements QueueHandle {

    private final AcmeQueue queue;
    private final AcmeProcess holder;
    private final int fd;
    private final boolean opener;
    private volatile boolean closed;

    /** The handle that an open returns. */
    AcmeQueueHandle(AcmeQueue queue, AcmeProcess opener, int fd) {
        this(queue, opener, fd, true);
    }

    private AcmeQueueHandle(AcmeQueue queue, AcmeProcess holder, int fd, boolean opener) {
        this.queue = queue;
        this.holder = holder;
        this.fd = fd;
        this.opener = opener;
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
        boolean open = isOpen(holder);
        if (closed || (!open && queue.bond().space().isAlive())) {
            throw badDescriptor(call);
        }
        queue.requireLife(call);
        if (holder.space() != queue.bond().space()) {
            throw foreign(call);
        }
        return queue;
    }

    private ErrnoException foreign(String call) {
        return new ErrnoException(
                Errno.EPERM,
                call + "(" + queue.name() + ")",
                "it was opened by another address space");
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

    @Override
    public boolean poll(Duration timeout) {
        return queue.state() != QueueState.ZOMBIE && own("poll").poll(timeout);
    }

    /**
     * Collects a result, of a queue that has died meanwhile too; but only the opener has tickets.
     */
    @Override
    public JobResult await(long ticket, Duration timeout) {
        if (!opener) {
            throw foreign("await");
        }
        return queue.await(ticket, timeout);
    }

    @Override
    public QueueHandle inheritedBy(SvaProcess child) {
        AcmeProcess heir = AcmeProcess.of(child);
        if (!isOpen(heir)) {
            throw badDescriptor("inherit");
        }
        return new AcmeQueueHandle(queue, heir, fd, false);
    }

    @Override
    public QueueHandle passTo(SvaProcess receiver) {
        AcmeProcess other = AcmeProcess.of(receiver);
        if (closed || !isOpen(holder)) {
            throw badDescriptor("pass");
        }
        return new AcmeQueueHandle(queue, other, other.files().receive(holder.table(), fd), false);
    }

    /** Always allowed. The queue ends with the last descriptor of all processes. */
    @Override
    public void close() {
        closed = true;
        holder.table().closeIf(fd, queue);
    }
}
