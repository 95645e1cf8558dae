/**
 * The vendor-neutral SVA core (Linux: {@code iommu-sva.c} and {@code io-pgfault.c}): the global
 * PASID space, bonds with their reference counts, and page faults of devices.
 *
 * <p>Locks: one for each address space's bonds, held around calls of IOMMU drivers; one for each
 * device while it is attached. Neither is ever taken by those who serve page faults, so that an
 * unbinding can wait for them.
 *
 * <p>Not here: any particular IOMMU, and page tables.
 */
@NullMarked
package org.opensva.emulated.kernel.sva;

import org.jspecify.annotations.NullMarked;
