package org.opensva.conformance.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.conformance.suite.claims.ClaimResult;
import org.opensva.conformance.suite.testbackend.SoftBackend;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The suite against a backend that keeps every rule: no false alarm, and nothing passes unseen. */
class RuleTestsOnASoundBackendTest {

    private static ConformanceResult certify(
            Set<Capability> capabilities, ForeignHandlePolicy policy, long seed) {
        return ConformanceRun.builder()
                .catalog(SoftBackend.catalog(capabilities, policy))
                .backend("soft")
                .seed(seed)
                .run();
    }

    private static String complaints(ConformanceResult result) {
        return result.rules().stream()
                .filter(rule ->
                        rule.verdict() == Verdict.FAILED || rule.verdict() == Verdict.INCONCLUSIVE)
                .map(rule -> rule.rule().id() + " " + rule.verdict().id() + ": " + rule.reason())
                .collect(Collectors.joining("\n"));
    }

    @Test
    void everyRuleThatCanBeSeenPasses() {
        ConformanceResult result = certify(SoftBackend.ALL, ForeignHandlePolicy.REFUSE, 1);
        assertEquals("", complaints(result));
        assertEquals(
                List.of(), result.claims().stream().filter(ClaimResult::isContradicted).toList());
        assertEquals(ConformanceResult.Outcome.PASSED, result.outcome());
        Map<Verdict, Integer> summary = result.summary();
        assertTrue(summary.get(Verdict.PASSED) >= 100, summary.toString());
        assertEquals(
                result.rules().size(), summary.values().stream().mapToInt(Integer::intValue).sum());
    }

    @Test
    void theOtherPolicyPassesToo() {
        ConformanceResult result = certify(SoftBackend.ALL, ForeignHandlePolicy.OPENER, 2);
        assertEquals("", complaints(result));
    }

    @Test
    void aBackendThatClaimsNothingIsJudgedByWhatIsLeft() {
        ConformanceResult result =
                certify(EnumSet.noneOf(Capability.class), ForeignHandlePolicy.REFUSE, 3);
        // The backend does serve faults; that it does not claim so is what BIND-17 is about.
        assertEquals(
                List.of("BIND-17"),
                result.with(Verdict.FAILED).stream().map(rule -> rule.rule().id()).toList(),
                () -> complaints(result));
        for (RuleResult rule : result.rules()) {
            if (rule.verdict() == Verdict.NOT_APPLICABLE
                    || rule.verdict() == Verdict.NOT_OBSERVABLE) {
                assertTrue(!rule.reason().isBlank(), rule.rule().id() + " without a reason");
            }
            if (rule.verdict() == Verdict.PASSED) {
                assertTrue(
                        rule.tests().stream().anyMatch(test -> test.verdict() == Verdict.PASSED),
                        rule.rule().id() + " passed without a test");
            }
        }
    }
}
