package org.opensva.smmuv3.driver;

import org.opensva.api.memory.PageSize;
import org.opensva.api.process.PageTable;
import org.opensva.smmuv3.layout.AddressSize;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.EntryEncoder;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.StreamTableEntry;

/**
 * The stream table entries and context descriptors that SVA needs, and which bits of them hardware
 * uses (Arm IHI 0070 G.b sections 5.2 and 5.4).
 */
final class Entries {

    private static final long INNER_SHAREABLE = 0b11;
    private static final long WRITE_BACK = 0b01;

    private static final long[] NO_BITS = new long[ContextDescriptor.WORDS];

    private Entries() {}

    /** A stream whose every request is aborted without a record. */
    static long[] blockedStream() {
        return new EntryEncoder(StreamTableEntry.WORDS)
                .set(StreamTableEntry.V, true)
                .set(StreamTableEntry.CONFIG, StreamTableEntry.CONFIG_ABORT)
                .words();
    }

    /** A stream whose requests are translated by their PASID; those without one are terminated. */
    static long[] translatedStream(ContextTable table, boolean ats, boolean stallsDisabled) {
        return new EntryEncoder(StreamTableEntry.WORDS)
                .set(StreamTableEntry.V, true)
                .set(StreamTableEntry.CONFIG, StreamTableEntry.CONFIG_S1)
                .set(StreamTableEntry.S1FMT, table.format())
                .setAddress(StreamTableEntry.S1CONTEXTPTR, table.base())
                .set(StreamTableEntry.S1CDMAX, table.maxBits())
                .set(StreamTableEntry.S1DSS, StreamTableEntry.S1DSS_TERMINATE)
                .set(StreamTableEntry.S1CIR, WRITE_BACK)
                .set(StreamTableEntry.S1COR, WRITE_BACK)
                .set(StreamTableEntry.S1CSH, INNER_SHAREABLE)
                .set(StreamTableEntry.S1STALLD, stallsDisabled)
                .set(
                        StreamTableEntry.EATS,
                        ats ? StreamTableEntry.EATS_FULL : StreamTableEntry.EATS_DISABLED)
                .set(StreamTableEntry.STRW, StreamTableEntry.STRW_EL1)
                .set(StreamTableEntry.SHCFG, StreamTableEntry.SHCFG_INCOMING)
                .words();
    }

    /**
     * A context that walks the page tables of a process: its own root, the upper half disabled so
     * that kernel addresses are never reachable, the processor's attributes (Linux: {@code
     * arm_smmu_make_sva_cd}).
     */
    static long[] processContext(
            PageTable tables, AsidAllocator.Tag tag, int outputBits, boolean stall) {
        return context(tables, tag, outputBits)
                .set(ContextDescriptor.EPD0, false)
                .setAddress(ContextDescriptor.TTB0, tables.root())
                .set(ContextDescriptor.S, stall)
                .set(ContextDescriptor.R, true)
                .words();
    }

    /**
     * A context that is valid and aborts everything silently: walks disabled, nothing recorded,
     * nothing stalled unless hardware stalls always; the same ASID, so that its TLB entries can
     * still be named (Linux: {@code arm_smmu_mm_release}).
     */
    static long[] quiescedContext(
            PageTable tables, AsidAllocator.Tag tag, int outputBits, boolean forcedStall) {
        return context(tables, tag, outputBits)
                .set(ContextDescriptor.EPD0, true)
                .set(ContextDescriptor.S, forcedStall)
                .set(ContextDescriptor.R, false)
                .words();
    }

    private static EntryEncoder context(PageTable tables, AsidAllocator.Tag tag, int outputBits) {
        return new EntryEncoder(ContextDescriptor.WORDS)
                .set(ContextDescriptor.T0SZ, 64 - tables.virtualAddressBits())
                .set(ContextDescriptor.TG0, granule(tables.granule()).tg0())
                .set(ContextDescriptor.IR0, WRITE_BACK)
                .set(ContextDescriptor.OR0, WRITE_BACK)
                .set(ContextDescriptor.SH0, INNER_SHAREABLE)
                .set(ContextDescriptor.EPD1, true)
                .set(ContextDescriptor.V, true)
                .set(
                        ContextDescriptor.IPS,
                        AddressSize.encode(Math.min(outputBits, tables.physicalAddressBits())))
                .set(ContextDescriptor.AA64, true)
                .set(ContextDescriptor.A, true)
                .set(ContextDescriptor.ASET, !tag.shared())
                .set(ContextDescriptor.ASID, tag.asid())
                .set(
                        ContextDescriptor.MAIR0,
                        tables.memoryAttributes() & ContextDescriptor.MAIR0.max())
                .set(ContextDescriptor.MAIR1, tables.memoryAttributes() >>> 32);
    }

    static Granule granule(PageSize size) {
        return switch (size) {
            case SIZE_4K -> Granule.K4;
            case SIZE_16K -> Granule.K16;
            case SIZE_64K -> Granule.K64;
        };
    }

    /**
     * Which bits of a context descriptor hardware uses: none but V while it is invalid, no root of
     * the lower walk while EPD0 is set. What else it does not use then is in the word of EPD0
     * itself, which is written at once.
     */
    static long[] usedOfContext(long[] entry) {
        long[] used = NO_BITS.clone();
        used[0] = ContextDescriptor.V.mask();
        if (!ContextDescriptor.valid(entry[0])) {
            return used;
        }
        for (int i = 0; i < used.length; i++) {
            used[i] = -1L;
        }
        if (ContextDescriptor.EPD0.isSet(entry[0])) {
            used[1] &= ~ContextDescriptor.TTB0.mask();
        }
        return used;
    }

    /**
     * Which bits of a stream table entry hardware uses: none but V while it is invalid, the
     * configuration alone while it blocks.
     */
    static long[] usedOfStream(long[] entry) {
        long[] used = new long[StreamTableEntry.WORDS];
        used[0] = StreamTableEntry.V.mask();
        if (!StreamTableEntry.valid(entry[0])) {
            return used;
        }
        used[0] |= StreamTableEntry.CONFIG.mask();
        int config = StreamTableEntry.config(entry[0]);
        if ((config & StreamTableEntry.CONFIG_PASS_BIT) != 0) {
            for (int i = 0; i < used.length; i++) {
                used[i] = -1L;
            }
        }
        return used;
    }
}
