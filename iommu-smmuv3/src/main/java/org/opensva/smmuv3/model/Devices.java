package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/** The devices that are plugged in, and what concerns all of them. */
final class Devices {

    private final Map<Integer, StreamPort> byStream = new ConcurrentHashMap<>();
    private final CopyOnWriteArrayList<StreamPort> all = new CopyOnWriteArrayList<>();
    private final LongSupplier nanoTime;
    private final long atcTimeout;
    private final Activity activity = new Activity();
    private final LaneSet operations = new LaneSet(activity);
    private final AtomicInteger outstanding = new AtomicInteger();

    Devices(LongSupplier nanoTime, long atcTimeout) {
        this.nanoTime = nanoTime;
        this.atcTimeout = atcTimeout;
    }

    /** Adds a device; false if its stream is taken. */
    boolean add(StreamPort port) {
        if (byStream.putIfAbsent(port.streamId(), port) != null) {
            return false;
        }
        all.add(port);
        return true;
    }

    /** Removes a device and returns it. */
    @Nullable StreamPort remove(int streamId) {
        StreamPort port = byStream.remove(streamId);
        if (port != null) {
            all.remove(port);
        }
        return port;
    }

    @Nullable StreamPort find(int streamId) {
        return byStream.get(streamId);
    }

    /** Lanes for what the SMMU does on behalf of a stream, whether it has a device or not. */
    LaneSet lanes(int streamId) {
        StreamPort port = byStream.get(streamId);
        return port != null ? port.lanes() : operations;
    }

    Iterable<StreamPort> all() {
        return all;
    }

    long now() {
        return nanoTime.getAsLong();
    }

    /** Waits for every transaction and operation that is under way now. */
    void awaitLanes() {
        activity.awaitLeft();
    }

    boolean invalidationsOutstanding() {
        return outstanding.get() != 0;
    }

    /** How many ATC invalidations of all devices are not complete; each device counts its own. */
    AtomicInteger outstanding() {
        return outstanding;
    }

    /** What the lanes of devices are listed in. */
    Activity activity() {
        return activity;
    }

    /** Gives up ATC invalidations that have taken too long; true if there were any. */
    boolean expireInvalidations() {
        if (!invalidationsOutstanding()) {
            return false;
        }
        long now = now();
        boolean expired = false;
        for (StreamPort port : all) {
            expired |= port.tags().expire(now, atcTimeout);
        }
        return expired;
    }
}
