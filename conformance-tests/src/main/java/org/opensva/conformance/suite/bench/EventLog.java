package org.opensva.conformance.suite.bench;

import org.opensva.api.telemetry.HardwareEvent;

import java.util.List;
import java.util.function.Predicate;

/** Hardware events with the questions that white-box rules ask of them. */
public final class EventLog {

    private final TestBench bench;
    private final List<HardwareEvent> events;

    /**
     * Records the events of an action.
     *
     * @param bench the bench
     * @param action what to record
     */
    public EventLog(TestBench bench, Runnable action) {
        this.bench = bench;
        this.events = bench.events(action);
    }

    /**
     * The events.
     *
     * @return in order
     */
    public List<HardwareEvent> events() {
        return events;
    }

    /**
     * Finds the first event of some kind.
     *
     * @param from first position to look at
     * @param wanted which event
     * @return its position, or -1
     */
    public int first(int from, Predicate<HardwareEvent> wanted) {
        for (int i = Math.max(0, from); i < events.size(); i++) {
            if (wanted.test(events.get(i))) {
                return i;
            }
        }
        return -1;
    }

    /**
     * Finds the first event of a kind.
     *
     * @param kind which kind
     * @return its position, or -1
     */
    public int first(HardwareEvent.Kind kind) {
        return first(0, event -> event.kind() == kind);
    }

    /**
     * Finds the last event of a kind.
     *
     * @param kind which kind
     * @return its position, or -1
     */
    public int last(HardwareEvent.Kind kind) {
        for (int i = events.size() - 1; i >= 0; i--) {
            if (events.get(i).kind() == kind) {
                return i;
            }
        }
        return -1;
    }

    /**
     * Counts events.
     *
     * @param kind which kind
     * @return how many
     */
    public long count(HardwareEvent.Kind kind) {
        return events.stream().filter(event -> event.kind() == kind).count();
    }

    /**
     * Checks that an event of a kind is there.
     *
     * @param kind which kind
     * @param what the action in words
     * @return the position of the first one
     */
    public int mustHave(HardwareEvent.Kind kind, String what) {
        int at = first(kind);
        bench.check(at >= 0, kind + " during " + what, "none; " + summary());
        return at;
    }

    /**
     * Checks that a kind of event comes before another one.
     *
     * @param earlier the position of the one that must come first, or -1
     * @param later the position of the other, or -1
     * @param expected the order in words
     */
    public void mustPrecede(int earlier, int later, String expected) {
        bench.check(earlier >= 0 && earlier < later, expected, summary());
    }

    /**
     * The kinds in order, for messages.
     *
     * @return a line of at most a few hundred characters
     */
    public String summary() {
        StringBuilder text = new StringBuilder("the order was");
        HardwareEvent.Kind previous = null;
        for (HardwareEvent event : events) {
            if (event.kind() != previous) {
                text.append(' ').append(event.kind());
                previous = event.kind();
            }
            if (text.length() > 400) {
                return text.append(" ...").toString();
            }
        }
        return previous == null ? "nothing was recorded" : text.toString();
    }
}
