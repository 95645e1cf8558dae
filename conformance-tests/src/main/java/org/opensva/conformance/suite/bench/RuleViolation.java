package org.opensva.conformance.suite.bench;

import org.opensva.conformance.rules.Rule;
import org.opentest4j.AssertionFailedError;

import java.util.List;

/** A rule was seen broken. The message holds the rule, what it demands, and what was seen. */
public final class RuleViolation extends AssertionFailedError {

    private static final long serialVersionUID = 1L;

    /** What was found; lost when the error is serialised, the message has its text. */
    private final transient Evidence evidence;

    private final transient List<Rule> rules;

    /**
     * Creates the error.
     *
     * @param rules the rules that are broken
     * @param evidence what was found
     */
    public RuleViolation(List<Rule> rules, Evidence evidence) {
        super(render(rules, evidence), evidence.expected(), evidence.seen());
        this.evidence = evidence;
        this.rules = List.copyOf(rules);
    }

    /**
     * Creates the error with what led to it.
     *
     * @param rules the rules that are broken
     * @param evidence what was found
     * @param cause what happened
     */
    public RuleViolation(List<Rule> rules, Evidence evidence, Throwable cause) {
        super(render(rules, evidence), evidence.expected(), evidence.seen(), cause);
        this.evidence = evidence;
        this.rules = List.copyOf(rules);
    }

    /**
     * What was found.
     *
     * @return the evidence
     */
    public Evidence evidence() {
        return evidence;
    }

    /**
     * What is broken.
     *
     * @return the rules of the test, or those of them that it could tell apart
     */
    public List<Rule> rules() {
        return rules;
    }

    private static String render(List<Rule> rules, Evidence evidence) {
        StringBuilder text = new StringBuilder(512);
        for (Rule rule : rules) {
            text.append(rule.id()).append(": ").append(rule.title()).append('\n');
        }
        text.append("  expected: ").append(evidence.expected()).append('\n');
        text.append("  seen:     ").append(evidence.seen()).append('\n');
        text.append("  at step:  ").append(evidence.step()).append('\n');
        for (Rule rule : rules) {
            text.append("  rule:     ").append(rule.text()).append('\n');
            text.append("  source:   ").append(rule.source()).append('\n');
            text.append("  look at:  ").append(rule.ifFails()).append('\n');
        }
        text.append("  seed:     0x").append(Long.toHexString(evidence.seed()));
        return text.toString();
    }
}
