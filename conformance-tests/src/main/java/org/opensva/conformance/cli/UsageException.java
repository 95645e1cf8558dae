package org.opensva.conformance.cli;

/**
 * The user asked for something that cannot be had. The message is one line that says why; the exit
 * status is {@link ExitStatus#USAGE}.
 */
final class UsageException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    UsageException(String message) {
        super(message);
    }

    UsageException(String message, Throwable cause) {
        super(message, cause);
    }
}
