package org.opensva.api.process;

import org.opensva.api.memory.PageSize;

/**
 * The page tables of an address space, as an IOMMU driver needs to know them.
 *
 * @param format how entries are written
 * @param root physical address of the top-level table
 * @param granule the page size and table size
 * @param virtualAddressBits number of virtual address bits that the top-level table covers (48, 47,
 *     57 ...)
 * @param physicalAddressBits number of physical address bits that entries may hold
 * @param memoryAttributes for VMSAv8-64 the MAIR_EL1 value that the entries' AttrIndx selects from;
 *     0 elsewhere
 */
public record PageTable(
        PageTableFormat format,
        long root,
        PageSize granule,
        int virtualAddressBits,
        int physicalAddressBits,
        long memoryAttributes) {}
