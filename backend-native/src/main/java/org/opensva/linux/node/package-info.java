/**
 * Queues of real devices as the SPI has them: a node that a process has opened, so that the kernel
 * has bound its memory, and jobs that go to the hardware behind it.
 *
 * <p>{@link org.opensva.linux.node.DeviceQueue} is what a kind of device implements; {@link
 * org.opensva.linux.node.QueueNode} is one open queue, {@link org.opensva.linux.node.NodeHandle} a
 * process's handle of it.
 *
 * <p>Not here: what descriptors look like, and how devices are found.
 */
@NullMarked
package org.opensva.linux.node;

import org.jspecify.annotations.NullMarked;
