package org.opensva.conformance.suite;

import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;
import java.util.stream.Stream;

/** What was found about one rule on one backend. Every rule has exactly one. */
public enum Verdict {
    /** The rule applies and every test of it that could run held. */
    PASSED("passed"),
    /** The rule applies and a test showed a breach. */
    FAILED("failed"),
    /** The backend does not claim what the rule needs. */
    NOT_APPLICABLE("not-applicable"),
    /** The rule applies, and the backend or the suite has no means to show it. */
    NOT_OBSERVABLE("not-observable"),
    /** The rule applies and this machine could not run its test. */
    INCONCLUSIVE("inconclusive");

    private final String id;

    Verdict(String id) {
        this.id = id;
    }

    /**
     * The name in certificates and tables.
     *
     * @return lower case with hyphens
     */
    public String id() {
        return id;
    }

    /**
     * Finds a verdict by its name.
     *
     * @param id a name as in {@link #id}
     * @return the verdict, or empty if there is none of that name
     */
    public static Optional<Verdict> ofId(String id) {
        return Arrays.stream(values()).filter(verdict -> verdict.id.equals(id)).findFirst();
    }

    /**
     * The verdict that decides where several speak of one rule. The worst news comes first, and a
     * test that could not show the rule hides no other one's verdict.
     *
     * @param verdicts any number
     * @return the decisive one, or empty if there is none
     */
    public static Optional<Verdict> decisive(Collection<Verdict> verdicts) {
        return Stream.of(FAILED, INCONCLUSIVE, PASSED, NOT_OBSERVABLE, NOT_APPLICABLE)
                .filter(verdicts::contains)
                .findFirst();
    }
}
