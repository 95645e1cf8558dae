/** Tests of what a bench keeps for the picture of a failure. */
@NullMarked
package org.opensva.conformance.suite.bench;

import org.jspecify.annotations.NullMarked;
