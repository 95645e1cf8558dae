package org.opensva.conformance.report;

import org.opensva.conformance.suite.claims.ClaimResult;

/**
 * What a certificate says about one claim. Text, so that a certificate of a later version can still
 * be read.
 *
 * @param capability the id of the capability
 * @param claimed true if the backend claims it
 * @param found {@code present}, {@code absent}, {@code broken} or {@code unknown}
 * @param how what was done and what came of it
 */
public record ClaimVerdict(String capability, boolean claimed, String found, String how) {

    /**
     * What a run found.
     *
     * @param result the result of a probe
     * @return the same for a certificate
     */
    public static ClaimVerdict of(ClaimResult result) {
        return new ClaimVerdict(
                result.capability().id(), result.claimed(), result.found().id(), result.how());
    }

    /**
     * Tells whether the claim and what was seen contradict each other.
     *
     * @return true if it is claimed and absent, present and not claimed, or neither done nor
     *     refused
     */
    public boolean isContradicted() {
        if (found.equals(ClaimResult.Found.BROKEN.id())) {
            return true;
        }
        return claimed
                ? found.equals(ClaimResult.Found.ABSENT.id())
                : found.equals(ClaimResult.Found.PRESENT.id());
    }
}
