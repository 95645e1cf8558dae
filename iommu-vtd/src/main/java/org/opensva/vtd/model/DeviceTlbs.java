package org.opensva.vtd.model;

import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Invalidation of the TLBs in devices: requests to them in the order of the queue, and what has not
 * been answered yet (sections 6.5.2.5, 6.5.2.6 and 6.5.2.11). One thread at a time asks.
 */
final class DeviceTlbs {

    private static final int MOST = 32;

    private final Devices devices;
    private final LongSupplier nanoTime;
    private final long timeout;
    private final LongAdder requests = new LongAdder();
    // Requests that nobody will answer, because nobody is there.
    private int lostSource = -1;
    private volatile long lostTicket = Long.MAX_VALUE;
    private long issued;

    DeviceTlbs(VtdProfile profile, Devices devices, LongSupplier nanoTime) {
        this.devices = devices;
        this.nanoTime = nanoTime;
        timeout = profile.deviceTlbTimeoutNanos();
    }

    /**
     * Asks a device for an invalidation.
     *
     * @param pending maximum of pending invalidations of the descriptor; 0 is 32
     */
    void invalidate(
            int source, int pending, int pasid, long address, int sizeShift, boolean global) {
        requests.increment();
        long ticket = ++issued;
        RequesterPort port = devices.find(source);
        if (port == null) {
            lost(source, ticket);
            return;
        }
        int limit = pending == 0 ? MOST : pending;
        port.tags().request(ticket, nanoTime.getAsLong(), limit, pasid, address, sizeShift, global);
    }

    /**
     * Nobody will answer a request: the time-out is certain, and nobody has to wait for it.
     *
     * @param ticket the place of the first such request
     */
    synchronized void lost(int source, long ticket) {
        if (ticket != Long.MAX_VALUE) {
            lostSource = source;
            lostTicket = Math.min(lostTicket, ticket);
        }
    }

    /** The place of the last request in the order of all. */
    long issued() {
        return issued;
    }

    /** Whether every request up to a place has been answered. */
    boolean answered(long ticket) {
        if (devices.outstanding().get() != 0) {
            for (RequesterPort port : devices.all()) {
                if (port.tags().oldest() <= ticket) {
                    return false;
                }
            }
        }
        // Looked at last: a device that leaves is lost before it is no longer among the others.
        return lostTicket > ticket;
    }

    /** Whether some request has not been answered. */
    boolean isOutstanding() {
        return !answered(Long.MAX_VALUE - 1);
    }

    /**
     * Gives up requests that have taken too long.
     *
     * @return the source id of one of them, or -1
     */
    int expire() {
        if (devices.outstanding().get() == 0 && lostTicket == Long.MAX_VALUE) {
            return -1;
        }
        int expired;
        synchronized (this) {
            expired = lostSource;
            lostSource = -1;
            lostTicket = Long.MAX_VALUE;
        }
        long now = nanoTime.getAsLong();
        for (RequesterPort port : devices.all()) {
            if (port.tags().expire(now, timeout)) {
                expired = port.source();
            }
        }
        return expired;
    }

    /** How many requests were asked for. */
    long requests() {
        return requests.sum();
    }
}
