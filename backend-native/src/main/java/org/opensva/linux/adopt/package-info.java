/**
 * Processes that this backend has not started: they hand over descriptors of their own memory and
 * go on with what they do, while devices work in it.
 *
 * <p>Start with {@link org.opensva.linux.adopt.HandoverSocket}, which says what such a process
 * sends. Nothing here needs a right over other processes.
 *
 * <p>Not here: processes that an agent drives.
 */
@NullMarked
package org.opensva.linux.adopt;

import org.jspecify.annotations.NullMarked;
