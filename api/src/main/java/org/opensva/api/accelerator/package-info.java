/**
 * Accelerators as user programs see them: devices, queues, jobs and their results.
 *
 * <p>Start with {@link org.opensva.api.accelerator.Accelerator}, which a process opens, and {@link
 * org.opensva.api.accelerator.QueueHandle}, the open queue. The states and errors are those of
 * Linux's uacce ({@code drivers/misc/uacce/uacce.c}). A vendor of an engine implements {@link
 * org.opensva.api.accelerator.Engine}.
 *
 * <p>Not here: descriptor bytes and rings, which belong to a device's driver.
 */
@NullMarked
package org.opensva.api.accelerator;

import org.jspecify.annotations.NullMarked;
