/**
 * The hardware side of a queue: byte layouts of rings and registers, the device that serves them,
 * and the workers.
 *
 * <p>{@link org.opensva.uacce.queue.QueueLayout} is the format. A {@link
 * org.opensva.uacce.queue.HardwareQueue} sees register accesses, memory through the device's port,
 * and jobs that its driver pushes into it; whatever bytes it finds there lead to a status, never to
 * an exception.
 *
 * <p>Not here: processes, files, policies.
 */
@NullMarked
package org.opensva.uacce.queue;

import org.jspecify.annotations.NullMarked;
