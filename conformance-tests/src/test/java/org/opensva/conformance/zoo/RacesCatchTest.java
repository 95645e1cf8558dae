package org.opensva.conformance.zoo;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.opensva.api.backend.Backend;
import org.opensva.ats.EndpointQuirk;
import org.opensva.ats.EndpointQuirks;
import org.opensva.conformance.races.ForkRace;
import org.opensva.conformance.races.PageRace;
import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.suite.bench.BenchSettings;
import org.opensva.conformance.suite.bench.Limits;
import org.opensva.conformance.suite.bench.TestBench;
import org.opensva.conformance.zoo.SystemCalls.Call;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/** Faults whose window is small, and no slow link that widens it: recorded races find them. */
class RacesCatchTest {

    private static final int RACES = 40;

    /** How the first race that finds something puts it. */
    private static String found(
            Supplier<Defect> defect, BiFunction<TestBench, Long, Optional<String>> race) {
        BrokenBackend member =
                BrokenBackend.breaking("raced", RuleId.UNMAP_01)
                        .as("a fault with a small window")
                        .because("a fault with a small window")
                        .notTouching(RuleId.BIND_03)
                        .by(defect);
        for (long seed = 1; seed <= RACES; seed++) {
            try (Backend backend =
                            ZooProvider.catalog(member)
                                    .open(ZooProvider.NAME, Map.of(), OpenTelemetry.noop());
                    TestBench bench =
                            new TestBench(
                                    backend,
                                    new BenchSettings("race", List.of(), seed, new Limits(4)))) {
                Optional<String> seen = race.apply(bench, seed);
                if (seen.isPresent()) {
                    return seen.get();
                }
            }
        }
        return fail("not found in " + RACES + " races");
    }

    private static Optional<String> pages(TestBench bench, long seed) {
        return new PageRace(bench, seed, 120).run();
    }

    @Test
    void anEntryThatSurvivesItsInvalidationIsFound() {
        // A frame may be another page's by then, which shows as what nobody wrote to this one.
        String seen =
                found(
                        () -> HardwareFaults.quirk(EndpointQuirks.of(EndpointQuirk.KEEPS_ENTRIES)),
                        (bench, seed) ->
                                pages(bench, seed).filter(text -> text.contains("unmaps")));
        assertTrue(seen.contains("life"), seen);
    }

    @Test
    void aForkWithoutFlushIsFound() {
        String seen =
                found(
                        () -> NotificationFaults.deafTo(Call.FORK),
                        (bench, seed) -> new ForkRace(bench, seed, 20).run());
        assertTrue(seen.contains("child"), seen);
    }
}
