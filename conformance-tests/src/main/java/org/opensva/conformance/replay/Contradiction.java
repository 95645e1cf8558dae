package org.opensva.conformance.replay;

import java.util.List;

/**
 * An expectation that contradicts the specification and that its recording does not mark as such.
 * The recording is replayed like all others; this says what to think of the differences.
 */
public interface Contradiction {

    /**
     * The section that the recording contradicts.
     *
     * @return a section number of the specification of the recorded IOMMU
     */
    String section();

    /**
     * What the section says and what the recording expects instead.
     *
     * @return a sentence
     */
    String reason();

    /**
     * Tells whether following the specification is why something came out differently.
     *
     * @param difference a difference of a recording that this is the contradiction of
     * @return false if the difference is one of its own
     */
    boolean explains(Difference difference);

    /**
     * Tells whether an implementation follows the specification where a recording does not: it
     * differs from the recording, and in nothing but what follows from the section.
     *
     * @param differences every difference of a replay that counts what the architecture asks for
     * @return whether it does
     */
    default boolean isSeenIn(List<Difference> differences) {
        return !differences.isEmpty() && differences.stream().allMatch(this::explains);
    }
}
