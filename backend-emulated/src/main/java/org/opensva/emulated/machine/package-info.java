/**
 * The bare machine: sparse physical memory, the frame allocator, processors with their TLBs, the
 * interrupt controller, and the log of hardware events.
 *
 * <p>Not here: processes, page tables, PASIDs, and any particular IOMMU.
 */
@NullMarked
package org.opensva.emulated.machine;

import org.jspecify.annotations.NullMarked;
