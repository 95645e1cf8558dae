/**
 * Tests of the command line, in-process: a user's words in, streams and exit status out.
 *
 * <p>Not here: tests of rules.
 */
@NullMarked
package org.opensva.conformance.cli;

import org.jspecify.annotations.NullMarked;
