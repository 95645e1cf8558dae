package org.opensva.conformance.soak;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.atomic.LongAdder;

/** How often what was done, by all threads. */
final class Stats {

    private final Map<Act, LongAdder> done = new EnumMap<>(Act.class);

    private final LongAdder attempts = new LongAdder();
    private final LongAdder pressure = new LongAdder();

    Stats() {
        for (Act act : Act.values()) {
            done.put(act, new LongAdder());
        }
    }

    /** A thread begins a step. */
    void begins() {
        attempts.increment();
    }

    /** How many steps were begun. */
    long attempts() {
        return attempts.sum();
    }

    void did(Act act) {
        done.getOrDefault(act, new LongAdder()).increment();
    }

    /** Memory management did so many things on its own. */
    void pressed(long rounds) {
        pressure.add(rounds);
    }

    void addTo(Stats other) {
        other.pressure.add(pressure.sum());
        done.forEach((act, count) -> other.done.getOrDefault(act, count).add(count.sum()));
    }

    long sum() {
        return done.values().stream().mapToLong(LongAdder::sum).sum();
    }

    Map<String, Long> counts() {
        Map<String, Long> counts = new LinkedHashMap<>();
        done.forEach((act, count) -> counts.put(act.title(), count.sum()));
        counts.put("rounds of pressure on memory", pressure.sum());
        return counts;
    }

    /** In one line, without what was not done. */
    String line() {
        StringJoiner line = new StringJoiner(", ");
        done.forEach((act, count) -> {
            if (count.sum() > 0) {
                line.add(count.sum() + " " + act.title());
            }
        });
        return line.toString();
    }
}
