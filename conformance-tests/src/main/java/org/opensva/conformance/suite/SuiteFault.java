package org.opensva.conformance.suite;

import org.jspecify.annotations.Nullable;

/**
 * A fault of the suite itself, never of a backend: no test was found, a test names no rule, JUnit
 * could not run. It is no verdict.
 */
public final class SuiteFault extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message one line
     */
    public SuiteFault(String message) {
        super(message);
    }

    /**
     * Creates the exception with what led to it.
     *
     * @param message one line
     * @param cause what happened, or null
     */
    public SuiteFault(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
