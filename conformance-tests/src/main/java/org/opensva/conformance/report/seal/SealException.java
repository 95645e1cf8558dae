package org.opensva.conformance.report.seal;

/** A document, a key or a seal is not what it has to be; the message is one line. */
public final class SealException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message one line
     */
    public SealException(String message) {
        super(message);
    }

    /**
     * Creates the exception with what led to it.
     *
     * @param message one line
     * @param cause what happened
     */
    public SealException(String message, Throwable cause) {
        super(message, cause);
    }
}
