package org.opensva.conformance.suite.claims;

import org.opensva.conformance.suite.bench.TestBench;

/** Asks a backend for one capability, whether it claims it or not. */
@FunctionalInterface
interface Probe {

    /**
     * What was seen.
     *
     * @param found whether it is there
     * @param how what was done and what came of it
     */
    record Seen(ClaimResult.Found found, String how) {

        static Seen present(String how) {
            return new Seen(ClaimResult.Found.PRESENT, how);
        }

        static Seen absent(String how) {
            return new Seen(ClaimResult.Found.ABSENT, how);
        }

        static Seen broken(String how) {
            return new Seen(ClaimResult.Found.BROKEN, how);
        }

        static Seen unknown(String why) {
            return new Seen(ClaimResult.Found.UNKNOWN, why);
        }

        /** Present or absent by a condition. */
        static Seen of(boolean there, String present, String absent) {
            return there ? present(present) : absent(absent);
        }
    }

    /**
     * Asks.
     *
     * @param bench a bench of its own, whose backend is not used by anybody else
     * @return what was seen
     * @throws org.opensva.api.process.ErrnoException what the backend refuses; {@code EOPNOTSUPP}
     *     and {@code ENOSYS} mean that it does not have the capability
     */
    Seen look(TestBench bench);
}
