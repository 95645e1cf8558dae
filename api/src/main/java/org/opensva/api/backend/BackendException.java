package org.opensva.api.backend;

/** A backend cannot be found or opened. The message is one line that says what to change. */
public final class BackendException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message one line
     */
    public BackendException(String message) {
        super(message);
    }

    /**
     * Creates the exception with what led to it.
     *
     * @param message one line
     * @param cause what happened
     */
    public BackendException(String message, Throwable cause) {
        super(message, cause);
    }
}
