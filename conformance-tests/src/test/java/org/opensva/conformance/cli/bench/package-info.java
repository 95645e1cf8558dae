/** Tests of {@code opensva bench}. */
@NullMarked
package org.opensva.conformance.cli.bench;

import org.jspecify.annotations.NullMarked;
