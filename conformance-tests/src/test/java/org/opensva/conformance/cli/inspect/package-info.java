/** The command {@code opensva inspect}, on a dump of a running Linux. */
@NullMarked
package org.opensva.conformance.cli.inspect;

import org.jspecify.annotations.NullMarked;
