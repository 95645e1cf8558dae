package org.opensva.conformance.suite.bench;

import org.opentest4j.TestAbortedException;

/**
 * The rule applies and this machine could not run its test: a permission, a device or a resource is
 * missing. It is no verdict on the backend.
 */
public final class Inconclusive extends TestAbortedException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param reason what was missing, in one line
     */
    public Inconclusive(String reason) {
        super(reason);
    }
}
