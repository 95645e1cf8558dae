package org.opensva.conformance.cli.work;

import org.jspecify.annotations.Nullable;

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
     * @param cause what happened, or null
     */
    public DeviceException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
