package org.opensva.conformance.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.Inconclusive;
import org.opensva.conformance.suite.bench.TestBench;

/** Rule tests with known ends, for rules that apply to every backend. */
final class SampleRules {

    private SampleRules() {}

    /** Tests that hold. */
    @RuleTests
    static class Holding {
        @Test
        @Covers(RuleId.BIND_01)
        void theBackendHasAnAccelerator(TestBench bench) {
            assertEquals(1, bench.backend().accelerators().size());
        }
    }

    /** A test that finds a breach. */
    @RuleTests
    static class Breaking {
        @Test
        @Covers(RuleId.UNMAP_01)
        void theOldPageIsGone(TestBench bench) {
            bench.step("the page is unmapped");
            throw bench.violation("no <b>device</b> reaches it", "it was read & found");
        }
    }

    /** A test that this machine cannot run. */
    @RuleTests
    static class Open {
        @Test
        @Covers(RuleId.BIND_03)
        void memoryIsShared() {
            throw new Inconclusive("no permission to open /dev/iommu");
        }
    }

    /** A test that fails in a way its author did not think of. */
    @RuleTests
    static class Crashing {
        @Test
        @Covers(RuleId.BIND_01)
        void theBackendDoesSomethingOdd() {
            throw new IllegalStateException("odd\u001b[31m");
        }
    }

    /** A test that finds a recommendation not followed. */
    @RuleTests
    static class Unadvised {
        @Test
        @Covers(RuleId.UACCE_10)
        void theAdviceIsFollowed(TestBench bench) {
            throw bench.violation("the advice to be followed", "it is not");
        }
    }

    /** Four tests, one of which depends on the seed. */
    @RuleTests
    static class Four {
        @Test
        @Covers(RuleId.BIND_01)
        void theFirst() {}

        @Test
        @Covers(RuleId.BIND_03)
        void theSecond(TestBench bench) {
            bench.check(bench.random().nextInt(4) != 0, "no zero", "a zero");
        }

        @Test
        @Covers(RuleId.BIND_03)
        void theThird() {}

        @Test
        @Covers(RuleId.UNMAP_01)
        void theFourth() {}
    }
}
