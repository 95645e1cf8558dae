package org.opensva.conformance.cli;

import org.opensva.api.backend.Backend;
import org.opensva.api.backend.Introspection;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.conformance.cli.work.WorkResult;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What the hardware of a backend has counted so far.
 *
 * @param backend the backend
 * @param counts a count for every counter; empty if the backend does not show them
 */
record WorkStatistics(String backend, Optional<Map<HardwareCounter, Long>> counts) {

    static WorkStatistics of(Backend backend) {
        return new WorkStatistics(
                backend.descriptor().qualifiedName(),
                backend.introspection().map(WorkStatistics::read));
    }

    private static Map<HardwareCounter, Long> read(Introspection introspection) {
        Map<HardwareCounter, Long> counts = new EnumMap<>(HardwareCounter.class);
        for (HardwareCounter counter : HardwareCounter.values()) {
            counts.put(counter, introspection.count(counter));
        }
        return counts;
    }

    /** Prints the difference to an earlier state, and what was result. */
    void print(Console console, WorkStatistics before, WorkResult result) {
        row(console, "backend", Console.oneLine(backend));
        row(console, "jobs", count(result.jobs()));
        row(console, "jobs tried again", count(result.retries()));
        row(console, "jobs with absent pages", count(result.repairs()));
        row(console, "queues reopened", count(result.reopened()));
        row(console, "bytes in", count(result.consumed()));
        row(console, "bytes out", count(result.produced()));
        if (counts.isEmpty()) {
            console.err().println("the backend shows no counters: it has no introspection");
            return;
        }
        row(console, "translations", since(before, HardwareCounter.TRANSLATIONS));
        rate(
                console,
                before,
                "IOTLB hits",
                HardwareCounter.IOTLB_HITS,
                HardwareCounter.IOTLB_MISSES);
        row(console, "walk reads", since(before, HardwareCounter.WALK_READS));
        rate(console, before, "ATC hits", HardwareCounter.ATC_HITS, HardwareCounter.ATC_MISSES);
        row(console, "ATC evictions", since(before, HardwareCounter.ATC_EVICTIONS));
        row(console, "page requests", since(before, HardwareCounter.PAGE_REQUESTS));
        row(console, "page responses", since(before, HardwareCounter.PAGE_RESPONSES));
        row(console, "IOTLB invalidations", since(before, HardwareCounter.IOTLB_INVALIDATIONS));
        row(console, "ATC invalidations", since(before, HardwareCounter.ATC_INVALIDATIONS));
        row(console, "faults", since(before, HardwareCounter.FAULTS));
        row(console, "DMA bytes read", since(before, HardwareCounter.DMA_BYTES_READ));
        row(console, "DMA bytes written", since(before, HardwareCounter.DMA_BYTES_WRITTEN));
    }

    private void rate(
            Console console,
            WorkStatistics before,
            String name,
            HardwareCounter hits,
            HardwareCounter misses) {
        long hit = difference(before, hits);
        long all = hit + difference(before, misses);
        String part =
                all == 0
                        ? ""
                        : String.format(Locale.ROOT, " (%.1f%% of %,d)", 100.0 * hit / all, all);
        row(console, name, count(hit) + part);
    }

    private String since(WorkStatistics before, HardwareCounter counter) {
        return count(difference(before, counter));
    }

    private long difference(WorkStatistics before, HardwareCounter counter) {
        return value(counter) - before.value(counter);
    }

    private long value(HardwareCounter counter) {
        return counts.map(all -> all.getOrDefault(counter, 0L)).orElse(0L);
    }

    private static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    private static void row(Console console, String name, String value) {
        console.err().println("%-22s %s".formatted(name, value));
    }
}
