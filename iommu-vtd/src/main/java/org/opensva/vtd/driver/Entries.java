package org.opensva.vtd.driver;

import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.process.PageTable;
import org.opensva.api.process.PageTableFormat;
import org.opensva.vtd.layout.EntryEncoder;
import org.opensva.vtd.layout.PasidTableEntry;
import org.opensva.vtd.layout.ScalableContextEntry;

/** What this driver writes into table entries, and in which order. */
final class Entries {

    private Entries() {}

    /**
     * The PASID entry of a process: first stage, through its own top-level table, with user
     * privilege only (section 9.6; Linux: {@code intel_pasid_setup_first_level}).
     */
    static long[] process(PageTable tables, int domainId) {
        boolean fiveLevels = tables.format() == PageTableFormat.X86_64_5LEVEL;
        return new EntryEncoder(PasidTableEntry.WORDS)
                .set(PasidTableEntry.P, true)
                .set(PasidTableEntry.PGTT, PasidTableEntry.PGTT_FIRST_STAGE)
                .set(PasidTableEntry.DID, domainId)
                .set(PasidTableEntry.PWSNP, true)
                .set(
                        PasidTableEntry.FSPM,
                        fiveLevels ? PasidTableEntry.FSPM_5_LEVEL : PasidTableEntry.FSPM_4_LEVEL)
                // Ignored now; hardware of revision 3 takes execute-disable bits for reserved
                // without it.
                .set(PasidTableEntry.NXE, true)
                .setAddress(PasidTableEntry.FSPTPTR, tables.root())
                .words();
    }

    /**
     * The context entry of a device (section 9.4). Requests without PASID use PASID 0, which is
     * never bound: they are blocked.
     */
    static long[] context(
            PasidTables tables, boolean pasids, boolean deviceTlb, boolean pageRequests) {
        return new EntryEncoder(ScalableContextEntry.WORDS)
                .set(ScalableContextEntry.P, true)
                .set(ScalableContextEntry.PASIDE, pasids)
                .set(ScalableContextEntry.DTE, deviceTlb)
                .set(ScalableContextEntry.PRE, pageRequests)
                .set(ScalableContextEntry.PDTS, tables.sizeCode())
                .setAddress(ScalableContextEntry.PASIDDIRPTR, tables.directory())
                .words();
    }

    /** A context entry that blocks every request, and records none of that. */
    static long[] isolated() {
        return new EntryEncoder(ScalableContextEntry.WORDS)
                .set(ScalableContextEntry.FPD, true)
                .words();
    }

    /**
     * Makes an entry visible: every other word first, then the one with P in a single store, which
     * is ordered after them (Linux: {@code pasid_set_present}).
     */
    static void publish(PhysicalMemory memory, long entry, long[] words) {
        for (int i = words.length - 1; i >= 0; i--) {
            memory.writeLong(entry + (long) i * Long.BYTES, words[i]);
        }
    }

    /** Makes an entry not present: the word with P first, in a single store. */
    static void unpublish(PhysicalMemory memory, long entry, long[] words) {
        for (int i = 0; i < words.length; i++) {
            memory.writeLong(entry + (long) i * Long.BYTES, words[i]);
        }
    }

    /**
     * Makes a PASID entry not present and leaves the rest for requests that have read it already
     * (section 6.5.3.3).
     *
     * @param silent whether faults of the PASID are to be kept from being recorded, from here on
     */
    static void disable(PhysicalMemory memory, long entry, boolean silent) {
        long word = memory.readLong(entry) & ~PasidTableEntry.P.mask();
        memory.writeLong(entry, silent ? word | PasidTableEntry.FPD.mask() : word);
    }

    /** Zeroes a PASID entry that is not present and not cached; parked, it keeps FPD. */
    static void zero(PhysicalMemory memory, long entry, boolean parked) {
        long[] words = new long[PasidTableEntry.WORDS];
        words[0] = parked ? PasidTableEntry.FPD.mask() : 0;
        publish(memory, entry, words);
    }

    /** Whether a PASID entry is neither present nor parked. */
    static boolean isFree(PhysicalMemory memory, long entry) {
        return memory.readLong(entry) == 0;
    }
}
