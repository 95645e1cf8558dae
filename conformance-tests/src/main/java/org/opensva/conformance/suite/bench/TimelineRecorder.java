package org.opensva.conformance.suite.bench;

import org.opensva.api.backend.Introspection;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.conformance.suite.bench.Timeline.Lane;
import org.opensva.conformance.suite.bench.Timeline.Moment;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Keeps what a test does in order with what the backend's hardware and software did, as far as it
 * shows that. Bounded: of a long test the end is kept.
 *
 * <p><b>Threading.</b> Any thread of a test may note.
 */
final class TimelineRecorder {

    /** More would be no picture. */
    private static final int SHOWN = 120;

    private static final int NOTES = 512;
    private static final int EVENTS = 2048;

    /** Recording starts from 0 each time it is turned on; the epoch tells these times apart. */
    private record Note(int epoch, long at, Lane lane, String what, Supplier<String> detail) {}

    /** A moment with its place. */
    private record Placed(int epoch, long at, int kind, Moment moment) {}

    private final Optional<Introspection> view;
    private final Deque<Note> notes = new ArrayDeque<>();
    private final Deque<Placed> earlier = new ArrayDeque<>();
    private int epoch;
    private long lost;

    TimelineRecorder(Optional<Introspection> view) {
        this.view = view;
    }

    /** Begins; what was kept so far is forgotten. */
    synchronized void begin() {
        notes.clear();
        earlier.clear();
        lost = 0;
        view.ifPresent(look -> look.recordEvents(true));
    }

    /** Ends the recording of events. */
    void end() {
        view.ifPresent(look -> look.recordEvents(false));
    }

    /** Begins anew with recording of events, and keeps what was recorded. */
    synchronized void renew() {
        view.ifPresent(look -> {
            events(look).forEach(this::keep);
            epoch++;
            look.recordEvents(true);
        });
    }

    private void keep(Placed placed) {
        if (earlier.size() == EVENTS) {
            earlier.removeFirst();
            lost++;
        }
        earlier.addLast(placed);
    }

    /** Notes what a test did; the detail is made only if it is drawn. */
    void note(Lane lane, String what, Supplier<String> detail) {
        long at = view.map(Introspection::recordedEvents).orElse(0L);
        synchronized (this) {
            if (notes.size() == NOTES) {
                notes.removeFirst();
                lost++;
            }
            notes.addLast(new Note(epoch, at, lane, what, detail));
        }
    }

    private List<Placed> events(Introspection look) {
        List<HardwareEvent> all = look.events();
        List<HardwareEvent> last = all.subList(Math.max(0, all.size() - EVENTS), all.size());
        List<Placed> placed = new ArrayList<>(last.size());
        for (HardwareEvent event : last) {
            placed.add(new Placed(epoch, event.sequence(), 1, EventWords.moment(event)));
        }
        return placed;
    }

    /** What was kept, in order; empty if nothing was. */
    synchronized Optional<Timeline> timeline() {
        List<Placed> all = new ArrayList<>(earlier);
        view.ifPresent(look -> all.addAll(events(look)));
        for (Note note : notes) {
            all.add(
                    new Placed(
                            note.epoch,
                            note.at,
                            0,
                            new Moment(note.lane, note.what, note.detail.get(), false)));
        }
        all.sort(
                Comparator.comparingInt(Placed::epoch)
                        .thenComparingLong(Placed::at)
                        .thenComparingInt(Placed::kind));
        List<Moment> moments = joined(all);
        if (moments.isEmpty()) {
            return Optional.empty();
        }
        int first = Math.max(0, moments.size() - SHOWN);
        return Optional.of(
                new Timeline(late(moments.subList(first, moments.size())), lost + first));
    }

    /** Many of a kind in a row are one moment. */
    private static List<Moment> joined(List<Placed> all) {
        List<Moment> moments = new ArrayList<>();
        Moment first = null;
        int count = 0;
        for (Placed placed : all) {
            Moment next = placed.moment();
            if (first != null
                    && placed.kind() == 1
                    && first.lane() == next.lane()
                    && first.what().equals(next.what())) {
                count++;
                continue;
            }
            add(moments, first, count);
            first = next;
            count = 1;
        }
        add(moments, first, count);
        return moments;
    }

    private static void add(
            List<Moment> moments, @org.jspecify.annotations.Nullable Moment moment, int count) {
        if (moment != null) {
            moments.add(
                    count == 1
                            ? moment
                            : new Moment(
                                    moment.lane(),
                                    moment.what(),
                                    "%d times, first: %s".formatted(count, moment.detail()),
                                    false));
        }
    }

    /** The last access of a device is what showed the breach; without one, the last moment. */
    private static List<Moment> late(List<Moment> moments) {
        List<Moment> marked = new ArrayList<>(moments);
        int late = marked.size() - 1;
        for (int i = late; i >= 0; i--) {
            if (marked.get(i).lane() == Lane.DEVICE) {
                late = i;
                break;
            }
        }
        Moment moment = marked.get(late);
        marked.set(late, new Moment(moment.lane(), moment.what(), moment.detail(), true));
        return marked;
    }
}
