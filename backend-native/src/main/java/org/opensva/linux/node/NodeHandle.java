package org.opensva.linux.node;

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
import org.opensva.uacce.cdev.UacceCommands;

import java.time.Duration;

/**
 * A process's handle of a queue of a real device. In a process that did not open the queue it acts
 * on the memory of the one that did, as the kernel's descriptor does.
 *
 * <p>Regions are mapped by this side, which submits for the process: the kernel maps each once.
 */
public final class NodeHandle implements QueueHandle {

    /** Longer than anybody waits, and far from overflow. */
    private static final long FOREVER = Long.MAX_VALUE / 4;

    private final Accelerator accelerator;
    private final QueueNode queue;
    private final SvaProcess holder;
    private final int fd;
    private final long addressSpace;
    private volatile boolean closed;

    /**
     * Makes a handle.
     *
     * @param accelerator the device
     * @param queue the open queue
     * @param holder who holds the descriptor
     * @param fd the descriptor
     */
    public NodeHandle(Accelerator accelerator, QueueNode queue, SvaProcess holder, int fd) {
        this.accelerator = accelerator;
        this.queue = queue;
        this.holder = holder;
        this.fd = fd;
        addressSpace = holder.addressSpace().id();
    }

    /**
     * Gives a process the descriptor of a queue that it has opened; it is close-on-exec.
     *
     * @param accelerator the device
     * @param queue the open queue, given back if the process cannot have it
     * @param process the process
     * @return its handle
     * @throws ErrnoException {@code EMFILE}, {@code ESRCH}
     */
    public static NodeHandle install(Accelerator accelerator, QueueNode queue, SvaProcess process) {
        boolean done = false;
        try {
            int fd = process.files().install(queue, true);
            done = true;
            return new NodeHandle(accelerator, queue, process, fd);
        } finally {
            if (!done) {
                queue.release();
            }
        }
    }

    @Override
    public Accelerator accelerator() {
        return accelerator;
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
        return closed ? QueueState.ZOMBIE : queue.state();
    }

    @Override
    public Pasid pasid() {
        throw queue.error(
                Errno.EOPNOTSUPP, "pasid", "the kernel does not tell which PASID a queue has");
    }

    @Override
    public void start() {
        enter("start");
        queue.start();
    }

    @Override
    public void putQueue() {
        enter("put");
        queue.stop();
    }

    @Override
    public void control(int command) {
        ioctl(command, 0);
    }

    @Override
    public long ioctl(int command, long argument) {
        enter("ioctl");
        switch (command) {
            case UacceCommands.START_Q -> queue.start();
            case UacceCommands.PUT_Q -> queue.stop();
            default -> {
                return queue.command(holder, command, argument);
            }
        }
        return 0;
    }

    @Override
    public long mapRegion(QueueRegion region) {
        enter("mmap");
        throw queue.error(
                Errno.EOPNOTSUPP,
                "mmap",
                "this backend has it mapped itself, to submit for processes");
    }

    @Override
    public long submit(Job job) {
        enter("submit");
        return queue.submit(this, job);
    }

    @Override
    public boolean poll(Duration timeout) {
        try {
            enter("poll");
        } catch (ErrnoException e) {
            return queue.ready(this);
        }
        return queue.poll(this, deadline(timeout));
    }

    @Override
    public JobResult await(long ticket, Duration timeout) {
        return queue.await(this, ticket, deadline(timeout));
    }

    private static long deadline(Duration timeout) {
        long nanos;
        try {
            nanos = timeout.isNegative() ? 0 : timeout.toNanos();
        } catch (ArithmeticException e) {
            nanos = FOREVER;
        }
        return System.nanoTime() + Math.min(nanos, FOREVER);
    }

    @Override
    public QueueHandle inheritedBy(SvaProcess child) {
        if (child.files().get(fd).filter(queue::equals).isEmpty()) {
            throw queue.error(
                    Errno.EBADF, "inherit", "descriptor %d is not this queue".formatted(fd));
        }
        return new NodeHandle(accelerator, queue, child, fd);
    }

    @Override
    public QueueHandle passTo(SvaProcess receiver) {
        checkOpen("pass");
        int received = receiver.files().receive(holder.files(), fd);
        return new NodeHandle(accelerator, queue, receiver, received);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        queue.forget(this);
        try {
            // The number may belong to another file by now: never close somebody else's.
            if (holder.isAlive() && holder.files().get(fd).filter(queue::equals).isPresent()) {
                holder.closeFile(fd);
            }
        } catch (ErrnoException e) {
            // The process has ended meanwhile, or closed it itself.
            return;
        }
    }

    private void enter(String operation) {
        checkOpen(operation);
        try {
            queue.admit(holder, operation);
            queue.requireAlive(operation);
            if (holder.addressSpace().id() != addressSpace) {
                throw queue.error(
                        Errno.ENXIO, operation, "the holder has called exec since it got it");
            }
        } catch (ErrnoException e) {
            throw e.errno() == Errno.ESRCH ? ended(operation) : e;
        }
    }

    private void checkOpen(String operation) {
        if (closed) {
            throw queue.error(Errno.EBADF, operation, "the handle is closed");
        }
        if (!holder.isAlive()) {
            throw ended(operation);
        }
    }

    private ErrnoException ended(String operation) {
        return queue.error(Errno.EBADF, operation, "its holder has ended");
    }
}
