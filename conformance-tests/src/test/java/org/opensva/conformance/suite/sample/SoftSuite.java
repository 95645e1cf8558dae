package org.opensva.conformance.suite.sample;

import org.junit.platform.suite.api.ConfigurationParameter;
import org.opensva.conformance.suite.OpenSvaSuite;

/** What a vendor writes in its own build. */
@ConfigurationParameter(key = "opensva.backend", value = "soft")
@ConfigurationParameter(key = "opensva.backend.option.foreign-handles", value = "opener")
@ConfigurationParameter(key = "opensva.rules", value = "BIND-0*,FORK-11")
public class SoftSuite extends OpenSvaSuite {}
