/** The oracles, each on a machine that is sound and on one that is broken in what it looks for. */
@NullMarked
package org.opensva.conformance.suite.oracle;

import org.jspecify.annotations.NullMarked;
