package org.opensva.conformance.programs;

import org.opensva.conformance.rules.RuleId;

import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * What the contract says about a step.
 *
 * @param text what must be seen, in words
 * @param why what the expectation rests on, in words
 * @param rule the rule that is broken if something else is seen
 * @param allowed tells whether an observation keeps the contract
 * @param effect what the model does with an observation that does
 */
record Expectation(
        String text,
        String why,
        RuleId rule,
        Predicate<Observation> allowed,
        Consumer<Observation> effect) {

    static Expectation of(String text, String why, RuleId rule, Predicate<Observation> allowed) {
        return new Expectation(text, why, rule, allowed, seen -> {});
    }

    static Expectation done(String why, RuleId rule) {
        return of("the call to succeed", why, rule, Expectation::isDone);
    }

    static boolean isDone(Observation seen) {
        return seen.kind() == Observation.Kind.DONE;
    }

    /** The same expectation with an effect that is applied if the step was done. */
    Expectation then(Runnable change) {
        return new Expectation(
                text,
                why,
                rule,
                allowed,
                seen -> {
                    effect.accept(seen);
                    if (isDone(seen)) {
                        change.run();
                    }
                });
    }
}
