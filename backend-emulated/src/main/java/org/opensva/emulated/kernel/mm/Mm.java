package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.AddressRange;
import org.opensva.emulated.kernel.paging.EntryFormat;
import org.opensva.emulated.kernel.paging.Geometry;

/**
 * The parts of one address space that its operations work on.
 *
 * @param hugePages which mappings get huge pages
 * @param entries how table entries are written
 * @param geometry how addresses are cut
 * @param frames the pages of the machine
 * @param swap where reclaimed pages go
 * @param table the page tables
 * @param vmas the mappings
 * @param asid its number in the TLBs of processors
 * @param listeners who hears of changes
 * @param transits the pages that are on their way
 * @param faultLocks keep faults of the same part of an address space apart
 * @param whenMergeable runs when pages may be merged that could not before
 */
record Mm(
        HugePagePolicy hugePages,
        EntryFormat entries,
        Geometry geometry,
        PageFrames frames,
        SwapArea swap,
        TranslationTable table,
        VmaTree vmas,
        SharedAsid asid,
        Listeners listeners,
        Transits transits,
        FaultLocks faultLocks,
        Runnable whenMergeable) {

    /** Tells of a change of one entry of the last level; complete when it returns. */
    void tellOfPage(long address) {
        if (!listeners.isEmpty()) {
            listeners.invalidate(new AddressRange(address, address + geometry.pageBytes()), true);
        }
    }
}
