package org.opensva.ats.message;

/** Bytes are no packet of address translation services. The message says in one line why. */
public final class MalformedTlpException extends Exception {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what is wrong with the bytes
     */
    public MalformedTlpException(String message) {
        super(message);
    }
}
