package org.opensva.conformance.suite;

import org.opensva.api.backend.BackendDescriptor;

/** Hears how a run goes on. Called by one thread at a time; must return soon. */
public interface ConformanceListener {

    /**
     * The run begins.
     *
     * @param backend the backend
     * @param tests how many tests there are, those that will not run included
     * @param rules how many rules there are to judge
     */
    default void runStarted(BackendDescriptor backend, int tests, int rules) {}

    /**
     * A test begins.
     *
     * @param name the test, as {@code Class.method}
     * @param sentence its name as a sentence
     */
    default void testStarted(String name, String sentence) {}

    /**
     * A test has ended, or will not run.
     *
     * @param result how it ended
     * @param done how many tests have ended, this one included
     */
    default void testFinished(TestResult result, int done) {}

    /**
     * The run has ended.
     *
     * @param result what it found
     */
    default void runFinished(ConformanceResult result) {}
}
