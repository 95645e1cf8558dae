package org.opensva.conformance.rules;

import java.util.Optional;

/** What a suite needs to see in order to judge a rule. */
public enum Observability {
    /** Device accesses and process operations are enough. */
    BLACK_BOX("black-box"),
    /**
     * Device accesses and process operations, on a machine that can hold cached translations, delay
     * its answers, or be put under pressure.
     */
    BLACK_BOX_PLUS("black-box-plus"),
    /** The order or content of hardware events has to be seen: needs introspection. */
    WHITE_BOX("white-box"),
    /** No test is possible; the rule carries the reason. */
    UNTESTABLE("untestable");

    private final String text;

    Observability(String text) {
        this.text = text;
    }

    /**
     * Returns the name used in the rule files and in the specification.
     *
     * @return the kebab-case name
     */
    public String text() {
        return text;
    }

    /**
     * Finds the constant of a name used in the rule files.
     *
     * @param text the kebab-case name
     * @return the constant, or empty when no constant has that name
     */
    public static Optional<Observability> of(String text) {
        for (Observability value : values()) {
            if (value.text.equals(text)) {
                return Optional.of(value);
            }
        }
        return Optional.empty();
    }
}
