package org.opensva.conformance.suite;

import org.opensva.conformance.rules.RuleId;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Names the rules that a test observes. If the test fails, every one of them is broken, unless its
 * violation says which; so a test names no more than that.
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Covers {

    /**
     * The rules.
     *
     * @return at least one
     */
    RuleId[] value();
}
