/**
 * The driver of an Intel VT-d remapping unit in scalable mode, in the way an operating system's
 * works: it knows registers and memory, and nothing of any model behind them.
 *
 * <p>Start with {@link org.opensva.vtd.driver.VtdDriver}. The order of every sequence (bind, unmap,
 * release, unbind) is the contract of this package: a table entry is published only when complete
 * and is never overwritten, a device is told of changes before its entry is present, what an entry
 * allowed is invalidated in the order PASID cache, IOTLB, device-TLB before the entry is zeroed,
 * and a call returns after completion. The sequences follow the specification, sections 6.5 and 7,
 * and Linux's {@code drivers/iommu/intel} (functions are named where they are followed).
 *
 * <p>Not here: any use of {@code org.opensva.vtd.model}; second-stage and legacy translation, which
 * Shared Virtual Addressing does not need; interrupt remapping; the vendor-neutral part of SVA
 * (PASID allocation, bond counts, fault handling), which belongs to the kernel.
 */
@NullMarked
package org.opensva.vtd.driver;

import org.jspecify.annotations.NullMarked;
