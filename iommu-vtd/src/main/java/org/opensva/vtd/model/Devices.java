package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.telemetry.HardwareCounter;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/** The devices that are plugged in, and what concerns all of them. */
final class Devices {

    private static final HardwareCounter[] COUNTERS = HardwareCounter.values();

    private final Map<Integer, RequesterPort> bySource = new ConcurrentHashMap<>();
    private final CopyOnWriteArrayList<RequesterPort> all = new CopyOnWriteArrayList<>();
    private final Activity activity = new Activity();
    private final AtomicInteger outstanding = new AtomicInteger();
    private final AtomicLongArray departed = new AtomicLongArray(COUNTERS.length);

    /** Adds a device; false if its requester id is taken. */
    boolean add(RequesterPort port) {
        if (bySource.putIfAbsent(port.source(), port) != null) {
            return false;
        }
        all.add(port);
        return true;
    }

    /** Takes a device out, so that no new request of it is found by those who look for it. */
    @Nullable RequesterPort remove(int source) {
        return bySource.remove(source);
    }

    /** Keeps the counts of a device that has been taken out and is quiet now. */
    void depart(RequesterPort port) {
        for (HardwareCounter what : COUNTERS) {
            departed.addAndGet(what.ordinal(), port.lanes().count(what));
        }
        port.tags().depart();
        all.remove(port);
    }

    @Nullable RequesterPort find(int source) {
        return bySource.get(source);
    }

    /** Every device, those that are just being taken out included. */
    Iterable<RequesterPort> all() {
        return all;
    }

    /** Returns once every request that is under way now has ended. */
    void drain() {
        activity.drain();
    }

    /** What the lanes of devices are listed in. */
    Activity activity() {
        return activity;
    }

    /** How many device-TLB invalidations have not been answered; each device counts its own. */
    AtomicInteger outstanding() {
        return outstanding;
    }

    long count(HardwareCounter what) {
        long sum = departed.get(what.ordinal());
        for (RequesterPort port : all) {
            sum += port.lanes().count(what);
        }
        return sum;
    }
}
