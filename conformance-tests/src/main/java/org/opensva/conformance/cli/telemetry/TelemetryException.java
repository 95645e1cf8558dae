package org.opensva.conformance.cli.telemetry;

/** Telemetry cannot be sent where the user wants it: wrong options, or an address that is taken. */
public final class TelemetryException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    TelemetryException(String message) {
        super(message);
    }

    TelemetryException(String message, Throwable cause) {
        super(message, cause);
    }
}
