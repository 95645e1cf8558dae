package org.opensva.conformance.suite.bench;

import org.jspecify.annotations.Nullable;
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
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Keeps what a test does in order with the spans that the backend emits and with what its hardware
 * and software did, as far as it shows that. Bounded: of a long test the end is kept.
 *
 * <p><b>Threading.</b> Any thread of a test may note.
 */
final class TimelineRecorder {

    /** More would be no picture. */
    private static final int SHOWN = 120;

    private static final int NOTES = 512;
    private static final int EVENTS = 2048;

    /**
     * Recording of events starts from 0 each time it is turned on; this tells these times apart.
     */
    private static final int EPOCH_SHIFT = 40;

    private record Note(long at, long number, Lane lane, String what, Supplier<String> detail) {}

    /**
     * A moment with its place: so many events before it, and among what the same number of events
     * lies before.
     */
    private record Placed(long at, long number, Moment moment, SpanRing.@Nullable Noted span) {}

    private final Optional<Introspection> view;
    private final SpanFeed feed;
    private final SpanRing spans = new SpanRing(this::now, this::number);
    private final AtomicLong numbers = new AtomicLong();
    private final Deque<Note> notes = new ArrayDeque<>();
    private final Deque<Placed> earlier = new ArrayDeque<>();
    private volatile long epoch;
    private long lost;

    TimelineRecorder(Optional<Introspection> view, SpanFeed feed) {
        this.view = view;
        this.feed = feed;
    }

    private long now() {
        return epoch + view.map(Introspection::recordedEvents).orElse(0L);
    }

    private long number() {
        return numbers.getAndIncrement();
    }

    /** Begins; what was kept so far is forgotten. */
    synchronized void begin() {
        notes.clear();
        earlier.clear();
        spans.clear();
        lost = 0;
        view.ifPresent(look -> look.recordEvents(true));
        feed.tell(spans);
    }

    /** Ends the recording of events and spans. */
    void end() {
        feed.tell(null);
        view.ifPresent(look -> look.recordEvents(false));
    }

    /** Begins anew with recording of events, and keeps what was recorded. */
    synchronized void renew() {
        view.ifPresent(look -> {
            events(look).forEach(this::keep);
            epoch += 1L << EPOCH_SHIFT;
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
        long at = now();
        synchronized (this) {
            if (notes.size() == NOTES) {
                notes.removeFirst();
                lost++;
            }
            notes.addLast(new Note(at, number(), lane, what, detail));
        }
    }

    private List<Placed> events(Introspection look) {
        List<HardwareEvent> all = look.events();
        List<HardwareEvent> last = all.subList(Math.max(0, all.size() - EVENTS), all.size());
        List<Placed> placed = new ArrayList<>(last.size());
        for (HardwareEvent event : last) {
            // Behind what was noted when there were as many events.
            placed.add(
                    new Placed(
                            epoch + event.sequence(),
                            Long.MAX_VALUE,
                            EventWords.moment(event),
                            null));
        }
        return placed;
    }

    /** What was kept, in order; empty if nothing was. */
    synchronized Optional<Timeline> timeline() {
        List<Placed> all = new ArrayList<>(earlier);
        view.ifPresent(look -> all.addAll(events(look)));
        for (Note note : notes) {
            Moment moment = new Moment(note.lane, note.what, note.detail.get(), false);
            all.add(new Placed(note.at, note.number, moment, null));
        }
        for (SpanRing.Noted span : spans.spans()) {
            Moment moment = new Moment(span.lane(), span.name(), span.detail(), false, 0);
            all.add(new Placed(span.began(), span.first(), moment, span));
        }
        all.sort(Comparator.comparingLong(Placed::at).thenComparingLong(Placed::number));
        List<Moment> moments = joined(all);
        if (moments.isEmpty()) {
            return Optional.empty();
        }
        int first = Math.max(0, moments.size() - SHOWN);
        return Optional.of(new Timeline(late(cut(moments, first)), lost + spans.lost() + first));
    }

    /** The last moments, and where spans end among those. */
    private static List<Moment> cut(List<Moment> moments, int first) {
        return moments.subList(first, moments.size()).stream()
                .map(moment -> moment.isSpan() ? until(moment, moment.until() - first) : moment)
                .toList();
    }

    private static Moment until(Moment moment, int end) {
        return new Moment(moment.lane(), moment.what(), moment.detail(), moment.late(), end);
    }

    /** Many of a kind in a row are one moment. */
    private static List<Moment> joined(List<Placed> all) {
        List<Moment> moments = new ArrayList<>();
        int[] place = new int[all.size()];
        Moment first = null;
        int count = 0;
        for (int i = 0; i < all.size(); i++) {
            Placed placed = all.get(i);
            Moment next = placed.moment();
            if (first != null
                    && placed.number() == Long.MAX_VALUE
                    && first.lane() == next.lane()
                    && first.what().equals(next.what())) {
                count++;
            } else {
                add(moments, first, count);
                first = next;
                count = 1;
            }
            place[i] = moments.size();
        }
        add(moments, first, count);
        for (int i = 0; i < all.size(); i++) {
            SpanRing.Noted span = all.get(i).span();
            if (span != null) {
                moments.set(place[i], until(moments.get(place[i]), place[last(all, i, span)]));
            }
        }
        return moments;
    }

    /** The last thing that happened within a span, by halving: what comes later is not in it. */
    private static int last(List<Placed> all, int own, SpanRing.Noted span) {
        int within = own;
        int beyond = all.size();
        while (beyond - within > 1) {
            int middle = (within + beyond) >>> 1;
            if (span.holds(all.get(middle).at(), all.get(middle).number())) {
                within = middle;
            } else {
                beyond = middle;
            }
        }
        return within;
    }

    private static void add(List<Moment> moments, @Nullable Moment moment, int count) {
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
            if (marked.get(i).lane() == Lane.DEVICE && !marked.get(i).isSpan()) {
                late = i;
                break;
            }
        }
        Moment moment = marked.get(late);
        marked.set(
                late,
                new Moment(moment.lane(), moment.what(), moment.detail(), true, moment.until()));
        return marked;
    }
}
