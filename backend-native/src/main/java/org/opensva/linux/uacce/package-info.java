/**
 * Real accelerators behind Linux's uacce: found in {@code /sys/class/uacce}, opened by processes as
 * {@code /dev/<name>}, driven by their own rings and doorbells.
 *
 * <p>{@link org.opensva.linux.uacce.RingPair} moves descriptors and completions; a {@link
 * org.opensva.linux.uacce.QueueFormat} knows what they say, one for each kind of device.
 *
 * <p>Not here: bits and numbers, which are in the package {@code spec}.
 */
@NullMarked
package org.opensva.linux.uacce;

import org.jspecify.annotations.NullMarked;
