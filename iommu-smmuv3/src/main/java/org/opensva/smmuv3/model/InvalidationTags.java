package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The ATC invalidations of one device: which of its 32 ITags are in use, since when, and what waits
 * for a tag (PCI Express Base 6.x section 10.3; IHI 0070 sections 3.9.1.4 and 4.5.1).
 *
 * <p>Messages are sent with the monitor released, by one thread at a time, so that a device may
 * answer from within the call, or hold a lock of its own while another thread of it answers.
 */
final class InvalidationTags {

    private static final int TAGS = 32;

    private final DevicePort device;
    private final long[] sentAt = new long[TAGS];
    private final int[] completions = new int[TAGS];
    private final Queue<Wanted> waiting = new ArrayDeque<>();
    private int busy;
    private int abandoned;
    private final AtomicInteger outstanding;
    private int own;
    private boolean sending;
    private boolean closed;

    private record Wanted(int pasid, long address, int sizeShift, boolean global) {}

    /**
     * Creates tags, all free.
     *
     * @param outstanding what is not complete of all devices
     */
    InvalidationTags(DevicePort device, AtomicInteger outstanding) {
        this.device = device;
        this.outstanding = outstanding;
    }

    private void count(int more) {
        own += more;
        outstanding.getAndAdd(more);
    }

    /** Asks for an invalidation; it is outstanding from here on. */
    void invalidate(int pasid, long address, int sizeShift, boolean global, long now) {
        synchronized (this) {
            if (closed) {
                return; // nobody there: an Unsupported Request, which completes (3.9.1.5)
            }
            waiting.add(new Wanted(pasid, address, sizeShift, global));
            count(1);
        }
        send(now);
    }

    private void send(long now) {
        for (InvalidateRequest next = take(now, true); next != null; next = take(now, false)) {
            device.invalidate(next);
        }
    }

    /** The next request to send, or null if there is none, no tag, or someone else who sends. */
    private synchronized @Nullable InvalidateRequest take(long now, boolean first) {
        if (first && sending) {
            return null;
        }
        int used = busy | abandoned;
        Wanted next = used == -1 || closed ? null : waiting.poll();
        sending = next != null;
        if (next == null) {
            return null;
        }
        int tag = Integer.numberOfTrailingZeros(~used);
        busy |= 1 << tag;
        sentAt[tag] = now;
        completions[tag] = 0;
        return new InvalidateRequest(
                tag, next.pasid(), next.address(), next.sizeShift(), next.global());
    }

    /**
     * Takes a completion.
     *
     * @return how many invalidations it completed
     */
    int complete(InvalidateCompletion completion, long now) {
        int done = 0;
        synchronized (this) {
            int vector = completion.itagVector();
            // An answer to what has been given up makes its tag usable again.
            abandoned &= ~vector;
            for (int rest = vector & busy; rest != 0; rest &= rest - 1) {
                int tag = Integer.numberOfTrailingZeros(rest);
                if (++completions[tag] >= completion.completionCount()) {
                    busy &= ~(1 << tag);
                    count(-1);
                    done++;
                }
            }
        }
        if (done > 0) {
            send(now);
        }
        return done;
    }

    /**
     * Gives up what has taken too long.
     *
     * @return true if there was such an invalidation
     */
    synchronized boolean expire(long now, long timeout) {
        boolean expired = false;
        for (int rest = busy; rest != 0; rest &= rest - 1) {
            int tag = Integer.numberOfTrailingZeros(rest);
            if (now - sentAt[tag] > timeout) {
                // The tag stays out of use, because its late completion must not be taken for
                // that of a later request.
                busy &= ~(1 << tag);
                abandoned |= 1 << tag;
                count(-1);
                expired = true;
            }
        }
        if (expired && busy == 0) {
            // A device that has not answered anything will not answer what it has not been sent.
            count(-waiting.size());
            waiting.clear();
        }
        return expired;
    }

    /** The device is gone: everything counts as complete. */
    synchronized void close() {
        closed = true;
        waiting.clear();
        busy = 0;
        count(-own);
    }
}
