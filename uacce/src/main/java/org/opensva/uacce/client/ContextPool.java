package org.opensva.uacce.client;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.uacce.client.ClientException.Reason;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Contexts of one process on any number of accelerators, and buffers in its memory: where a program
 * sends its jobs.
 *
 * <p><b>Waiting.</b> {@link #run} waits in the calling thread. {@link #submit} hands out a future;
 * it waits only while all windows are full, interrupted or not, and so holds a producer back that
 * is faster than the devices. Futures are completed in threads of their own: what depends on them
 * may block.
 *
 * <p><b>Results.</b> What the job itself is to blame for is a {@link JobResult}. That a device
 * failed, was reset, isolated or removed is not: the job is tried again, elsewhere if possible, as
 * long as it can be done again from its start (source and destination apart). Only when nothing
 * helps there is a {@link ClientException}. A page that the device cannot have but the process can
 * is fetched by the process, and the job tried again.
 *
 * <p><b>Giving up.</b> Nothing can take a job back from a device. A caller that stops waiting (time
 * is up, the thread is interrupted, the future is cancelled) leaves the job under way; memory may
 * be used for something else when {@code landed} has been called, not before.
 *
 * <p><b>Fork and exec.</b> Queues belong to the address space that opened them. The pool that a
 * child inherits ({@link #inheritedBy}) refuses everything until {@link #reopen}, which closes the
 * inherited descriptors and opens queues of the child's own; so does the pool of a process that has
 * called exec. The parent's pool is not affected by either.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class ContextPool implements AutoCloseable {

    private final SvaProcess process;
    private final List<Accelerator> accelerators;
    private final PoolConfig config;
    private final PoolCounters counters = new PoolCounters();
    private final @Nullable SoftwareContext software;
    private final Dispatcher dispatcher;

    private final Object control = new Object();
    private volatile @Nullable Attachment attachment;
    private final List<QueueHandle> inherited;
    private volatile boolean closed;

    private ContextPool(
            SvaProcess process,
            List<Accelerator> accelerators,
            PoolConfig config,
            List<QueueHandle> inherited) {
        this.process = process;
        this.accelerators = List.copyOf(accelerators);
        this.config = config;
        this.inherited = inherited;
        software = config.software().map(f -> new SoftwareContext(process, f)).orElse(null);
        dispatcher = new Dispatcher(process, config, counters, software, this::usable);
    }

    /**
     * Opens contexts for a process.
     *
     * @param process who works; it stays open when the pool is closed
     * @param accelerators where to open contexts; those without SVA are left out
     * @param config what the pool shall be like
     * @return the open pool
     * @throws ClientException if not one context can be opened and no software was declared
     */
    public static ContextPool open(
            SvaProcess process, List<Accelerator> accelerators, PoolConfig config) {
        ContextPool pool = new ContextPool(process, accelerators, config, new ArrayList<>());
        pool.attach();
        return pool;
    }

    private void attach() {
        if (!process.isAlive()) {
            throw new ClientException(Reason.PROCESS_ENDED, "the process has ended", null);
        }
        Attachment made =
                Attachment.open(config, process, accelerators, counters, dispatcher::arrived);
        if (made.contexts().isEmpty() && software == null) {
            made.close();
            ErrnoException refusal = made.refusal();
            throw new ClientException(
                    Reason.NO_DEVICE,
                    refusal == null
                            ? "there is no accelerator with SVA"
                            : "no queue can be opened: " + refusal.getMessage(),
                    refusal);
        }
        attachment = made;
    }

    /**
     * The process.
     *
     * @return who works
     */
    public SvaProcess process() {
        return process;
    }

    /**
     * What the pool was opened with.
     *
     * @return the configuration
     */
    public PoolConfig config() {
        return config;
    }

    /**
     * Who would do a job now.
     *
     * @param operation what to do
     * @return a device, the software fallback, or nobody
     */
    public Placement placement(Operation operation) {
        return placement(operation, Algorithm.NONE);
    }

    /**
     * Who would do a job with an algorithm now.
     *
     * @param operation what to do
     * @param algorithm with what; {@link Algorithm#NONE} for any
     * @return a device, the software fallback, or nobody, as also while the pool is not usable
     */
    public Placement placement(Operation operation, Algorithm algorithm) {
        Attachment current = attachment;
        if (closed || current == null || !process.isAlive() || !current.isIn(process)) {
            return Placement.NOBODY;
        }
        if (current.knows(operation, algorithm)) {
            return Placement.DEVICE;
        }
        return software != null && software.knows(operation, algorithm)
                ? Placement.SOFTWARE
                : Placement.NOBODY;
    }

    /**
     * How many contexts there are.
     *
     * @return those whose device is not gone
     */
    public int contexts() {
        Attachment current = attachment;
        return current == null
                ? 0
                : (int) current.contexts().stream().filter(c -> !c.isGone()).count();
    }

    /**
     * What was done so far.
     *
     * @return a snapshot
     */
    public PoolStatistics statistics() {
        return counters.snapshot();
    }

    /**
     * How many bytes of the process's memory the buffers take.
     *
     * @return bytes, lent out or idle
     */
    public long bufferBytes() {
        Attachment current = attachment;
        return current == null ? 0 : current.buffers().mapped();
    }

    /**
     * Borrows memory for jobs.
     *
     * @param size how many bytes at least, 0 or more
     * @return the buffer; what it contains is left over from earlier use
     * @throws ClientException {@link Reason#NO_MEMORY}, or if the pool is not usable
     */
    public Buffer buffer(long size) {
        return usable().buffers().take(size, false);
    }

    /**
     * Borrows memory for secrets: it is overwritten with zeros before it is used for anything else.
     *
     * @param size how many bytes at least, 0 or more
     * @return the buffer
     * @throws ClientException {@link Reason#NO_MEMORY}, or if the pool is not usable
     */
    public Buffer secretBuffer(long size) {
        return usable().buffers().take(size, true);
    }

    /**
     * Has a job done and waits for it, as long as the configuration says.
     *
     * @param job the work
     * @return how it ended
     * @throws ClientException if it could not be done
     */
    public JobResult run(Job job) {
        return run(job, config.timeout(), ContextPool::nothing);
    }

    /**
     * Has a job done and waits for it.
     *
     * @param job the work
     * @param timeout how long to wait at most
     * @param landed called once when no device can touch the job's memory any more: before the call
     *     returns, or later if the caller's time was up
     * @return how it ended
     * @throws ClientException if it could not be done
     */
    public JobResult run(Job job, Duration timeout, Runnable landed) {
        return dispatcher.run(job, timeout, landed, false);
    }

    /**
     * Has a job done and waits for it as long as the configuration says, also while the thread is
     * interrupted; it stays so. For what stands in for calls that know no interrupts.
     *
     * @param job the work
     * @param landed as for {@link #run(Job, Duration, Runnable)}
     * @return how it ended
     * @throws ClientException if it could not be done, but never {@link Reason#INTERRUPTED}
     */
    public JobResult runUninterruptibly(Job job, Runnable landed) {
        return dispatcher.run(job, config.timeout(), landed, true);
    }

    /**
     * Submits a job. The call waits while all windows are full.
     *
     * @param job the work
     * @return how it ends; exceptionally with a {@link ClientException} if it cannot be done
     */
    public CompletableFuture<JobResult> submit(Job job) {
        return submit(job, ContextPool::nothing);
    }

    /**
     * Submits a job. The call waits while all windows are full.
     *
     * @param job the work
     * @param landed called once when no device can touch the job's memory any more; before the
     *     future is completed with a result, and possibly long after it was cancelled. It must not
     *     block
     * @return how it ends; exceptionally with a {@link ClientException} if it cannot be done
     */
    public CompletableFuture<JobResult> submit(Job job, Runnable landed) {
        return dispatcher.submit(job, landed);
    }

    /**
     * Begins a stream: jobs that one queue of one device keeps something between, such as a digest
     * of data that comes in pieces.
     *
     * @param operation what the jobs do
     * @return the stream; close it
     * @throws ClientException if no device that is there can do it, or none can keep one stream
     *     more
     */
    public JobStream stream(Operation operation) {
        return dispatcher.stream(operation);
    }

    private static void nothing() {}

    private Attachment usable() {
        Attachment current = attachment;
        if (closed) {
            throw new ClientException(Reason.CLOSED, "the pool is closed", null);
        }
        if (!process.isAlive()) {
            throw new ClientException(
                    Reason.PROCESS_ENDED, "process %d has ended".formatted(process.pid()), null);
        }
        if (current == null) {
            throw new ClientException(
                    Reason.FORKED,
                    "process %d inherited this pool over fork: call reopen() to use it here"
                            .formatted(process.pid()),
                    null);
        }
        if (!current.isIn(process)) {
            throw new ClientException(
                    Reason.EXECED,
                    "process %d has called exec since it opened this pool: call reopen()"
                            .formatted(process.pid()),
                    null);
        }
        return current;
    }

    /**
     * What a child has of this pool after a fork: descriptors that act on the parent's address
     * space, and no buffers. It refuses everything but {@link #reopen} and {@link #close}.
     *
     * @param child a process that was forked while this pool was open
     * @return the child's pool; close it, too
     */
    public ContextPool inheritedBy(SvaProcess child) {
        List<QueueHandle> handles = new ArrayList<>();
        Attachment current = attachment;
        if (current != null) {
            for (Context context : current.contexts()) {
                QueueHandle queue = context.queue();
                if (queue != null) {
                    addInherited(handles, queue, child);
                }
            }
        }
        return new ContextPool(child, accelerators, config, handles);
    }

    private static void addInherited(
            List<QueueHandle> handles, QueueHandle queue, SvaProcess child) {
        try {
            handles.add(queue.inheritedBy(child));
        } catch (ErrnoException e) {
            // Opened after the fork, or closed in the child already.
            return;
        }
    }

    /**
     * Makes a pool usable again that was inherited over a fork, or whose process has called exec:
     * closes what it has of the other address space, and opens contexts and buffers in this one. A
     * pool that is usable stays as it is.
     *
     * @throws ClientException as {@link #open}, or if the pool is closed
     */
    public void reopen() {
        synchronized (control) {
            if (closed) {
                throw new ClientException(Reason.CLOSED, "the pool is closed", null);
            }
            Attachment current = attachment;
            if (current != null && process.isAlive() && current.isIn(process)) {
                return;
            }
            release();
            attach();
        }
    }

    private void release() {
        inherited.forEach(QueueHandle::close);
        inherited.clear();
        Attachment current = attachment;
        attachment = null;
        if (current != null) {
            current.close();
        }
    }

    /**
     * Stops and closes the queues, waiting for jobs under way as long as a stop takes, and gives
     * the buffers back. Closing again does nothing.
     */
    @Override
    public void close() {
        synchronized (control) {
            if (!closed) {
                closed = true;
                release();
                if (software != null) {
                    software.close();
                }
            }
        }
    }
}
