/**
 * The command line {@code opensva}: what users type, what they read, and the exit status.
 *
 * <p>{@link org.opensva.conformance.cli.Main} is where the packaged program starts. Each command is
 * one class; {@code Commands} lists them. Everything a command says goes through a {@link
 * org.opensva.conformance.cli.Console}, so that tests run it in-process. The exit status is stable:
 * see {@link org.opensva.conformance.cli.ExitStatus}.
 *
 * <p>Not here: how a rule is judged, how a report looks, and how an accelerator is made to work on
 * a file ({@code org.opensva.conformance.cli.work}).
 */
@NullMarked
package org.opensva.conformance.cli;

import org.jspecify.annotations.NullMarked;
