package org.opensva.vtd.model;

import static org.opensva.vtd.model.TranslationBench.RID;
import static org.opensva.vtd.model.TranslationBench.USER_RW;
import static org.opensva.vtd.model.TranslationBench.assertFaults;
import static org.opensva.vtd.model.TranslationBench.assertTranslates;

import org.junit.jupiter.api.Test;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.Field;

/**
 * Every reserved bit of every table entry, one at a time, has its fault reason; every other bit of
 * the entry may be set. The masks are written out here, from the figures of chapter 9.
 */
class ReservedBitsTest {

    private static final int HAW = 40;
    private static final long ABOVE = -1L << HAW;
    private static final long VA = 0x12_3456_7000L;
    private static final long PAGE = 0x5000_0000L;

    /**
     * Without what makes fields count: no DT, PRS, PASID, RPS, RPRIVS, SRS, ERS, EAFS, SC and so
     * on.
     */
    private static VtdProfile plain() {
        long ecap = VtdProfile.sva().extendedCapability();
        for (Field field :
                new Field[] {
                    Ecap.DT,
                    Ecap.PRS,
                    Ecap.PDS,
                    Ecap.NWFS,
                    Ecap.DIT,
                    Ecap.PASID,
                    Ecap.RPS,
                    Ecap.RPRIVS,
                    Ecap.SRS,
                    Ecap.ERS,
                    Ecap.EAFS,
                    Ecap.SC,
                    Ecap.SMPWCS,
                    Ecap.SSADS
                }) {
            ecap &= ~field.mask();
        }
        ecap = Ecap.PSS.set(ecap, 0);
        return small(VtdProfile.sva().capability(), ecap);
    }

    private static VtdProfile full() {
        VtdProfile all = VtdProfile.sva();
        return small(all.capability(), all.extendedCapability());
    }

    private static VtdProfile small(long cap, long ecap) {
        return VtdProfile.sva()
                .withIdentification(0x60, cap, ecap)
                .withAddressBits(HAW)
                .withCaches(64, 64, 16, 16);
    }

    /** Sets each bit alone: those of the mask fault, and the entry is good again afterwards. */
    private static void sweep(
            TranslationBench bench, int pasid, long at, long mask, FaultReason reason) {
        long original = bench.memory.peek(at);
        for (int bit = 0; bit < 64; bit++) {
            if ((mask >>> bit & 1) != 0) {
                bench.memory.writeLong(at, original | 1L << bit);
                forget(bench);
                assertFaults(reason, bench.read(pasid, VA));
            }
        }
        bench.memory.writeLong(at, original);
        forget(bench);
        assertTranslates(PAGE, bench.read(pasid, VA));
    }

    /** Sets all the bits at once: none of them matters. */
    private static void ignored(TranslationBench bench, int pasid, long at, long mask) {
        long original = bench.memory.peek(at);
        bench.memory.writeLong(at, original | mask);
        forget(bench);
        assertTranslates(PAGE, bench.read(pasid, VA));
        bench.memory.writeLong(at, original);
        forget(bench);
    }

    private static void forget(TranslationBench bench) {
        bench.unit.invalidateContext(1, 0, 0, 0);
        bench.unit.invalidatePasid(3, 0, 0);
        bench.unit.invalidateIotlb(1, 0, 0, 0, false);
    }

    @Test
    void reservedBitsOfLegacyRootAndContextEntries() {
        for (VtdProfile profile : new VtdProfile[] {plain(), full()}) {
            TranslationBench bench = new TranslationBench(profile);
            long table = bench.page();
            bench.legacy(RID, 0, table, 2, 0xbeef);
            bench.mapSecond(table, 4, VA, PAGE);
            bench.legacyMode();
            long root = bench.root() + 16;
            sweep(bench, -1, root, 0xffe | ABOVE, FaultReason.ROOT_RESERVED);
            sweep(bench, -1, root + 8, -1L, FaultReason.ROOT_RESERVED);
            long context = bench.legacyContext(RID);
            sweep(bench, -1, context, 0xff0 | ABOVE, FaultReason.CONTEXT_RESERVED);
            sweep(bench, -1, context + 8, 1 << 7 | -1L << 24, FaultReason.CONTEXT_RESERVED);
            ignored(bench, -1, context + 8, 0xf << 3);
        }
    }

    @Test
    void domainIdBitsThatTheUnitDoesNotHaveAreReserved() {
        VtdProfile all = full();
        long cap = Cap.ND.set(all.capability(), 2); // 8 bits
        TranslationBench bench = new TranslationBench(small(cap, all.extendedCapability()));
        long table = bench.page();
        bench.legacy(RID, 0, table, 2, 1);
        bench.mapSecond(table, 4, VA, PAGE);
        bench.legacyMode();
        sweep(bench, -1, bench.legacyContext(RID) + 8, 0xff_0000, FaultReason.CONTEXT_RESERVED);
        TranslationBench scalable = new TranslationBench(small(cap, all.extendedCapability()));
        long first = scalable.page();
        scalable.scalable(RID);
        scalable.firstStage(RID, 3, first, 4, 1);
        scalable.mapFirst(first, 4, VA, PAGE);
        scalable.scalableMode();
        long entry = scalable.pasidEntry(RID, 3) + 8;
        sweep(scalable, 3, entry, 0xff00, FaultReason.PASID_ENTRY_RESERVED);
    }

    @Test
    void reservedBitsOfScalableRootAndContextEntries() {
        TranslationBench bench = scalableBench(full());
        long half = bench.root() + 16 + 8;
        sweep(bench, 3, half, 0xffe | ABOVE, FaultReason.SCALABLE_ROOT_RESERVED);
        // The other half leads to other devices.
        bench.memory.writeLong(half - 8, -1L);
        assertTranslates(PAGE, bench.read(3, VA));
        long context = bench.scalableContext(RID);
        sweep(bench, 3, context, 0x1e0 | ABOVE, FaultReason.SCALABLE_CONTEXT_RESERVED);
        sweep(bench, 3, context + 8, -1L << 21, FaultReason.SCALABLE_CONTEXT_RESERVED);
        sweep(bench, 3, context + 16, -1L, FaultReason.SCALABLE_CONTEXT_RESERVED);
        sweep(bench, 3, context + 24, -1L, FaultReason.SCALABLE_CONTEXT_RESERVED);
        ignored(bench, 3, context + 8, 1 << 20 | 0xfffff);
    }

    @Test
    void fieldsOfMissingFeaturesAreReservedInTheScalableContextEntry() {
        TranslationBench bench = new TranslationBench(plain());
        long first = bench.page();
        long context = bench.scalableContext(RID);
        bench.memory.writeLong(context, bench.pages(32) | 1);
        bench.firstStage(RID, 0, first, 4, 1);
        bench.memory.writeLong(bench.pasidEntry(RID, 0) + 8, 1);
        bench.mapFirst(first, 4, VA, PAGE);
        bench.scalableMode();
        sweep(bench, -1, context, 0x1fc | ABOVE, FaultReason.SCALABLE_CONTEXT_RESERVED);
        sweep(bench, -1, context + 8, -1L, FaultReason.SCALABLE_CONTEXT_RESERVED);
        long entry = bench.pasidEntry(RID, 0);
        long domain = 0xffff;
        long reserved0 = 1 << 5 | 1 << 9 | 0xc00;
        sweep(bench, -1, entry, reserved0, FaultReason.PASID_ENTRY_RESERVED);
        sweep(bench, -1, entry + 8, ~domain, FaultReason.PASID_ENTRY_RESERVED);
        long reserved2 = 1 | 1 << 1 | 0xf80 | ABOVE;
        sweep(bench, -1, entry + 16, reserved2, FaultReason.PASID_ENTRY_RESERVED);
    }

    @Test
    void reservedBitsOfPasidDirectoryAndPasidTableEntries() {
        TranslationBench bench = scalableBench(full());
        long directory = bench.memory.peek(bench.scalableContext(RID)) & -4096L;
        sweep(bench, 3, directory, 0xffc | ABOVE, FaultReason.PASID_DIRECTORY_RESERVED);
        long entry = bench.pasidEntry(RID, 3);
        sweep(bench, 3, entry, 1 << 5 | 0xc00, FaultReason.PASID_ENTRY_RESERVED);
        // No memory types: CD, EMTE and PAT are reserved.
        long reserved1 = 0x7f_0000 | -1L << 25;
        sweep(bench, 3, entry + 8, reserved1, FaultReason.PASID_ENTRY_RESERVED);
        sweep(bench, 3, entry + 16, 0xf00 | ABOVE, FaultReason.PASID_ENTRY_RESERVED);
        for (int word = 3; word < 8; word++) {
            sweep(bench, 3, entry + 8 * word, -1L, FaultReason.PASID_ENTRY_RESERVED);
        }
        // SRE, ERE, WPE, NXE and SMEP, EAFE.
        ignored(bench, 3, entry + 16, 0b1111_0011);
        // Second-stage fields of a first-stage entry.
        ignored(bench, 3, entry, 7 << 2 | 1 << 9 | -1L << 12);
    }

    @Test
    void theSecondStagePointerCountsWhereItIsUsed() {
        TranslationBench bench = new TranslationBench(full());
        long second = bench.page();
        bench.scalable(RID);
        bench.secondStage(RID, 3, second, 4, 1);
        bench.mapSecond(second, 4, VA, PAGE);
        bench.scalableMode();
        long entry = bench.pasidEntry(RID, 3);
        long reserved = 1 << 5 | 0xc00 | ABOVE;
        sweep(bench, 3, entry, reserved, FaultReason.PASID_ENTRY_RESERVED);
        // First-stage fields of a second-stage entry, a reserved paging mode among them.
        ignored(bench, 3, entry + 16, 0b1111_1111 | -1L << 12);
    }

    @Test
    void reservedBitsOfFirstStageEntries() {
        TranslationBench bench = scalableBench(full());
        long table = bench.memory.peek(bench.pasidEntry(RID, 3) + 16) & -4096L;
        long high = ABOVE & (1L << 52) - 1;
        for (int level = 1; level <= 4; level++) {
            long entry = bench.entry(table, 4, level, VA, USER_RW);
            long size = level == 4 ? 1 << 7 : 0;
            sweep(bench, 3, entry, high | size, FaultReason.FIRST_STAGE_RESERVED);
            // PWT, PCD, A, D, G, software bits, and XD, which is about instruction fetches.
            ignored(bench, 3, entry, 0x18 | 0x60 | 0x100 | 0xe00 | 0xfffL << 52);
        }
        ignored(bench, 3, bench.entry(table, 4, 1, VA, USER_RW), 1 << 7); // PAT
    }

    @Test
    void reservedBitsOfLargeFirstStagePages() {
        for (int level = 2; level <= 3; level++) {
            TranslationBench bench = scalableBench(full());
            long table = bench.page();
            bench.firstStage(RID, 3, table, 4, 1);
            long entry = bench.entry(table, 4, level, VA, USER_RW);
            long size = 1L << 3 + 9 * level;
            long base = PAGE & -size;
            bench.memory.writeLong(entry, base | 0x80 | USER_RW);
            forget(bench);
            assertTranslates(base | VA & size - 1, bench.read(3, VA));
            long reserved = size - 1 & -1L << 13;
            for (int bit = 13; bit < 3 + 9 * level; bit++) {
                bench.memory.writeLong(entry, base | 1L << bit | 0x80 | USER_RW);
                forget(bench);
                assertFaults(FaultReason.FIRST_STAGE_RESERVED, bench.read(3, VA));
            }
            bench.memory.writeLong(entry, base | 1 << 12 | 0x80 | USER_RW); // PAT
            forget(bench);
            assertTranslates(base | VA & size - 1, bench.read(3, VA));
            assertTranslates(base | VA & reserved | VA & 0x1fff, bench.out);
        }
    }

    @Test
    void largePagesThatTheUnitDoesNotHaveAreReserved() {
        VtdProfile all = full();
        long cap = all.capability() & ~Cap.FS1GP.mask() & ~Cap.SSLPS.mask();
        TranslationBench bench = new TranslationBench(small(cap, all.extendedCapability()));
        bench.scalable(RID);
        long first = bench.page();
        bench.firstStage(RID, 3, first, 4, 1);
        bench.memory.writeLong(bench.entry(first, 4, 3, VA, USER_RW), 1 << 30 | 0x80 | USER_RW);
        long second = bench.page();
        bench.secondStage(RID, 4, second, 4, 2);
        bench.memory.writeLong(bench.entry(second, 4, 3, VA, 3), 1 << 30 | 0x80 | 3);
        bench.scalableMode();
        assertFaults(FaultReason.FIRST_STAGE_RESERVED, bench.read(3, VA));
        assertFaults(FaultReason.SCALABLE_SECOND_STAGE_RESERVED, bench.read(4, VA));
        bench.memory.writeLong(bench.entry(second, 4, 3, VA, 3), bench.page() | 3);
        bench.memory.writeLong(bench.entry(second, 4, 2, VA, 3), 1 << 30 | 0x80 | 3);
        forget(bench);
        assertFaults(FaultReason.SCALABLE_SECOND_STAGE_RESERVED, bench.read(4, VA));
    }

    @Test
    void reservedBitsOfSecondStageEntries() {
        for (boolean legacy : new boolean[] {false, true}) {
            for (int levels = 3; levels <= 5; levels++) {
                TranslationBench bench = new TranslationBench(full());
                long table = bench.page();
                if (legacy) {
                    bench.legacy(RID, 0, table, levels - 2, 1);
                    bench.legacyMode();
                } else {
                    bench.scalable(RID);
                    bench.secondStage(RID, 3, table, levels, 1);
                    bench.scalableMode();
                }
                FaultReason reason =
                        legacy
                                ? FaultReason.SECOND_STAGE_RESERVED
                                : FaultReason.SCALABLE_SECOND_STAGE_RESERVED;
                bench.mapSecond(table, levels, VA, PAGE);
                int pasid = legacy ? -1 : 3;
                long high = ABOVE & (1L << 52) - 1 | 1L << 62;
                for (int level = 1; level <= levels; level++) {
                    long entry = bench.entry(table, levels, level, VA, 3);
                    long size = level >= 4 ? 1 << 7 : 0;
                    long snoop = level > 1 ? 1 << 11 : 0;
                    sweep(bench, pasid, entry, high | size | snoop, reason);
                    long software = 0x3ffL << 52 | 1L << 63;
                    ignored(bench, pasid, entry, software | 0x77c);
                }
                ignored(bench, pasid, bench.entry(table, levels, 1, VA, 3), 1 << 11 | 1 << 7);
            }
        }
    }

    @Test
    void snoopIsReservedInLegacyModeWithoutSnoopControl() {
        TranslationBench bench = new TranslationBench(plain());
        long table = bench.page();
        bench.legacy(RID, 0, table, 2, 1);
        bench.mapSecond(table, 4, VA, PAGE);
        bench.legacyMode();
        long leaf = bench.entry(table, 4, 1, VA, 3);
        sweep(bench, -1, leaf, 1 << 11, FaultReason.SECOND_STAGE_RESERVED);
    }

    private static TranslationBench scalableBench(VtdProfile profile) {
        TranslationBench bench = new TranslationBench(profile);
        long first = bench.page();
        bench.scalable(RID);
        bench.firstStage(RID, 3, first, 4, 1);
        bench.mapFirst(first, 4, VA, PAGE);
        bench.scalableMode();
        return bench;
    }
}
