package org.opensva.conformance.programs;

import org.opensva.conformance.rules.RuleId;

/**
 * A step that did not show what the contract says.
 *
 * @param program the program
 * @param index the position of the step in it
 * @param rule the rule that is broken
 * @param expected what had to be seen
 * @param why what the expectation rests on
 * @param seen what was seen
 */
public record Finding(
        Program program, int index, RuleId rule, String expected, String why, String seen) {

    /**
     * The step.
     *
     * @return its text
     */
    public String step() {
        return index < program.steps().size()
                ? program.steps().get(index).text()
                : "the end of the program";
    }

    /**
     * The finding in one line.
     *
     * @return rule, step, what was expected and what was seen
     */
    public String summary() {
        return "%s: '%s': expected %s (%s); seen: %s"
                .formatted(rule.id(), step(), expected, why, seen);
    }
}
