/**
 * The backend that runs on Linux itself, through {@code java.lang.foreign}.
 *
 * <p>Real processes with a real {@code fork}, {@code munmap} and {@code exit}, and accelerators
 * behind the kernel's own interfaces, will live here and in packages below. Nothing outside this
 * module calls into the operating system.
 *
 * <p>It is still empty, and this module claims nothing: it registers no backend.
 */
@NullMarked
package org.opensva.linux;

import org.jspecify.annotations.NullMarked;
