package org.opensva.api.backend;

import java.util.Locale;

/**
 * One step of an examination of this machine: something that a backend needs or can make use of.
 * Every text is one line for people; nothing is to be read out of it by a program.
 *
 * @param name what was looked for: lower case letters, digits and hyphens, the same on every
 *     machine and in every version
 * @param outcome how it ended
 * @param finding what was seen: if it is not there, why, with the kernel's own error name or the
 *     setting that says so
 * @param consequence what is lost without it; empty if nothing is
 * @param remedy what whoever runs the machine can do; empty if there is nothing to do
 */
public record DiagnosticStep(
        String name, Outcome outcome, String finding, String consequence, String remedy) {

    /** How a step ended. */
    public enum Outcome {
        /** It is there, or nothing is lost without it. */
        OK,
        /** It is not there; the backend does without, and claims less. */
        DEGRADED,
        /** It is not there, and the backend cannot be used. */
        MISSING;

        /**
         * The name in reports.
         *
         * @return lower case
         */
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Something that is there.
     *
     * @param name what was looked for
     * @param finding what was seen
     * @return the step
     */
    public static DiagnosticStep ok(String name, String finding) {
        return new DiagnosticStep(name, Outcome.OK, finding, "", "");
    }

    /**
     * Something that the backend does without.
     *
     * @param name what was looked for
     * @param finding what was seen, and why it is not there
     * @param consequence what is lost
     * @param remedy what would help; empty if nothing would
     * @return the step
     */
    public static DiagnosticStep degraded(
            String name, String finding, String consequence, String remedy) {
        return new DiagnosticStep(name, Outcome.DEGRADED, finding, consequence, remedy);
    }

    /**
     * Something without which the backend cannot be used.
     *
     * @param name what was looked for
     * @param finding what was seen, and why it is not there
     * @param remedy what would help; empty if nothing would
     * @return the step
     */
    public static DiagnosticStep missing(String name, String finding, String remedy) {
        return new DiagnosticStep(name, Outcome.MISSING, finding, "", remedy);
    }

    /**
     * The step without its name, for a certificate's property of that name.
     *
     * @return one line, for example {@code degraded: no swap space; without it: nothing is
     *     reclaimed; would help: swapon}
     */
    public String line() {
        return outcome.id()
                + ": "
                + finding
                + (consequence.isEmpty() ? "" : "; without it: " + consequence)
                + (remedy.isEmpty() ? "" : "; would help: " + remedy);
    }
}
