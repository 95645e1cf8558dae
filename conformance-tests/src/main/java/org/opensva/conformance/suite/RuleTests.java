package org.opensva.conformance.suite;

import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a class whose test methods observe rules: each has {@link Covers}, and may have a {@link
 * org.opensva.conformance.suite.bench.TestBench} as parameter. The tests run one after the other,
 * each on a backend of its own where opening one is cheap.
 */
@Documented
@Inherited
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(ConformanceExtension.class)
@Execution(ExecutionMode.SAME_THREAD)
public @interface RuleTests {}
