package org.opensva.conformance.replay;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * An expectation that contradicts the specification and that its recording does not mark as such.
 * The recording is replayed like all others; this says what to think of the differences.
 *
 * @param section the section of the specification that the recording contradicts
 * @param reason what the section says and what the recording expects instead
 * @param concerns tells which recordings have that expectation
 * @param explains tells whether following the specification is why something came out differently
 */
public record Contradiction(
        String section,
        String reason,
        Predicate<Recording> concerns,
        Predicate<Difference> explains) {

    /**
     * Finds out whether a recording is known to contradict the specification.
     *
     * @param known the contradictions that are known
     * @param recording the recording
     * @return the contradiction, if there is one
     */
    public static Optional<Contradiction> of(List<Contradiction> known, Recording recording) {
        return known.stream().filter(c -> c.concerns().test(recording)).findFirst();
    }

    /**
     * Tells whether an implementation follows the specification where a recording does not: it
     * differs from the recording, and in nothing but what follows from the section.
     *
     * @param differences every difference of a replay that counts what the architecture asks for
     * @return whether it does
     */
    public boolean isSeenIn(List<Difference> differences) {
        return !differences.isEmpty() && differences.stream().allMatch(explains);
    }
}
