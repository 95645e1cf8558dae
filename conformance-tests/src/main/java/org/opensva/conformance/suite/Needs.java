package org.opensva.conformance.suite;

import org.opensva.api.backend.Capability;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What the scenario of a test uses beyond what its rules need. Where it is not claimed the test
 * does not run; a rule of which no test runs is not observable there.
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Needs {

    /**
     * The capabilities.
     *
     * @return all of them are needed
     */
    Capability[] value();
}
