package org.opensva.conformance.suite;

import org.junit.platform.suite.api.IncludeClassNamePatterns;
import org.junit.platform.suite.api.IncludeEngines;
import org.junit.platform.suite.api.SelectPackages;
import org.junit.platform.suite.api.Suite;

/**
 * The whole suite as a JUnit suite, for a vendor's own build. A subclass names the backend in
 * {@code ConfigurationParameter} annotations; see the package documentation for the lines.
 */
@Suite
@IncludeEngines("junit-jupiter")
@SelectPackages("org.opensva.conformance.tests")
@IncludeClassNamePatterns(".*Tests")
public abstract class OpenSvaSuite {

    /** For subclasses, which JUnit never instantiates. */
    protected OpenSvaSuite() {}
}
