/**
 * The IOMMU as devices, drivers and the SVA core see it.
 *
 * <p>A device's engine moves data through a {@link org.opensva.api.iommu.DmaPort}: every access
 * names a PASID and a virtual address, and is carried out inside a guard that invalidation waits
 * for. An IOMMU vendor implements {@link org.opensva.api.iommu.IommuDriver} (and the hardware side,
 * {@code TranslationAgent} in {@code org.opensva.api.ats}). The vendor-neutral SVA core implements
 * {@link org.opensva.api.iommu.SvaBinder}.
 *
 * <p>Not here: ATS messages, accelerator queues, and any particular IOMMU's registers.
 */
@NullMarked
package org.opensva.api.iommu;

import org.jspecify.annotations.NullMarked;
