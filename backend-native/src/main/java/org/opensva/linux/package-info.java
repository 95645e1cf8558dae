/**
 * The backend that runs on Linux itself, through {@code java.lang.foreign}.
 *
 * <p>Real processes with a real {@code fork}, {@code munmap} and {@code exit} live in the packages
 * below. Nothing outside this module calls into the operating system.
 */
@NullMarked
package org.opensva.linux;

import org.jspecify.annotations.NullMarked;
