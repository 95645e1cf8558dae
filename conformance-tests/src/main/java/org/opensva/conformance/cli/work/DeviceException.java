package org.opensva.conformance.cli.work;

/** A backend or its device failed at the work. The message is one line. */
public final class DeviceException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message one line
     */
    public DeviceException(String message) {
        super(message);
    }

    /**
     * Creates the exception with what led to it.
     *
     * @param message one line
     * @param cause what happened
     */
    public DeviceException(String message, Throwable cause) {
        super(message, cause);
    }
}
