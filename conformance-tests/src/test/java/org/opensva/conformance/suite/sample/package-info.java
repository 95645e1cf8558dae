/** Classes of rule tests with every way to end, for tests of the framework. */
@NullMarked
package org.opensva.conformance.suite.sample;

import org.jspecify.annotations.NullMarked;
