/**
 * What the commands have to say of other people's failures, in words that belong into their one
 * line.
 *
 * <p>Not here: what is printed where, and the exit status, which belong to the commands.
 */
@NullMarked
package org.opensva.conformance.cli.words;

import org.jspecify.annotations.NullMarked;
