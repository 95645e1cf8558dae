package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.EXIT_11;
import static org.opensva.conformance.rules.RuleId.FORK_23;
import static org.opensva.conformance.rules.RuleId.UNMAP_01;
import static org.opensva.conformance.rules.RuleId.UNMAP_05;
import static org.opensva.conformance.rules.RuleId.UNMAP_15;

import org.junit.jupiter.api.Test;
import org.opensva.api.backend.Capability;
import org.opensva.conformance.races.ForkRace;
import org.opensva.conformance.races.PageRace;
import org.opensva.conformance.races.PasidRace;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.TestBench;

/** Races whose history is recorded and judged afterwards. */
@RuleTests
class RecordedRaceTests {

    @Test
    @Covers({UNMAP_01, UNMAP_15, UNMAP_05})
    void noAccessMeetsALifeOfItsPageThatHadEnded(TestBench bench) {
        for (int race = 0; race < 2; race++) {
            long seed = bench.random().nextLong();
            bench.step("devices use pages that are unmapped and mapped anew, race 0x%x", seed);
            new PageRace(bench, seed, 60)
                    .run()
                    .ifPresent(seen -> {
                        throw bench.violation(
                                "each access to meet a life of its page that overlaps it", seen);
                    });
        }
    }

    @Test
    @Covers(FORK_23)
    void noChildHoldsWhatADeviceWroteAfterFork(TestBench bench) {
        long seed = bench.random().nextLong();
        bench.step("a process forks while its devices write, race 0x%x", seed);
        new ForkRace(bench, seed, 25)
                .run()
                .ifPresent(seen -> {
                    throw bench.violation(
                            "a child that holds what its parent had when it forked, for good",
                            seen);
                });
    }

    @Test
    @Covers(EXIT_11)
    @Needs(Capability.PASID_VISIBLE)
    void noOwnerOfAPasidFindsWhatIsNotItsOwn(TestBench bench) {
        long seed = bench.random().nextLong();
        bench.step("processes come and go while devices write for them, race 0x%x", seed);
        new PasidRace(bench, seed, 20)
                .run()
                .ifPresent(seen -> {
                    throw bench.violation("memory that only its own device writes", seen);
                });
    }
}
