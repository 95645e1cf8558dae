/**
 * Makes accelerators work on streams of bytes: a process is spawned, the bytes are put into its
 * memory window by window, the devices work on them there, and the results are taken out again.
 *
 * <p>{@link org.opensva.conformance.cli.work.AcceleratorSession} is the process with its contexts;
 * {@link org.opensva.conformance.cli.work.StreamWork} runs one {@link
 * org.opensva.conformance.cli.work.Task} over whole streams, with the client library of {@code
 * uacce} as any program would. What a device or the backend does wrong is a {@link
 * org.opensva.conformance.cli.work.DeviceException}; what is wrong with the data is a {@link
 * org.opensva.conformance.cli.work.BadDataException}.
 *
 * <p>Not here: files, options, and anything that prints.
 */
@NullMarked
package org.opensva.conformance.cli.work;

import org.jspecify.annotations.NullMarked;
