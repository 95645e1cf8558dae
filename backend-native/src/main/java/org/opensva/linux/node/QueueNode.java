package org.opensva.linux.node;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.OpenFile;
import org.opensva.api.process.SvaProcess;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.process.NodeCalls;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One open queue: what all handles of it, in all processes, share.
 *
 * <p>The kernel has bound the memory of the process that opened it, and takes translations away
 * from the device without this side; what is here is the user's half. Once the kernel has reported
 * the end of that memory the queue is dead: the device works on nothing any more, so that jobs
 * without a completion are aborted ones.
 *
 * <p><b>Threading.</b> Any thread may call. The end of the address space takes no lock.
 */
public final class QueueNode implements OpenFile {

    /** Several may wait for one descriptor; who does not get the event looks again after this. */
    private static final long GLANCE_NANOS = 2_000_000;

    private static final JobResult ABORTED = new JobResult(JobStatus.ABORTED, 0, 0, 0, 0);

    /** Owns the jobs of handles that were closed. */
    private static final Object ORPHAN = new Object();

    private record Pending(Object owner, @Nullable JobResult result) {

        boolean isOf(Object other) {
            return owner.equals(other);
        }
    }

    private final String name;
    private final Descriptor node;
    private final DeviceQueue device;
    private final SvaProcess opener;
    private final AddressSpace space;
    private final ForeignHandlePolicy policy;
    private final AddressSpace.Subscription subscription;
    private final Runnable closed;
    private final ReentrantLock lock = new ReentrantLock();

    /** By tag, guarded by the lock. */
    private final Map<Long, Pending> jobs = new HashMap<>();

    private long nextTag = 1;
    private boolean released;
    private volatile QueueState state = QueueState.INIT;
    private volatile boolean dead;

    /**
     * Takes over an open queue.
     *
     * @param name of the device
     * @param opener the process that has opened it
     * @param node its descriptor, owned from now on
     * @param device what is behind it, owned from now on
     * @param policy what a handle may do in another process, as the driver decides it
     * @param closed told when the queue has been given back
     * @throws ErrnoException if the process has ended; then nothing was taken over
     */
    public QueueNode(
            String name,
            SvaProcess opener,
            Descriptor node,
            DeviceQueue device,
            ForeignHandlePolicy policy,
            Runnable closed) {
        this.name = name;
        this.opener = opener;
        this.node = node;
        this.policy = policy;
        this.device = device;
        this.closed = closed;
        space = opener.addressSpace();
        subscription = space.subscribe(new End());
    }

    private final class End implements AddressSpaceListener {

        /** The kernel takes the device's translations away itself, whatever is heard of here. */
        @Override
        public void invalidate(AddressRange range) {}

        @Override
        public void release() {
            dead = true;
        }
    }

    @Override
    public String name() {
        return name;
    }

    /**
     * The state.
     *
     * @return {@link QueueState#ZOMBIE} once the memory it was opened for has ended
     */
    public QueueState state() {
        return dead ? QueueState.ZOMBIE : state;
    }

    /**
     * The address space that the kernel has bound.
     *
     * @return that of the opener
     */
    public AddressSpace space() {
        return space;
    }

    /**
     * Starts.
     *
     * @throws ErrnoException {@code EINVAL} if it is started, {@code ENXIO} if it is dead
     */
    void start() {
        lock.lock();
        try {
            requireAlive("start");
            // The kernel knows best: it is asked also where the answer seems clear.
            device.start();
            state = QueueState.STARTED;
        } finally {
            lock.unlock();
        }
    }

    void stop() {
        lock.lock();
        try {
            requireAlive("put");
            if (state == QueueState.STARTED) {
                device.stop();
                collectNow();
                abortPending();
                state = QueueState.INIT;
            }
        } finally {
            lock.unlock();
        }
    }

    long submit(Object owner, Job job) {
        lock.lock();
        try {
            requireAlive("submit");
            if (state != QueueState.STARTED) {
                throw error(Errno.EINVAL, "submit", "the queue is not started");
            }
            long tag = nextTag;
            if (jobs.size() >= device.depth()) {
                throw error(Errno.EAGAIN, "submit", "the queue is full");
            }
            if (!device.submit(tag, job)) {
                throw error(Errno.EAGAIN, "submit", "the device is full");
            }
            nextTag = nextTag == Integer.MAX_VALUE ? 1 : nextTag + 1;
            jobs.put(tag, new Pending(owner, null));
            return tag;
        } finally {
            lock.unlock();
        }
    }

    /** Whether something is there for an owner, now. */
    boolean ready(Object owner) {
        lock.lock();
        try {
            collectNow();
            return jobs.values().stream().anyMatch(job -> job.isOf(owner) && job.result() != null);
        } finally {
            lock.unlock();
        }
    }

    boolean poll(Object owner, long deadline) {
        while (true) {
            boolean over = dead;
            if (ready(owner)) {
                return true;
            }
            if (over || !glance(deadline)) {
                return false;
            }
        }
    }

    JobResult await(Object owner, long ticket, long deadline) {
        while (true) {
            boolean over = dead;
            lock.lock();
            try {
                Pending job = jobs.get(ticket);
                if (job == null || !job.isOf(owner)) {
                    throw error(Errno.EINVAL, "await", "unknown ticket " + ticket);
                }
                collectNow();
                job = jobs.getOrDefault(ticket, job);
                JobResult result = job.result();
                if (result == null && (over || released)) {
                    result = ABORTED;
                }
                if (result != null) {
                    jobs.remove(ticket);
                    return result;
                }
            } finally {
                lock.unlock();
            }
            if (!glance(deadline)) {
                throw error(Errno.ETIMEDOUT, "await", "the job has not completed in time");
            }
        }
    }

    /** Waits a little; false if the time is over. */
    private boolean glance(long deadline) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
            return false;
        }
        device.await(Duration.ofNanos(Math.min(left, GLANCE_NANOS)));
        return true;
    }

    private void collectNow() {
        if (!dead && isSameProgram()) {
            device.collect((tag, result) ->
                    jobs.computeIfPresent(tag, (key, job) -> new Pending(job.owner(), result)));
        }
    }

    /** Memory of the queue in the process is gone with its old program. */
    private boolean isSameProgram() {
        try {
            return opener.addressSpace().id() == space.id();
        } catch (ErrnoException e) {
            return false;
        }
    }

    private void abortPending() {
        jobs.replaceAll(
                (tag, job) -> job.result() == null ? new Pending(job.owner(), ABORTED) : job);
    }

    long command(SvaProcess caller, int command, long argument) {
        requireAlive("ioctl");
        return KernelErrors.check(
                NodeCalls.command(caller, node, command, argument), "ioctl(" + name + ")");
    }

    /** Forgets what a handle has not collected; its jobs may still run. */
    void forget(Object owner) {
        lock.lock();
        try {
            collectNow();
            jobs.replaceAll((tag, job) -> job.isOf(owner) ? orphan(job) : job);
            jobs.values().removeIf(job -> job.isOf(ORPHAN) && job.result() != null);
        } finally {
            lock.unlock();
        }
    }

    private static Pending orphan(Pending job) {
        return new Pending(ORPHAN, job.result());
    }

    void requireAlive(String operation) {
        if (dead || released) {
            throw error(Errno.ENXIO, operation, "the queue is dead");
        }
    }

    /** Refuses a holder in another address space, if that is what the driver does. */
    void admit(SvaProcess holder, String operation) {
        if (policy == ForeignHandlePolicy.REFUSE && holder.addressSpace().id() != space.id()) {
            throw error(Errno.EPERM, operation, "the queue is bound to another process's memory");
        }
    }

    ErrnoException error(Errno errno, String operation, String detail) {
        return new ErrnoException(errno, operation + "(" + name + ")", detail);
    }

    /**
     * Closing the descriptor is not enough: a thread that sleeps in {@code poll(2)} keeps the file
     * open until it wakes, and the device would go on until then in memory that is not bound any
     * more for anybody who asks.
     */
    private void bringToRest() {
        if (state != QueueState.STARTED) {
            return;
        }
        state = QueueState.INIT;
        try {
            device.stop();
        } catch (ErrnoException e) {
            // A device that is gone, or that a driver has reset, is at rest.
            return;
        }
    }

    @Override
    public void release() {
        lock.lock();
        try {
            if (released) {
                return;
            }
            collectNow();
            abortPending();
            released = true;
            bringToRest();
            boolean here = !dead && isSameProgram();
            dead = true;
            device.close(here);
            node.close();
        } finally {
            lock.unlock();
        }
        subscription.close();
        closed.run();
    }
}
