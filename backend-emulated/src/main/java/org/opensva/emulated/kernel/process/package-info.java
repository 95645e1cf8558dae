/**
 * Processes: system calls, descriptors and open files, fork, exec, exit and signals.
 *
 * <p>A process ends in the order of Linux's {@code do_exit}: first its address space is released,
 * in every device, then its files are closed.
 *
 * <p>Not here: page tables and mappings (package {@code kernel.mm}); PASIDs and devices.
 */
@NullMarked
package org.opensva.emulated.kernel.process;

import org.jspecify.annotations.NullMarked;
