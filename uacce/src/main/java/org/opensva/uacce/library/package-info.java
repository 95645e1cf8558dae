/**
 * The user library: what runs in the process that holds a queue. It maps the regions, keeps the
 * rings in process memory, writes descriptors with the processor's stores, rings the doorbell and
 * reads completions, as UADK does on a real system.
 *
 * <p>Where the holder cannot have the regions (its handle is foreign, or somebody else has mapped
 * them) jobs go through the descriptor.
 *
 * <p>Not here: anything privileged. The library reaches the device only through the process it runs
 * in and through {@link org.opensva.uacce.cdev.QueueFile}, which stands for its system calls.
 */
@NullMarked
package org.opensva.uacce.library;

import org.jspecify.annotations.NullMarked;
