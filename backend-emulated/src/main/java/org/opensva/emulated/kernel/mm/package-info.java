/**
 * Memory management: address spaces with their mappings and page tables, copy-on-write, memory
 * objects, swap, and the notification of devices.
 *
 * <p>The page tables are written in the very format that the IOMMU walks, and the loads and stores
 * of processors walk them too. Every change follows one order: the entry is cleared or narrowed,
 * processors' TLB maintenance is broadcast where somebody shares it, the {@linkplain
 * org.opensva.api.process.AddressSpaceListener listeners} are told, and only then a frame or a
 * page-table page is freed.
 *
 * <p>Locks: one for each address space, held for writing by everything that changes a mapping or an
 * entry, and for reading by processors' loads and stores. Listeners are called with it held. Below
 * it, and never held around anything else: the lock of a memory object, the swap area's, and the
 * frame allocator's. Callbacks into drivers that may do anything (the end of a device mapping) run
 * with no lock held.
 *
 * <p>Not here: processes and files (package {@code kernel.process}), and PASIDs and devices
 * (package {@code kernel.sva}), except for the number that an identity carries.
 */
@NullMarked
package org.opensva.emulated.kernel.mm;

import org.jspecify.annotations.NullMarked;
