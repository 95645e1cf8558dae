package org.opensva.conformance.suite.claims;

import org.opensva.api.backend.Capability;

/**
 * What a probe found about one claim: a backend is asked for what it claims and for what it does
 * not, so that nothing is gained by claiming too little.
 *
 * @param capability the capability
 * @param claimed true if the backend claims it
 * @param found what the probe saw
 * @param how what was done and what came of it, in one line
 */
public record ClaimResult(Capability capability, boolean claimed, Found found, String how) {

    /** What a probe saw. */
    public enum Found {
        /** The backend does it. */
        PRESENT("present"),
        /** The backend refuses it, or has nothing that does it. */
        ABSENT("absent"),
        /** The backend neither does it nor refuses it as the contract says. */
        BROKEN("broken"),
        /** The probe could not tell, or there is none. */
        UNKNOWN("unknown");

        private final String id;

        Found(String id) {
            this.id = id;
        }

        /**
         * The name in certificates.
         *
         * @return lower case
         */
        public String id() {
            return id;
        }
    }

    /**
     * Tells whether the claim and what was seen contradict each other.
     *
     * @return true if it is claimed and absent, present and not claimed, or neither done nor
     *     refused
     */
    public boolean isContradicted() {
        return switch (found) {
            case PRESENT -> !claimed;
            case ABSENT -> claimed;
            case BROKEN -> true;
            case UNKNOWN -> false;
        };
    }
}
