/**
 * The character device: open, start, put, map, submit, release and removal of queues, with the
 * states and errors of Linux's {@code drivers/misc/uacce/uacce.c} after its 2026 fixes, and the
 * policy for handles in foreign address spaces.
 *
 * <p>{@link org.opensva.uacce.cdev.CharDevice} is the driver of one device; {@link
 * org.opensva.uacce.cdev.QueueFile} is one open queue as the kernel sees it.
 *
 * <p>Not here: what user programs do with a queue, and what the hardware does.
 */
@NullMarked
package org.opensva.uacce.cdev;

import org.jspecify.annotations.NullMarked;
