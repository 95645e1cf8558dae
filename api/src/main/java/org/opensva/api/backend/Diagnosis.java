package org.opensva.api.backend;

import java.util.Comparator;
import java.util.List;

/**
 * What a provider says about this machine: for one variant, or for a family of them that has no
 * member here, whether it can be used, and if not, why and what would help.
 *
 * @param subject the variant or family as users write it, for example {@code native:host}
 * @param steps in the order in which they depend on each other; a step that could not be looked at
 *     because of an earlier one is left out
 */
public record Diagnosis(String subject, List<DiagnosticStep> steps) {

    /** Copies the list. */
    public Diagnosis {
        steps = List.copyOf(steps);
    }

    /**
     * How the examination ended.
     *
     * @return the worst outcome of all steps; {@code OK} if there is none
     */
    public DiagnosticStep.Outcome outcome() {
        return steps.stream()
                .map(DiagnosticStep::outcome)
                .max(Comparator.naturalOrder())
                .orElse(DiagnosticStep.Outcome.OK);
    }

    /**
     * Why it cannot be used here.
     *
     * @return one line, about the first step that is missing; empty if it can be used
     */
    public String obstacle() {
        return steps.stream()
                .filter(step -> step.outcome() == DiagnosticStep.Outcome.MISSING)
                .findFirst()
                .map(step -> step.name() + ": " + step.line())
                .orElse("");
    }
}
