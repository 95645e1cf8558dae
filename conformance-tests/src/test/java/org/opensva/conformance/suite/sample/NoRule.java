package org.opensva.conformance.suite.sample;

import org.junit.jupiter.api.Test;
import org.opensva.conformance.suite.RuleTests;

/** A test that names no rule. */
@RuleTests
public class NoRule {

    @Test
    void aTestWithoutRule() {}
}
