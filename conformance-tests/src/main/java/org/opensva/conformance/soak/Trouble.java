package org.opensva.conformance.soak;

/** Something that must not happen; the message is one line for the finding. */
final class Trouble extends RuntimeException {

    private static final long serialVersionUID = 1L;

    Trouble(String message) {
        super(message, null, false, false);
    }
}
