/**
 * The system call boundary: numbers, structures, error numbers, and the one way into the kernel.
 *
 * <p>Start with {@link org.opensva.linux.abi.SystemCalls}. Numbers and layouts are those of the
 * UAPI headers that each class names, and are pinned by tests.
 *
 * <p>Not here: what the calls are made for.
 */
@NullMarked
package org.opensva.linux.abi;

import org.jspecify.annotations.NullMarked;
