package org.opensva.uacce.queue;

import org.opensva.api.iommu.DmaPort;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The two rings of a queue in process memory, as the device sees them.
 *
 * <p>Descriptors are fetched several at a time, as far as the doorbell has told; each is the
 * device's own copy from then on.
 *
 * <p><b>Threading.</b> {@link #latch} before the queue runs; {@link #ring} by any thread; the rest
 * by the worker that serves the queue.
 */
final class DescriptorRing {

    private final int pasid;
    private final int limit;

    private long submissionRing;
    private long completionRing;
    private volatile int depth;

    /** Descriptors that software has put into the ring since START. */
    private final AtomicInteger tail = new AtomicInteger();

    /** Descriptors that were taken from the ring since START; written by the serving worker. */
    private volatile int head;

    private long fault;

    DescriptorRing(int pasid, int limit) {
        this.pasid = pasid;
        this.limit = limit;
    }

    /** Begins with empty rings. */
    void latch(RingParameters parameters) {
        submissionRing = parameters.submission();
        completionRing = parameters.completion();
        tail.set(0);
        head = 0;
        depth = (int) parameters.depth();
    }

    boolean exists() {
        return depth != 0;
    }

    int tail() {
        return tail.get();
    }

    boolean isEmpty() {
        return head == tail.get();
    }

    /**
     * A doorbell write: forwards only, and never past the entries that are still in use.
     *
     * @return false if it makes no sense
     */
    boolean ring(int value) {
        int room = Math.min(depth, limit);
        int current;
        do {
            current = tail.get();
            if (Integer.compareUnsigned(value - current, room) > 0
                    || Integer.compareUnsigned(value - head, room) > 0) {
                return false;
            }
        } while (!tail.compareAndSet(current, value));
        return true;
    }

    /**
     * Has the next descriptor in the hands of the worker.
     *
     * @return false if it cannot be read; see {@link #fault}
     */
    boolean fetch(QueueWorker worker) {
        int index = head;
        if (!worker.hasFetched(index)) {
            int slot = index & depth - 1;
            int count = Math.min(tail.get() - index, depth - slot);
            long from = submissionRing + ((long) slot << QueueLayout.ENTRY_SHIFT);
            long read = worker.fetch(pasid, from, index, count);
            if (read < QueueLayout.ENTRY_SIZE) {
                fault = from + read;
                return false;
            }
        }
        worker.takeFetched(index);
        return true;
    }

    /** The first byte that could not be reached. */
    long fault() {
        return fault;
    }

    /** Ends the job whose descriptor was fetched; its entry may be used again at once. */
    int advance() {
        int index = head;
        // Before software can see the completion: it may ring for the freed entry at once.
        head = index + 1;
        return index;
    }

    /**
     * Writes a completion, and when it is visible its phase.
     *
     * @return false if it cannot be written; see {@link #fault}
     */
    boolean complete(DmaPort port, int index, byte[] entry) {
        QueueLayout.put(entry, QueueLayout.COMPLETION_PHASE, QueueLayout.phase(index, depth));
        long to = completionRing + ((long) (index & depth - 1) << QueueLayout.ENTRY_SHIFT);
        int split = QueueLayout.COMPLETION_PHASE;
        long moved = write(port, to, entry, 0, split);
        if (moved == split) {
            moved += write(port, to + split, entry, split, QueueLayout.ENTRY_SIZE - split);
        }
        fault = to + moved;
        return moved == QueueLayout.ENTRY_SIZE;
    }

    private long write(DmaPort port, long to, byte[] entry, int from, int length) {
        return DmaResult.bytes(port.write(pasid, Access.WRITE, to, entry, from, length));
    }
}
