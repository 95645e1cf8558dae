package org.opensva.emulated.machine;

import org.jspecify.annotations.Nullable;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.api.telemetry.HardwareEventSink;

import java.util.ArrayList;
import java.util.List;

/**
 * The log of hardware events: a bounded ring, off at first.
 *
 * <p>While it is off, recording is one volatile read and allocates nothing. When the ring is full
 * the oldest event is lost; sequence numbers show the gap.
 */
public final class EventLog implements HardwareEventSink {

    private static final int INITIAL = 1024;

    private final int capacity;
    private volatile boolean on;
    private @Nullable HardwareEvent[] ring = new HardwareEvent[INITIAL];
    private long next;

    /**
     * Creates a log that is off.
     *
     * @param capacity how many events are kept, at least 1024
     */
    public EventLog(int capacity) {
        if (capacity < INITIAL) {
            throw new IllegalArgumentException("an event log keeps at least " + INITIAL);
        }
        this.capacity = capacity;
    }

    /**
     * Turns recording on or off; turning it on forgets what was recorded before.
     *
     * @param value the new state
     */
    public synchronized void recordEvents(boolean value) {
        if (value) {
            ring = new HardwareEvent[INITIAL];
            next = 0;
        }
        on = value;
    }

    /**
     * How many events there were since recording was turned on.
     *
     * @return 0 or more
     */
    public synchronized long recorded() {
        return next;
    }

    /**
     * The events in the ring.
     *
     * @return a copy, oldest first
     */
    public synchronized List<HardwareEvent> events() {
        long first = Math.max(0, next - ring.length);
        List<HardwareEvent> copy = new ArrayList<>((int) (next - first));
        for (long i = first; i < next; i++) {
            HardwareEvent event = ring[(int) (i % ring.length)];
            if (event != null) {
                copy.add(event);
            }
        }
        return copy;
    }

    @Override
    public void record(
            HardwareEvent.Kind kind, int requester, int pasid, long address, long length) {
        if (on) {
            append(kind, requester, pasid, address, length);
        }
    }

    private synchronized void append(
            HardwareEvent.Kind kind, int requester, int pasid, long address, long length) {
        if (!on) {
            return;
        }
        if (next == ring.length && ring.length < capacity) {
            // Positions stay what they were: nothing has wrapped yet.
            HardwareEvent[] larger = new HardwareEvent[Math.min(capacity, ring.length * 2)];
            System.arraycopy(ring, 0, larger, 0, ring.length);
            ring = larger;
        }
        ring[(int) (next % ring.length)] =
                new HardwareEvent(next, kind, requester, pasid, address, length);
        next++;
    }
}
