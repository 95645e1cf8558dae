package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.opensva.vtd.model.TranslationBench.PWSNP;
import static org.opensva.vtd.model.TranslationBench.RID;
import static org.opensva.vtd.model.TranslationBench.SSADE;
import static org.opensva.vtd.model.TranslationBench.USER_RW;
import static org.opensva.vtd.model.TranslationBench.assertFaults;
import static org.opensva.vtd.model.TranslationBench.assertTranslates;

import org.junit.jupiter.api.Test;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.InvalidationDescriptor;

/**
 * First stage nested in second stage. Guest physical addresses are host addresses plus an offset,
 * so that a walk that forgets a stage goes astray.
 */
class NestedTest {

    private static final long GUEST = 0x20_0000_0000L;
    private static final long VA = 0x7f12_3456_7000L;
    private static final long PAGE = 0x5000_0000L;
    private static final int PASID = 0x4321;
    private static final int DOMAIN = 5;
    private static final long FS_A = 1 << 5;
    private static final long FS_D = 1 << 6;
    private static final long SS_A = 1 << 8;
    private static final long SS_D = 1 << 9;

    private final TranslationBench bench = new TranslationBench();
    private final long outer = bench.page();
    private final long[] tables = new long[6];
    private int levels = 4;

    NestedTest() {
        bench.scalable(RID);
        build(4);
        bench.scalableMode();
    }

    /** A chain of guest tables for VA, each mapped in second stage, and the page. */
    private void build(int guestLevels) {
        levels = guestLevels;
        for (int level = levels; level >= 1; level--) {
            tables[level] = bench.page();
            bench.mapSecond(outer, 4, GUEST + tables[level], tables[level]);
        }
        for (int level = levels; level > 1; level--) {
            bench.memory.writeLong(entry(level), GUEST + tables[level - 1] | USER_RW);
        }
        bench.memory.writeLong(entry(1), GUEST + PAGE | USER_RW);
        bench.mapSecond(outer, 4, GUEST + PAGE, PAGE);
        program(0);
    }

    private void program(long extra) {
        bench.pasid(
                RID,
                PASID,
                3L << 6 | outer | 2 << 2 | extra,
                PWSNP | DOMAIN,
                GUEST + tables[levels] | (levels - 4L) << 2);
        forget();
    }

    private long entry(int level) {
        return tables[level] + (VA >>> 3 + 9 * level & 511) * 8;
    }

    /** The second-stage leaf for the guest table of a level, or for the page with 0. */
    private long outerLeaf(int level) {
        return bench.entry(outer, 4, 1, GUEST + (level == 0 ? PAGE : tables[level]), 3);
    }

    private void forget() {
        bench.unit.invalidatePasid(InvalidationDescriptor.PC_GLOBAL, 0, 0);
        bench.unit.invalidateIotlb(InvalidationDescriptor.IOTLB_GLOBAL, 0, 0, 0, false);
    }

    @Test
    void everyTableAccessGoesThroughSecondStage() {
        assertTranslates(PAGE | 0xabc, bench.read(PASID, VA | 0xabc));
        assertTranslates(PAGE | 0xdef, bench.write(PASID, VA | 0xdef));
        build(5);
        assertTranslates(PAGE | 0xabc, bench.read(PASID, VA | 0xabc));
    }

    @Test
    void aTableThatSecondStageDoesNotShowHasItsReason() {
        for (int level = 1; level <= 4; level++) {
            long leaf = outerLeaf(level);
            long before = bench.memory.peek(leaf);
            bench.memory.writeLong(leaf, 0);
            forget();
            assertFaults(FaultReason.SCALABLE_SECOND_STAGE_DENIED, bench.read(PASID, VA));
            bench.memory.writeLong(leaf, before & ~3 | 2);
            forget();
            assertFaults(
                    level == 4
                            ? FaultReason.NESTED_ROOT_READ_DENIED
                            : FaultReason.NESTED_TABLE_READ_DENIED,
                    bench.read(PASID, VA));
            bench.memory.writeLong(leaf, before | 1L << 62);
            forget();
            assertFaults(FaultReason.SCALABLE_SECOND_STAGE_RESERVED, bench.read(PASID, VA));
            // Reading is enough only as long as no flag changes.
            long guestEntry = bench.memory.peek(entry(level)) & ~(FS_A | FS_D);
            bench.memory.writeLong(entry(level), guestEntry);
            bench.memory.writeLong(leaf, before & ~3 | 1);
            forget();
            assertFaults(FaultReason.NESTED_TABLE_WRITE_DENIED, bench.read(PASID, VA));
            assertEquals(guestEntry, bench.memory.peek(entry(level)));
            bench.memory.writeLong(leaf, before);
            forget();
            assertTranslates(PAGE, bench.read(PASID, VA));
        }
    }

    @Test
    void tablesThatAreMarkedNeedNoWriteRight() {
        bench.write(PASID, VA);
        for (int level = 1; level <= 4; level++) {
            long leaf = outerLeaf(level);
            bench.memory.writeLong(leaf, bench.memory.peek(leaf) & ~2);
        }
        forget();
        assertTranslates(PAGE, bench.write(PASID, VA));
    }

    @Test
    void guestAddressesBeyondSecondStageHaveTheirReasons() {
        long beyond = 1L << 48;
        for (int level = 1; level <= 3; level++) {
            long before = bench.memory.peek(entry(level + 1));
            bench.memory.writeLong(entry(level + 1), beyond | USER_RW);
            forget();
            assertFaults(FaultReason.NESTED_TABLE_BEYOND_WIDTH, bench.read(PASID, VA));
            bench.memory.writeLong(entry(level + 1), before);
        }
        bench.memory.writeLong(entry(1), beyond | USER_RW);
        forget();
        assertFaults(FaultReason.SECOND_STAGE_INPUT_BEYOND_WIDTH, bench.read(PASID, VA));
    }

    @Test
    void aTableWithoutMemoryBehindItTellsTheFirstFromTheOthers() {
        for (int level = 1; level <= 4; level++) {
            long leaf = outerLeaf(level);
            long before = bench.memory.peek(leaf);
            bench.memory.writeLong(leaf, TranslationBench.NOWHERE | 3);
            forget();
            assertFaults(
                    level == 4
                            ? FaultReason.FIRST_STAGE_ROOT_ACCESS
                            : FaultReason.FIRST_STAGE_ACCESS,
                    bench.read(PASID, VA));
            bench.memory.writeLong(leaf, before);
        }
    }

    @Test
    void rightsAreThoseOfBothStages() {
        for (int inner = 0; inner < 4; inner++) {
            boolean innerWrite = (inner & 1) != 0;
            boolean user = (inner & 2) != 0;
            for (int rights = 0; rights < 4; rights++) {
                bench.memory.writeLong(
                        entry(1), GUEST + PAGE | 1 | (innerWrite ? 2 : 0) | (user ? 4 : 0));
                long leaf = outerLeaf(0);
                bench.memory.writeLong(leaf, PAGE | rights);
                for (int access : new int[] {Access.READ, Access.WRITE}) {
                    boolean write = access == Access.WRITE;
                    forget();
                    for (int time = 0; time < 2; time++) {
                        bench.ask(RID, PASID, VA, access);
                        if (!user) {
                            assertFaults(FaultReason.USER_DENIED, bench.out);
                        } else if (write && !innerWrite) {
                            assertFaults(FaultReason.SCALABLE_WRITE_DENIED, bench.out);
                        } else if (rights == 0) {
                            assertFaults(FaultReason.SCALABLE_SECOND_STAGE_DENIED, bench.out);
                        } else if (write && (rights & 2) == 0) {
                            assertFaults(FaultReason.SCALABLE_WRITE_DENIED, bench.out);
                        } else if (!write && (rights & 1) == 0) {
                            assertFaults(FaultReason.SCALABLE_READ_DENIED, bench.out);
                        } else {
                            assertTranslates(PAGE, bench.out);
                        }
                    }
                }
            }
        }
    }

    @Test
    void aSupervisorWithoutWriteProtectStillObeysSecondStage() {
        bench.memory.writeLong(entry(1), GUEST + PAGE | 1);
        long w2 = bench.memory.peek(bench.pasidEntry(RID, PASID) + 16) | 1;
        bench.memory.writeLong(bench.pasidEntry(RID, PASID) + 16, w2);
        forget();
        int access = Access.WRITE | Access.PRIVILEGED;
        assertTranslates(PAGE, bench.ask(RID, PASID, VA, access));
        assertTranslates(PAGE, bench.ask(RID, PASID, VA, access));
        assertEquals(FS_D, bench.memory.peek(entry(1)) & FS_D);
        bench.memory.writeLong(outerLeaf(0), PAGE | 1);
        forget();
        assertFaults(FaultReason.SCALABLE_WRITE_DENIED, bench.ask(RID, PASID, VA, access));
        assertTranslates(PAGE, bench.ask(RID, PASID, VA, Access.READ | Access.PRIVILEGED));
        assertFaults(FaultReason.SCALABLE_WRITE_DENIED, bench.ask(RID, PASID, VA, access));
    }

    @Test
    void theSmallerPageOfTheTwoStagesCounts() {
        long innerBase = 0x40_4000_0000L;
        long hostBase = 0x60_4000_0000L;
        for (int inner = 1; inner <= 3; inner++) {
            for (int host = 1; host <= 3; host++) {
                build(4);
                long slot = entry(inner);
                long innerSize = 1L << 3 + 9 * inner;
                long hostSize = 1L << 3 + 9 * host;
                bench.memory.writeLong(slot, innerBase | (inner > 1 ? 0x80 : 0) | USER_RW);
                long guest = innerBase | VA & innerSize - 1;
                long leaf = bench.entry(outer, 4, host, guest, 3);
                long before = bench.memory.peek(leaf);
                long output = hostBase + (guest - innerBase & -hostSize);
                bench.memory.writeLong(leaf, output | (host > 1 ? 0x80 : 0) | 3);
                forget();
                long expected = output | guest & hostSize - 1 | 0x123;
                assertTranslates(expected, bench.read(PASID, VA | 0x123));
                assertEquals(3 + 9 * Math.min(inner, host), bench.out.pageShift);
                // The same from the cache.
                assertTranslates(expected, bench.read(PASID, VA | 0x123));
                bench.memory.writeLong(leaf, before);
            }
        }
    }

    @Test
    void theFlagsOfBothStagesAreKept() {
        program(SSADE);
        bench.read(PASID, VA);
        for (int level = 1; level <= 4; level++) {
            assertEquals(FS_A, bench.memory.peek(entry(level)) & (FS_A | FS_D));
            // Marking a first-stage entry writes its table.
            assertEquals(SS_A | SS_D, bench.memory.peek(outerLeaf(level)) & (SS_A | SS_D));
        }
        assertEquals(SS_A, bench.memory.peek(outerLeaf(0)) & (SS_A | SS_D));
        bench.write(PASID, VA);
        assertEquals(FS_A | FS_D, bench.memory.peek(entry(1)) & (FS_A | FS_D));
        assertEquals(SS_A | SS_D, bench.memory.peek(outerLeaf(0)) & (SS_A | SS_D));
    }

    @Test
    void readingMarkedTablesMakesThemAccessedOnly() {
        bench.write(PASID, VA); // without SSADE: first stage is marked, second is not
        program(SSADE);
        bench.read(PASID, VA);
        for (int level = 0; level <= 4; level++) {
            assertEquals(SS_A, bench.memory.peek(outerLeaf(level)) & (SS_A | SS_D));
        }
        bench.write(PASID, VA);
        assertEquals(SS_A | SS_D, bench.memory.peek(outerLeaf(0)) & (SS_A | SS_D));
    }

    @Test
    void anInvalidationOfEitherStageRemovesWhatDependsOnIt() {
        long other = PAGE + 0x10_0000;
        assertTranslates(PAGE, bench.read(PASID, VA));
        bench.memory.writeLong(outerLeaf(0), other | 3);
        assertTranslates(PAGE, bench.read(PASID, VA));
        // By PASID: the nested entry goes, what second stage remembers stays.
        bench.unit.invalidatePasidIotlb(
                InvalidationDescriptor.PASID_IOTLB_PASID, DOMAIN, PASID, 0, 0, false);
        assertTranslates(PAGE, bench.read(PASID, VA));
        // By guest page: both go.
        bench.unit.invalidateIotlb(
                InvalidationDescriptor.IOTLB_PAGE, DOMAIN, GUEST + PAGE, 0, false);
        assertTranslates(other, bench.read(PASID, VA));
        bench.memory.writeLong(entry(1), GUEST + PAGE - 0x1000 | USER_RW);
        bench.mapSecond(outer, 4, GUEST + PAGE - 0x1000, PAGE);
        assertTranslates(other, bench.read(PASID, VA));
        bench.unit.invalidatePasidIotlb(
                InvalidationDescriptor.PASID_IOTLB_PAGE, DOMAIN, PASID, VA, 0, false);
        assertTranslates(PAGE, bench.read(PASID, VA));
    }

    @Test
    void noPageLiesInTheInterruptRange() {
        bench.memory.writeLong(outerLeaf(0), 0xfee0_0000L | 3);
        assertFaults(FaultReason.SCALABLE_INTERRUPT_RANGE, bench.read(PASID, VA));
        // A guest page at that guest address is fine.
        bench.memory.writeLong(entry(1), 0xfee0_0000L | USER_RW);
        bench.mapSecond(outer, 4, 0xfee0_0000L, PAGE);
        forget();
        assertTranslates(PAGE, bench.read(PASID, VA));
    }
}
