package org.opensva.conformance.suite.sample;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.opensva.api.backend.Capability;
import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.Needs;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.Inconclusive;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;

import java.util.concurrent.CountDownLatch;

/** One test for every way to end. */
@RuleTests
public class EveryEnd {

    @Test
    @Covers(RuleId.BIND_01)
    void aTestThatPasses(TestBench bench) {
        bench.step("all is well");
    }

    @Test
    @Covers(RuleId.BIND_02)
    void aTestThatFindsABreach(TestBench bench) {
        bench.step("step %d", 1);
        bench.step("step %d", 2);
        bench.mustBe(bench.token("the new value"), bench.token("the old value"), "the page");
    }

    @Test
    @Covers(RuleId.BIND_03)
    void aTestThatThrows(TestBench bench) {
        bench.step("something surprising");
        throw new IllegalStateException("a surprise\nwith more lines");
    }

    @Test
    @Covers(RuleId.BIND_04)
    void aTestThatUsesPlainAssertions() {
        Assertions.assertEquals(1, 2);
    }

    @Test
    @Covers(RuleId.BIND_06)
    void aTestThatTheMachineCannotRun(TestBench bench) {
        throw new Inconclusive("a permission is missing on " + bench.descriptor().name());
    }

    @Test
    @Covers(RuleId.BIND_07)
    void aTestThatSawNothing() {
        throw new NotObservable("it did not occur");
    }

    @Test
    @Covers(RuleId.BIND_10)
    @Needs(Capability.HUGE_PAGES)
    void aTestWhoseScenarioNeedsMore() {
        Assertions.fail("it must not run");
    }

    @Test
    @Covers(RuleId.BIND_12)
    void aTestThatHangs(TestBench bench) throws InterruptedException {
        bench.step("waiting for nobody");
        new CountDownLatch(1).await();
    }

    @Test
    @Covers(RuleId.BIND_13)
    void theWorstOfTwoCountsFirst() {}

    @Test
    @Covers(RuleId.BIND_13)
    void theWorstOfTwoCountsSecond() {
        throw new Inconclusive("the second could not run");
    }

    @Test
    @Covers(RuleId.FORK_22)
    void aTestOfARuleThatDoesNotApply() {
        Assertions.fail("it must not run");
    }

    @Test
    @Covers(RuleId.UACCE_01)
    void aTestThatForgetsToClose(TestBench bench) {
        bench.backend().processes().spawn("forgotten");
    }
}
