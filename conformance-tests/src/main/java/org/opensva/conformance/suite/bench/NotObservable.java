package org.opensva.conformance.suite.bench;

import org.opentest4j.TestAbortedException;

/**
 * The rule applies and this backend has no means to show it: what the test had to see did not
 * occur, by no fault of the backend.
 */
public final class NotObservable extends TestAbortedException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param reason what could not be seen, in one line
     */
    public NotObservable(String reason) {
        super(reason);
    }
}
