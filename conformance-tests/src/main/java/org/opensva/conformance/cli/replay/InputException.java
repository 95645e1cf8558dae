package org.opensva.conformance.cli.replay;

/**
 * A file is not what a command needs. The message is one line; the name of the file is not part of
 * it.
 */
public final class InputException extends Exception {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what is wrong with the file
     */
    public InputException(String message) {
        super(message);
    }

    /**
     * Creates the exception.
     *
     * @param message what is wrong with the file
     * @param cause how that was noticed
     */
    public InputException(String message, Throwable cause) {
        super(message, cause);
    }
}
