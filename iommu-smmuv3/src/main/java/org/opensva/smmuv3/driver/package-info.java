/**
 * The driver of an SMMUv3, in the way an operating system's works: it knows registers and memory,
 * and nothing of any model behind them.
 *
 * <p>Start with {@link org.opensva.smmuv3.driver.SmmuV3Driver}. The order of every sequence (bind,
 * unmap, release, unbind) is the contract of this package: an entry is published only when
 * complete, a device is told of changes before its entry is valid, the IOTLB is clean and complete
 * before an ATC is told, and a call returns after completion. The sequences follow Linux's {@code
 * drivers/iommu/arm/arm-smmu-v3} (functions are named where they are followed) and Arm IHI 0070 G.b
 * sections 3.9, 3.21 and 4.
 *
 * <p>Not here: any use of {@code org.opensva.smmuv3.model}; the vendor-neutral part of SVA (PASID
 * allocation, bond counts, fault handling), which belongs to the kernel.
 */
@NullMarked
package org.opensva.smmuv3.driver;

import org.jspecify.annotations.NullMarked;
