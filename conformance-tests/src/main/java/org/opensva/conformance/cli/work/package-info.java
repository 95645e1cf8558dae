/**
 * Makes an accelerator work on a stream of bytes: a process is spawned, the bytes are put into its
 * memory window by window, the device works on them there, and the results are taken out again.
 *
 * <p>{@link org.opensva.conformance.cli.work.AcceleratorSession} is the process with its open
 * queue; {@link org.opensva.conformance.cli.work.StreamWork} runs one operation over a whole
 * stream. What the device or the backend does wrong is a {@link
 * org.opensva.conformance.cli.work.DeviceException}; what is wrong with the data is a {@link
 * org.opensva.conformance.cli.work.BadDataException}.
 *
 * <p>Not here: files, options, and anything that prints.
 */
@NullMarked
package org.opensva.conformance.cli.work;

import org.jspecify.annotations.NullMarked;
