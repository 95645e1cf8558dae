/** Tests of what makes an accelerator work on a stream. Not here: tests of commands. */
@NullMarked
package org.opensva.conformance.cli.work;

import org.jspecify.annotations.NullMarked;
