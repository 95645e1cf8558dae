/**
 * Physical memory, access kinds, protection, page sizes and address ranges.
 *
 * <p>This is the lowest package of the SPI: every other one may use it, and it uses none of them.
 * Start with {@link org.opensva.api.memory.PhysicalMemory}, which hardware models read tables from
 * and devices reach by DMA, and with {@link org.opensva.api.memory.AddressRange}, the unit of every
 * invalidation.
 *
 * <p>Not here: virtual memory (see {@code org.opensva.api.process}) and anything that knows a
 * PASID.
 */
@NullMarked
package org.opensva.api.memory;

import org.jspecify.annotations.NullMarked;
