package org.opensva.linux.doctor;

/**
 * One step of an examination.
 *
 * @param name what was looked for, lower case with hyphens
 * @param outcome how it ended
 * @param found what was found
 * @param remedy what would help; empty if nothing is needed
 */
public record Step(String name, Outcome outcome, String found, String remedy) {

    /** How a step ended. */
    public enum Outcome {
        /** It is there. */
        PRESENT,
        /** It is not there, and the backend does without. */
        ABSENT,
        /** It is not there, and the backend cannot run. */
        BLOCKING
    }

    static Step present(String name, String found) {
        return new Step(name, Outcome.PRESENT, found, "");
    }

    static Step absent(String name, String found, String remedy) {
        return new Step(name, Outcome.ABSENT, found, remedy);
    }

    static Step blocking(String name, String found, String remedy) {
        return new Step(name, Outcome.BLOCKING, found, remedy);
    }

    /**
     * The step as one line.
     *
     * @return for example {@code events: present: userfaultfd, user mode}
     */
    public String line() {
        String outcomeText = outcome == Outcome.PRESENT ? "present" : "absent";
        return name
                + ": "
                + outcomeText
                + ": "
                + found
                + (remedy.isEmpty() ? "" : "; would help: " + remedy);
    }
}
