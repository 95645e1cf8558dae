package org.opensva.conformance.suite.testbackend;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;

import java.time.Duration;
import java.util.function.Supplier;

/** A descriptor of a queue in one process. */
final class SoftHandle implements QueueHandle {

    private static final long SLOW_JOBS_AFTER = 3;

    private final SoftQueue queue;
    private final SoftProcess holder;
    private final int fd;

    SoftHandle(SoftQueue queue, SoftProcess holder, int fd) {
        this.queue = queue;
        this.holder = holder;
        this.fd = fd;
    }

    private boolean isOpen() {
        return holder.files.get(fd).filter(file -> file == queue).isPresent();
    }

    private boolean isForeign() {
        return holder.mm != queue.mm;
    }

    private <T> T call(String name, Supplier<T> action) {
        return holder.locked(() -> {
            check(name);
            return action.get();
        });
    }

    private void check(String name) {
        if (!isOpen()) {
            throw new ErrnoException(Errno.EBADF, name, "the handle is closed");
        }
        if (isForeign() && queue.device.policy == ForeignHandlePolicy.REFUSE) {
            throw new ErrnoException(Errno.EPERM, name, "the handle is foreign here");
        }
        if (queue.state() == QueueState.ZOMBIE) {
            throw new ErrnoException(Errno.ENXIO, name, "the queue is dead");
        }
    }

    @Override
    public Accelerator accelerator() {
        return queue.device;
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
        return holder.locked(() -> isOpen() ? queue.state() : QueueState.ZOMBIE);
    }

    @Override
    public Pasid pasid() {
        return new Pasid(queue.pasid);
    }

    @Override
    public void start() {
        call(
                "start",
                () -> {
                    if (queue.state != QueueState.INIT
                            && !queue.device.machine.broken(Fault.START_TWICE_IS_ALLOWED)) {
                        throw new ErrnoException(Errno.EINVAL, "start", "it is started");
                    }
                    queue.state = QueueState.STARTED;
                    return true;
                });
    }

    @Override
    public void putQueue() {
        call(
                "put",
                () -> {
                    queue.state = QueueState.INIT;
                    if (queue.device.machine.broken(Fault.PUT_RETURNS_THE_QUEUE)) {
                        queue.giveBack();
                    }
                    return true;
                });
    }

    @Override
    public void control(int command) {
        call(
                "control",
                () -> {
                    throw new ErrnoException(Errno.EINVAL, "control", "unknown command");
                });
    }

    @Override
    public long mapRegion(QueueRegion region) {
        return call(
                "mmap",
                () -> {
                    if (queue.regions.containsKey(region)) {
                        throw new ErrnoException(Errno.EEXIST, "mmap", "mapped already");
                    }
                    long page = holder.mm.place(1);
                    queue.regions.put(region, page);
                    holder.mm.add(
                            new SoftMm.Vma(
                                    page,
                                    page + 1,
                                    Protection.READ_WRITE,
                                    true,
                                    null,
                                    0,
                                    () -> queue.regions.remove(region, page)));
                    return page * SoftMachine.PAGE;
                });
    }

    @Override
    public long submit(Job job) {
        int pasid =
                call(
                        "submit",
                        () -> {
                            if (queue.state != QueueState.STARTED) {
                                throw new ErrnoException(
                                        Errno.EINVAL, "submit", "the queue is not started");
                            }
                            return isForeign()
                                            && queue.device.machine.broken(
                                                    Fault.FOREIGN_HANDLE_ACTS_ON_HOLDER)
                                    ? queue.device.bind(holder.mm)
                                    : queue.pasid;
                        });
        return queue.collectLater(queue.execute(job, pasid));
    }

    @Override
    public boolean poll(Duration timeout) {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (!readable()) {
            if (System.nanoTime() - deadline >= 0) {
                return false;
            }
            Thread.yield();
        }
        return true;
    }

    private boolean readable() {
        return holder.locked(() ->
                isOpen()
                        && !(isForeign() && queue.device.policy == ForeignHandlePolicy.REFUSE)
                        && queue.state() != QueueState.ZOMBIE
                        && !queue.done.isEmpty());
    }

    @Override
    public JobResult await(long ticket, Duration timeout) {
        if (ticket > SLOW_JOBS_AFTER && queue.device.machine.broken(Fault.JOBS_HANG)) {
            throw new ErrnoException(Errno.ETIMEDOUT, "await", "");
        }
        synchronized (queue) {
            JobResult result = queue.done.remove(ticket);
            if (result == null) {
                throw new ErrnoException(Errno.EINVAL, "await", "unknown ticket " + ticket);
            }
            return result;
        }
    }

    @Override
    public QueueHandle inheritedBy(SvaProcess child) {
        SoftProcess other = (SoftProcess) child;
        if (other.files.get(fd).filter(file -> file == queue).isEmpty()) {
            throw new ErrnoException(Errno.EBADF, "fd " + fd, "the child does not have it");
        }
        return new SoftHandle(queue, other, fd);
    }

    @Override
    public QueueHandle passTo(SvaProcess receiver) {
        SoftProcess other = (SoftProcess) receiver;
        return new SoftHandle(queue, other, other.files.receive(holder.files, fd));
    }

    @Override
    public void close() {
        holder.locked(() -> {
            if (isOpen()) {
                holder.files.close(fd);
            }
            return true;
        });
    }
}
