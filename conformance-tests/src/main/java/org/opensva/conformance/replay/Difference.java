package org.opensva.conformance.replay;

/**
 * Something that came out differently from what a recording expects.
 *
 * @param step index of the step, from 0
 * @param what the register, address or field that differs
 * @param expected the expectation, for people
 * @param actual what the model did, for people
 */
public record Difference(int step, String what, String expected, String actual) {

    @Override
    public String toString() {
        return "step " + step + ": " + what + ": expected " + expected + ", got " + actual;
    }
}
