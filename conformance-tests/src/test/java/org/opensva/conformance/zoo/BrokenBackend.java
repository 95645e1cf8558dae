package org.opensva.conformance.zoo;

import org.opensva.conformance.rules.RuleId;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * A member of the zoo.
 *
 * @param name its name, as the variant of a backend
 * @param history the fix of the real bug that it recreates, or the class of bug where no single fix
 *     is known
 * @param fault what is broken, in a sentence
 * @param mustFail the rules that name the fault: each of them has to fail
 * @param mayAlsoFail rules that the same fault may break as well, but need not on every run
 * @param staysSound rules that the fault does not touch: each of them has to pass
 * @param waits true if somebody who waits for ever is how the fault shows
 * @param defect makes the decoration for one machine
 */
record BrokenBackend(
        String name,
        String history,
        String fault,
        Set<RuleId> mustFail,
        Set<RuleId> mayAlsoFail,
        Set<RuleId> staysSound,
        boolean waits,
        Supplier<Defect> defect) {

    /** Begins a member that fails the given rules. */
    static Builder breaking(String name, RuleId first, RuleId... more) {
        return new Builder(name, EnumSet.of(first, more));
    }

    /** The rules that are run: those that name the fault, and some that it must not touch. */
    Set<RuleId> rules() {
        Set<RuleId> all = EnumSet.copyOf(mustFail);
        all.addAll(staysSound);
        return all;
    }

    @Override
    public String toString() {
        return name;
    }

    /** What is known so far of a member. */
    static final class Builder {
        private final String name;
        private final Set<RuleId> mustFail;
        private final Set<RuleId> mayAlsoFail = EnumSet.noneOf(RuleId.class);
        private final Set<RuleId> staysSound = EnumSet.noneOf(RuleId.class);
        private String history = "";
        private String fault = "";
        private boolean waits;

        private Builder(String name, Set<RuleId> mustFail) {
            this.name = name;
            this.mustFail = mustFail;
        }

        Builder as(String bug) {
            history = bug;
            return this;
        }

        Builder because(String sentence) {
            fault = sentence;
            return this;
        }

        Builder perhapsAlso(RuleId... rules) {
            mayAlsoFail.addAll(List.of(rules));
            return this;
        }

        Builder notTouching(RuleId... rules) {
            staysSound.addAll(List.of(rules));
            return this;
        }

        /** Says that it is right to find this fault by a time limit. */
        Builder seenByWaiting() {
            waits = true;
            return this;
        }

        BrokenBackend by(Supplier<Defect> defect) {
            return new BrokenBackend(
                    name, history, fault, mustFail, mayAlsoFail, staysSound, waits, defect);
        }
    }
}
