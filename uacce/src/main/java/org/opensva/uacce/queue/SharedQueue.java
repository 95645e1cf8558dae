package org.opensva.uacce.queue;

import org.jspecify.annotations.Nullable;
import org.opensva.api.iommu.DmaPort;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.EnqueuePortal;
import org.opensva.uacce.queue.Submitter.Mode;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * The shared queue of a device: commands of many processes, first come, first served, each under
 * the PASID that came with it. Its format is in {@link QueueLayout}.
 *
 * <p>A command is refused, without a trace, if its PASID is not one whose process has the queue
 * started, if it claims privilege, and if there is no place for it. A place is kept for every
 * submitter that has none taken, so that nobody who fills the queue keeps the others out.
 *
 * <p>It keeps no streams: two parts of one address space cannot be told apart, and would have to
 * agree on their numbers. What begins one is {@code UNSUPPORTED}.
 *
 * <p>What goes wrong is the submitter's own: a completion that cannot be written fails the parts of
 * that PASID, and nobody else notices.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class SharedQueue extends ServedQueue {

    private static final int RECORD = QueueLayout.ENTRY_SIZE;

    private final int depth;
    private final long regionSize;
    private final PortalPage portal;
    private final byte[] commands;
    private final @Nullable Submitter[] owners;

    /** Sorted by PASID; replaced when one comes or goes. */
    private volatile Submitter[] submitters = new Submitter[0];

    /** Commands that were taken by workers. */
    private volatile int head;

    /** Commands that were accepted. */
    private volatile int tail;

    /** How many submitters run and have no command in the queue. */
    private int keptPlaces;

    /**
     * Makes an empty queue.
     *
     * @param depth how many commands it holds, a power of two
     * @param regionSize the size of each region in bytes
     * @param scheduler who serves it
     * @param weight its share of the device's time relative to other queues
     */
    public SharedQueue(int depth, long regionSize, QueueScheduler scheduler, int weight) {
        super(scheduler, weight);
        this.depth = depth;
        this.regionSize = regionSize;
        portal = new PortalPage(regionSize, this);
        commands = new byte[depth * RECORD];
        owners = new @Nullable Submitter[depth];
    }

    PortalPage portal() {
        return portal;
    }

    int depth() {
        return depth;
    }

    /**
     * A process opens the queue.
     *
     * @param pasid the PASID of its commands
     * @param reachable tells whether its address space is there
     * @param observer makes what hears of its jobs, with the first part
     * @param limit how many jobs the part may have under way
     * @return its part, stopped
     */
    public synchronized SharedPart attach(
            int pasid, BooleanSupplier reachable, Supplier<JobObserver> observer, int limit) {
        Submitter submitter = find(pasid);
        if (submitter == null || submitter.mode == Mode.DEAD) {
            // One that is dead lives on for the parts that it has.
            Submitter fresh = new Submitter(pasid, reachable, observer.get());
            replace(submitter, fresh);
            submitter = fresh;
        }
        SharedPart part = new SharedPart(this, submitter, regionSize, limit);
        submitter.parts.add(part);
        submitter.limit += limit;
        return part;
    }

    synchronized void detach(SharedPart part) {
        Submitter submitter = part.submitter();
        if (!submitter.parts.remove(part)) {
            return;
        }
        submitter.limit -= part.limit();
        if (submitter.parts.isEmpty()) {
            setMode(submitter, Mode.DEAD);
            replace(submitter, null);
        }
    }

    private void replace(@Nullable Submitter old, @Nullable Submitter fresh) {
        List<Submitter> all = new ArrayList<>(Arrays.asList(submitters));
        all.remove(old);
        if (fresh != null) {
            all.add(fresh);
        }
        all.sort((a, b) -> Integer.compare(a.pasid, b.pasid));
        submitters = all.toArray(Submitter[]::new);
    }

    private @Nullable Submitter find(int pasid) {
        Submitter[] all = submitters;
        int low = 0;
        int high = all.length - 1;
        while (low <= high) {
            int middle = low + high >>> 1;
            if (all[middle].pasid < pasid) {
                low = middle + 1;
            } else if (all[middle].pasid > pasid) {
                high = middle - 1;
            } else {
                return all[middle];
            }
        }
        return null;
    }

    /** Keeps the number of kept places right. */
    private void setMode(Submitter submitter, Mode mode) {
        boolean kept = keepsPlace(submitter);
        submitter.mode = mode;
        recount(submitter, kept);
    }

    private static boolean keepsPlace(Submitter submitter) {
        return submitter.mode == Mode.RUNNING && submitter.queued == 0;
    }

    private void recount(Submitter submitter, boolean kept) {
        if (keepsPlace(submitter) != kept) {
            keptPlaces += kept ? -1 : 1;
        }
    }

    private void setQueued(Submitter submitter, int queued) {
        boolean kept = keepsPlace(submitter);
        submitter.queued = queued;
        recount(submitter, kept);
    }

    /** A command with its submitter in the first four bytes; false if it is refused. */
    boolean enqueue(byte[] command) {
        long control = QueueLayout.get(command, QueueLayout.DESCRIPTOR_OPERATION);
        int who = (int) control;
        if ((who & ~EnqueuePortal.PASID_MASK) != 0) {
            return false;
        }
        Submitter submitter = find(who);
        if (submitter == null || !take(submitter, command)) {
            return false;
        }
        schedule();
        return true;
    }

    private synchronized boolean take(Submitter submitter, byte[] command) {
        int free = depth - (tail - head);
        if (submitter.mode != Mode.RUNNING
                || submitter.queued >= submitter.limit
                || free <= (submitter.queued == 0 ? 0 : keptPlaces)) {
            return false;
        }
        int slot = tail & depth - 1;
        System.arraycopy(command, 0, commands, slot * RECORD, RECORD);
        owners[slot] = submitter;
        setQueued(submitter, submitter.queued + 1);
        submitter.accepted = submitter.accepted + 1;
        tail = tail + 1;
        return true;
    }

    synchronized void start(SharedPart part) {
        Submitter submitter = part.submitter();
        if (submitter.mode == Mode.DEAD) {
            return;
        }
        part.failed = false;
        if (!part.started) {
            part.started = true;
            submitter.started++;
        }
        setMode(submitter, Mode.RUNNING);
    }

    /** Called with the control lock of the submitter. */
    boolean stop(SharedPart part, long grace) {
        Submitter submitter = part.submitter();
        boolean last = release(part);
        int accepted = submitter.accepted;
        boolean quiet = submitter.await(accepted, grace);
        if (!quiet) {
            // Whose job it is nobody knows: the address space loses what it has here.
            cancel(submitter);
            quiet = submitter.await(accepted, grace);
        }
        settle(submitter, last, quiet);
        submitter.event.signal();
        return quiet;
    }

    /** The part submits no more; true if nobody under its PASID does. */
    private synchronized boolean release(SharedPart part) {
        Submitter submitter = part.submitter();
        if (part.started) {
            part.started = false;
            submitter.started--;
        }
        boolean last = submitter.started == 0;
        if (last && submitter.mode == Mode.RUNNING) {
            setMode(submitter, Mode.DRAINING);
        }
        return last;
    }

    private synchronized void cancel(Submitter submitter) {
        if (submitter.mode != Mode.DEAD) {
            setMode(submitter, Mode.CANCELLED);
        }
        failParts(submitter, QueueError.DEVICE_FAILURE, 0);
        withdraw(submitter);
    }

    private void settle(Submitter submitter, boolean last, boolean quiet) {
        synchronized (this) {
            if (quiet && submitter.mode != Mode.DEAD && submitter.mode != Mode.RUNNING) {
                setMode(submitter, Mode.STOPPED);
            }
        }
        if (last && quiet) {
            submitter.context.observer().abandoned();
        }
    }

    /** Ends the use of a PASID for ever, without waiting. */
    synchronized void kill(Submitter submitter) {
        setMode(submitter, Mode.DEAD);
        withdraw(submitter);
    }

    void whenQuiet(Submitter submitter, Runnable action) {
        Runnable now;
        synchronized (this) {
            submitter.whenQuiet.add(action);
            now = submitter.ifQuiet();
        }
        if (now != null) {
            now.run();
        }
    }

    /** The parts of a PASID have stopped by themselves. */
    private void failParts(Submitter submitter, QueueError error, long address) {
        for (SharedPart part : submitter.parts) {
            if (part.started) {
                part.failed = true;
                part.error(error, address);
            }
        }
    }

    /** Drops what waits, leaving its places to be skipped. */
    private void withdraw(Submitter submitter) {
        int dropped = 0;
        for (int index = head; index != tail; index++) {
            int slot = index & depth - 1;
            if (submitter.equals(owners[slot])) {
                owners[slot] = null;
                dropped++;
            }
        }
        setQueued(submitter, 0);
        int over = submitter.completed + dropped;
        submitter.completed = over;
        submitter.event.signal();
    }

    private synchronized void fail(Submitter submitter, long address) {
        if (submitter.mode == Mode.RUNNING || submitter.mode == Mode.DRAINING) {
            setMode(submitter, Mode.STOPPED);
            failParts(submitter, QueueError.COMPLETION_UNREACHABLE, address);
            withdraw(submitter);
            submitter.context.observer().failed(QueueError.COMPLETION_UNREACHABLE);
        }
    }

    @Override
    boolean hasWork() {
        return head != tail;
    }

    @Override
    boolean takesWork() {
        return submitters.length > 0;
    }

    @Override
    void atRest() {}

    @Override
    void abandon(QueueError error) {
        synchronized (this) {
            for (Submitter submitter : submitters) {
                submitter.parts.forEach(part -> part.error(error, 0));
                kill(submitter);
            }
            head = tail;
        }
    }

    @Override
    long serveOne(QueueWorker worker) {
        byte[] descriptor = worker.descriptor();
        Submitter submitter = next(descriptor);
        if (submitter == null) {
            return 0;
        }
        try {
            long control = QueueLayout.get(descriptor, QueueLayout.DESCRIPTOR_OPERATION);
            QueueLayout.put(
                    descriptor,
                    QueueLayout.DESCRIPTOR_OPERATION,
                    control >>> QueueLayout.SUBMITTER_BITS);
            worker.job().run(submitter.context, descriptor);
            complete(submitter, worker);
            return worker.job().sourceLength();
        } finally {
            over(submitter);
        }
    }

    /** The next command that was not withdrawn meanwhile. */
    private synchronized @Nullable Submitter next(byte[] descriptor) {
        if (head == tail) {
            return null;
        }
        int slot = head & depth - 1;
        Submitter submitter = owners[slot];
        owners[slot] = null;
        head = head + 1;
        if (submitter != null) {
            System.arraycopy(commands, slot * RECORD, descriptor, 0, RECORD);
            setQueued(submitter, submitter.queued - 1);
        }
        return submitter;
    }

    private void over(Submitter submitter) {
        Runnable waiting;
        synchronized (this) {
            submitter.completed = submitter.completed + 1;
            waiting = submitter.ifQuiet();
        }
        submitter.event.signal();
        if (waiting != null) {
            waiting.run();
        }
    }

    /** Writes the completion to where the command said, its phase last. */
    private void complete(Submitter submitter, QueueWorker worker) {
        if (!submitter.reachable.getAsBoolean()) {
            // Nobody is left to see it, and the access would only be recorded as a fault.
            return;
        }
        long to = QueueLayout.get(worker.descriptor(), QueueLayout.DESCRIPTOR_TAG);
        byte[] entry = worker.completion(to);
        QueueLayout.put(entry, QueueLayout.COMPLETION_PHASE, 1);
        int split = QueueLayout.COMPLETION_PHASE;
        long moved = to % RECORD == 0 ? write(worker.port(), submitter, to, entry, 0, split) : 0;
        if (moved == split) {
            moved += write(worker.port(), submitter, to + split, entry, split, RECORD - split);
        }
        if (moved == RECORD) {
            RunningJob job = worker.job();
            submitter.context.observer().completed(to, job.status, job.consumed, job.produced);
        } else {
            fail(submitter, to + moved);
        }
    }

    private static long write(
            DmaPort port, Submitter submitter, long to, byte[] entry, int from, int length) {
        return DmaResult.bytes(port.write(submitter.pasid, Access.WRITE, to, entry, from, length));
    }
}
