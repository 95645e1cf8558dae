package org.opensva.conformance.cli.replay;

/** A file cannot be replayed. The message is one line; the name of the file is not part of it. */
final class RecordingException extends Exception {

    private static final long serialVersionUID = 1L;

    RecordingException(String message) {
        super(message);
    }

    RecordingException(String message, Throwable cause) {
        super(message, cause);
    }
}
