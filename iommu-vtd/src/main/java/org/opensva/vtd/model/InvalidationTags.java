package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The device-TLB invalidations of one device: which of its 32 ITags are under way, for which
 * request and since when, and which requests wait for a tag (PCI Express Base 6.x section 10.3;
 * sections 6.5.2.5 and 6.5.2.6 for the maximum of pending invalidations).
 *
 * <p>A request is outstanding from the moment it is asked for until the device has completed it or
 * it has taken too long. Messages are sent with the monitor free, by one thread at a time, so that
 * a device may answer from within the call.
 */
final class InvalidationTags {

    private static final int TAGS = 32;

    private final DevicePort device;
    private final @Nullable Asked[] underWay = new @Nullable Asked[TAGS];
    private final int[] completions = new int[TAGS];
    private final Queue<Asked> waiting = new ArrayDeque<>();
    private int busy;
    // Tags of requests that took too long: out of use until their late answer comes, because it
    // must not be taken for the answer to a later request.
    private int forgotten;
    private final AtomicInteger outstanding;
    private boolean sending;
    private boolean gone;

    /** A request with the place it has in the order of all of them. */
    private record Asked(
            long ticket,
            long since,
            int limit,
            int pasid,
            long address,
            int sizeShift,
            boolean global) {}

    /** What came of a completion. */
    enum Outcome {
        /** At least one request is complete. */
        COMPLETE,
        /** More messages have to come, or it was the late answer of a forgotten request. */
        NOTHING,
        /** It names a tag that is not under way. */
        UNEXPECTED
    }

    /**
     * Creates tags, all free.
     *
     * @param outstanding requests of all devices that have not been answered
     */
    InvalidationTags(DevicePort device, AtomicInteger outstanding) {
        this.device = device;
        this.outstanding = outstanding;
    }

    /**
     * Asks the device for an invalidation.
     *
     * @param limit how many requests may be under way at once, 1 to 32
     */
    void request(
            long ticket,
            long now,
            int limit,
            int pasid,
            long address,
            int sizeShift,
            boolean global) {
        synchronized (this) {
            waiting.add(new Asked(ticket, now, limit, pasid, address, sizeShift, global));
            outstanding.getAndIncrement();
        }
        send();
    }

    private void send() {
        InvalidateRequest next = take(true);
        while (next != null) {
            device.invalidate(next);
            next = take(false);
        }
    }

    /** The next message, or null if there is none, no tag for it, or another thread that sends. */
    private synchronized @Nullable InvalidateRequest take(boolean first) {
        if (first && sending) {
            return null;
        }
        Asked next = waiting.peek();
        int used = busy | forgotten;
        sending = next != null && !gone && used != -1 && Integer.bitCount(busy) < next.limit();
        if (!sending || next == null) {
            return null;
        }
        waiting.remove();
        int tag = Integer.numberOfTrailingZeros(~used);
        busy |= 1 << tag;
        underWay[tag] = next;
        completions[tag] = 0;
        return new InvalidateRequest(
                tag, next.pasid(), next.address(), next.sizeShift(), next.global());
    }

    /** Takes a completion. */
    Outcome complete(InvalidateCompletion completion) {
        Outcome outcome = Outcome.NOTHING;
        synchronized (this) {
            int vector = completion.itagVector();
            int unknown = vector & ~(busy | forgotten);
            forgotten &= ~vector;
            for (int rest = vector & busy; rest != 0; rest &= rest - 1) {
                int tag = Integer.numberOfTrailingZeros(rest);
                if (++completions[tag] >= completion.completionCount()) {
                    busy &= ~(1 << tag);
                    underWay[tag] = null;
                    outstanding.getAndDecrement();
                    outcome = Outcome.COMPLETE;
                }
            }
            if (unknown != 0 || vector == 0) {
                outcome = Outcome.UNEXPECTED;
            }
        }
        send();
        return outcome;
    }

    /** The ticket of the oldest request that is outstanding, or {@link Long#MAX_VALUE}. */
    synchronized long oldest() {
        Asked first = waiting.peek();
        long oldest = first == null ? Long.MAX_VALUE : first.ticket();
        for (int rest = busy; rest != 0; rest &= rest - 1) {
            Asked asked = underWay[Integer.numberOfTrailingZeros(rest)];
            if (asked != null) {
                oldest = Math.min(oldest, asked.ticket());
            }
        }
        return oldest;
    }

    /**
     * Forgets what has taken too long; all of it if the device is gone, because nobody will answer.
     *
     * @return true if there was such a request
     */
    synchronized boolean expire(long now, long timeout) {
        boolean expired = false;
        for (int rest = busy; rest != 0; rest &= rest - 1) {
            int tag = Integer.numberOfTrailingZeros(rest);
            Asked asked = underWay[tag];
            if (asked != null && isLate(asked, now, timeout)) {
                busy &= ~(1 << tag);
                forgotten |= 1 << tag;
                underWay[tag] = null;
                outstanding.getAndDecrement();
                expired = true;
            }
        }
        int before = waiting.size();
        expired |= waiting.removeIf(asked -> isLate(asked, now, timeout));
        outstanding.getAndAdd(waiting.size() - before);
        return expired;
    }

    private boolean isLate(Asked asked, long now, long timeout) {
        return gone || now - asked.since() > timeout;
    }

    /** Nobody looks at these tags any more: what is under way is counted no longer. */
    synchronized void depart() {
        outstanding.getAndAdd(-waiting.size() - Integer.bitCount(busy));
        waiting.clear();
        busy = 0;
    }

    /** The device is unplugged: nothing is sent any more. */
    synchronized void close() {
        gone = true;
    }
}
