/**
 * How page tables are written: the formats of entries, how an address is cut into table indexes,
 * and the modes that put the two together.
 *
 * <p>A format is pure arithmetic on 64-bit entries; each bit has its source beside it. The very
 * same entries are read by processors, by the IOMMU and by the kernel.
 *
 * <p>Not here: the tables themselves, which package {@code kernel.mm} keeps in physical memory.
 */
@NullMarked
package org.opensva.emulated.kernel.paging;

import org.jspecify.annotations.NullMarked;
