package org.opensva.conformance.report;

import org.opensva.conformance.rules.RuleLevel;
import org.opensva.conformance.suite.RuleResult;
import org.opensva.conformance.suite.TestResult;
import org.opensva.conformance.suite.Verdict;

import java.time.Duration;
import java.util.List;

/**
 * What a certificate says about one rule.
 *
 * @param id the id of the rule
 * @param level how binding it is
 * @param title its short sentence
 * @param verdict the verdict
 * @param reason why it is not {@link Verdict#PASSED}, in one line; otherwise empty
 * @param duration how long its tests ran
 * @param evidence what each test of the rule found
 */
public record RuleVerdict(
        String id,
        RuleLevel level,
        String title,
        Verdict verdict,
        String reason,
        Duration duration,
        List<TestEvidence> evidence) {

    /** Copies the evidence. */
    public RuleVerdict {
        evidence = List.copyOf(evidence);
    }

    /**
     * The verdict that a run reached.
     *
     * @param result what the run found about the rule
     * @return the same for a certificate
     */
    public static RuleVerdict of(RuleResult result) {
        return new RuleVerdict(
                result.rule().id(),
                result.rule().level(),
                result.rule().title(),
                result.verdict(),
                result.reason(),
                result.duration(),
                result.tests().stream().map(RuleVerdict::evidence).toList());
    }

    private static TestEvidence evidence(TestResult test) {
        return new TestEvidence(
                test.name(),
                test.sentence(),
                test.verdict(),
                test.reason(),
                // What the test could say itself is in the finding, field by field.
                test.evidence().isPresent() ? "" : test.message(),
                test.seed(),
                test.evidence());
    }

    /**
     * The group of the rule.
     *
     * @return the part of the id before the hyphen, such as {@code UNMAP}
     */
    public String group() {
        int hyphen = id.indexOf('-');
        return hyphen < 0 ? id : id.substring(0, hyphen);
    }

    /**
     * Tells whether the rule withholds the certificate.
     *
     * @return true for a MUST rule that failed or could not be judged
     */
    public boolean withholds() {
        return level == RuleLevel.MUST
                && (verdict == Verdict.FAILED || verdict == Verdict.INCONCLUSIVE);
    }
}
