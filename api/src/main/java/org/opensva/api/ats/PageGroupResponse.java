package org.opensva.api.ats;

import org.opensva.api.iommu.PageResponse;

/**
 * A PRG Response message (section 10.4.2).
 *
 * @param pasid the PASID that the message carries, or {@link org.opensva.api.iommu.Pasid#NONE} if
 *     the device does not want one
 * @param groupIndex the PRG index, 0 to 511
 * @param response the answer
 */
public record PageGroupResponse(int pasid, int groupIndex, PageResponse response) {}
