/**
 * Real processes as the SPI drives them: each is an agent that makes the system calls, loads and
 * stores that {@code SvaProcess} names.
 *
 * <p>Start with {@link org.opensva.linux.process.HostProcesses}. Open files of devices are real
 * descriptors, whose last close the kernel decides on; register windows of devices are real
 * mappings without any permission, whose faults are served here.
 *
 * <p>Not here: what devices do with the memory of a process.
 */
@NullMarked
package org.opensva.linux.process;

import org.jspecify.annotations.NullMarked;
