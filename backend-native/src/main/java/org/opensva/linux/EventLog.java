package org.opensva.linux;

import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.api.telemetry.HardwareEventSink;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Keeps the latest events while recording is on. */
final class EventLog implements HardwareEventSink {

    private static final int CAPACITY = 1 << 18;

    private final Deque<HardwareEvent> events = new ArrayDeque<>();
    private volatile boolean on;
    private long next;

    synchronized void recordEvents(boolean value) {
        if (value) {
            events.clear();
            next = 0;
        }
        on = value;
    }

    synchronized long recorded() {
        return next;
    }

    synchronized List<HardwareEvent> events() {
        return List.copyOf(events);
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
        if (events.size() == CAPACITY) {
            events.removeFirst();
        }
        events.addLast(new HardwareEvent(next++, kind, requester, pasid, address, length));
    }
}
