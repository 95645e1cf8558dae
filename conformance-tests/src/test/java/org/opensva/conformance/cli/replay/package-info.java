/** The command {@code opensva replay}, typed in-process. */
@NullMarked
package org.opensva.conformance.cli.replay;

import org.jspecify.annotations.NullMarked;
