package org.opensva.conformance.report;

import java.util.Arrays;
import java.util.Optional;

/** What a certificate says as a whole. */
public enum Conclusion {
    /** Every rule was judged and no MUST rule was broken or left open. */
    CERTIFIED("certified"),
    /** A MUST rule was broken, or a claim was contradicted. */
    FAILED("failed"),
    /** No MUST rule was broken, but one could not be judged on this machine. */
    INCONCLUSIVE("inconclusive"),
    /** Nothing was broken or left open, but only some of the rules were judged. */
    PARTIAL("partial");

    private final String text;

    Conclusion(String text) {
        this.text = text;
    }

    /**
     * The name in certificates.
     *
     * @return lower case
     */
    public String text() {
        return text;
    }

    /**
     * Finds a conclusion by its name.
     *
     * @param text a name as in {@link #text}
     * @return the conclusion, or empty if there is none of that name
     */
    public static Optional<Conclusion> of(String text) {
        return Arrays.stream(values()).filter(o -> o.text.equals(text)).findFirst();
    }
}
