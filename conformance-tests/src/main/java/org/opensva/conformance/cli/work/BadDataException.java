package org.opensva.conformance.cli.work;

/**
 * The input is not what the operation needs, or too large for the backend. The message is one line.
 */
public final class BadDataException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what is wrong, as the end of a sentence that begins with the name of the input
     */
    public BadDataException(String message) {
        super(message);
    }
}
