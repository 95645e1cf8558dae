/**
 * The memory of a real process as devices see it.
 *
 * <p>{@link org.opensva.linux.mm.HostAddressSpace} names an {@code mm_struct} by descriptors that
 * die with it, so that neither exec nor a reused process id leads a device astray. Transfers walk
 * the process's own page tables in the kernel; {@link org.opensva.linux.mm.EventPump} turns
 * userfaultfd events into invalidations that are complete before the call that caused them returns.
 *
 * <p>Not here: how a process is driven, PASIDs, and devices.
 */
@NullMarked
package org.opensva.linux.mm;

import org.jspecify.annotations.NullMarked;
