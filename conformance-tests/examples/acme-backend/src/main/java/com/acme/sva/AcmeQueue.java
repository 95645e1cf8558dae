package com.acme.sva;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.OpenFile;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A queue, bound for ever to the address space that opened it. It is a file: it lives until the
 * last descriptor of all processes is closed.
 *
 * <p>Every accepted job gets exactly one result, whatever happens to the queue, the process or the
 * device; and when {@link #put} or {@link #release} return, the device touches no memory for it.
 */
final class AcmeQueue implements OpenFile {

    private final AcmeAccelerator accelerator;
    private final AcmeProcess opener;
    private final Bond bond;
    private final int depth;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition progress = lock.newCondition();
    private final Map<Long, Task> accepted = new LinkedHashMap<>();
    private final Map<Long, JobResult> results = new HashMap<>();
    private @Nullable Task running;
    private QueueState state = QueueState.INIT;
    private long lastTicket;

    AcmeQueue(AcmeAccelerator accelerator, AcmeProcess opener, Bond bond, int depth) {
        this.accelerator = accelerator;
        this.opener = opener;
        this.bond = bond;
        this.depth = depth;
    }

    @Override
    public String name() {
        return accelerator.name();
    }

    AcmeAccelerator accelerator() {
        return accelerator;
    }

    AcmeProcess opener() {
        return opener;
    }

    Bond bond() {
        return bond;
    }

    QueueState state() {
        lock.lock();
        try {
            return state;
        } finally {
            lock.unlock();
        }
    }

    // ---- what the program does ------------------------------------------------------------------

    void start() {
        lock.lock();
        try {
            requireLife("start");
            if (state != QueueState.INIT) {
                throw new ErrnoException(Errno.EINVAL, call("start"), "it is started already");
            }
            state = QueueState.STARTED;
        } finally {
            lock.unlock();
        }
    }

    /** Stops; the queue can be started again, and its hardware queue stays taken. */
    void put() {
        lock.lock();
        try {
            requireLife("put");
            state = QueueState.INIT;
            stop();
        } finally {
            lock.unlock();
        }
    }

    long submit(Job job) {
        lock.lock();
        try {
            requireLife("submit");
            if (state != QueueState.STARTED) {
                throw new ErrnoException(Errno.EINVAL, call("submit"), "it is not started");
            }
            // A job keeps its place until its result is collected: the device needs it to report.
            if (accepted.size() + results.size() >= depth) {
                throw new ErrnoException(
                        Errno.EAGAIN, call("submit"), "all " + depth + " places are taken");
            }
            Task task = new Task(this, ++lastTicket, job);
            accepted.put(task.ticket(), task);
            accelerator.accept(task);
            return task.ticket();
        } finally {
            lock.unlock();
        }
    }

    /** Tells whether something has completed that was not collected. A dead queue has nothing. */
    boolean poll(Duration timeout) {
        lock.lock();
        try {
            long left = TimeUnit.NANOSECONDS.convert(timeout);
            while (state != QueueState.ZOMBIE) {
                if (!results.isEmpty()) {
                    return true;
                }
                if (left <= 0) {
                    return false;
                }
                left = progress.awaitNanos(left);
            }
            return false;
        } catch (InterruptedException e) {
            throw interrupted("poll");
        } finally {
            lock.unlock();
        }
    }

    JobResult await(long ticket, Duration timeout) {
        lock.lock();
        try {
            long left = TimeUnit.NANOSECONDS.convert(timeout);
            while (true) {
                JobResult result = results.remove(ticket);
                if (result != null) {
                    return result;
                }
                if (!accepted.containsKey(ticket)) {
                    throw unknown(ticket);
                }
                if (left <= 0) {
                    throw new ErrnoException(
                            Errno.ETIMEDOUT, call("await"), "job " + ticket + " has not ended");
                }
                left = progress.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            throw interrupted("await");
        } finally {
            lock.unlock();
        }
    }

    ErrnoException unknown(long ticket) {
        return new ErrnoException(
                Errno.EINVAL, call("await"), "ticket " + ticket + " is unknown or was collected");
    }

    void requireLife(String call) {
        if (state() == QueueState.ZOMBIE) {
            throw new ErrnoException(Errno.ENXIO, call(call), "the queue is dead");
        }
    }

    private String call(String call) {
        return call + "(" + name() + ")";
    }

    private ErrnoException interrupted(String call) {
        Thread.currentThread().interrupt();
        return new ErrnoException(Errno.EINTR, call(call), "");
    }

    // ---- how it ends ----------------------------------------------------------------------------

    /**
     * The address space has died. Nothing waits here: the device finds no translation any more, so
     * the running job ends by itself, and its result tells that it was aborted.
     */
    void die() {
        lock.lock();
        try {
            state = QueueState.ZOMBIE;
            abort();
            progress.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * The last descriptor is closed: stop, then unbind, then offer the hardware queue to others.
     */
    @Override
    public void release() {
        lock.lock();
        try {
            state = QueueState.ZOMBIE;
            stop();
        } finally {
            lock.unlock();
        }
        accelerator.giveBack(this);
    }

    /** Jobs that wait are aborted; the one that runs is told so. */
    private void abort() {
        for (Task task : new ArrayList<>(accepted.values())) {
            task.cancel();
            if (task != running) {
                complete(task, new JobResult(JobStatus.ABORTED, 0, 0, 0, 0));
            }
        }
    }

    private void stop() {
        abort();
        // For this job only: somebody else may start the queue again meanwhile.
        Task last = running;
        while (last != null && running == last) {
            progress.awaitUninterruptibly();
        }
    }

    // ---- what the worker does -------------------------------------------------------------------

    /** Tells whether the job is still wanted, and if so that it runs from now on. */
    boolean begin(Task task) {
        lock.lock();
        try {
            if (!accepted.containsKey(task.ticket())) {
                return false;
            }
            running = task;
            return true;
        } finally {
            lock.unlock();
        }
    }

    void finish(Task task, JobResult result) {
        lock.lock();
        try {
            running = null;
            complete(task, result);
        } finally {
            lock.unlock();
        }
    }

    private void complete(Task task, JobResult result) {
        accepted.remove(task.ticket());
        results.put(task.ticket(), result);
        progress.signalAll();
    }
}
