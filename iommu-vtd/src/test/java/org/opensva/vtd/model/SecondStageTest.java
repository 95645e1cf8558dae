package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.vtd.model.TranslationBench.PWSNP;
import static org.opensva.vtd.model.TranslationBench.RID;
import static org.opensva.vtd.model.TranslationBench.SSADE;
import static org.opensva.vtd.model.TranslationBench.assertFaults;
import static org.opensva.vtd.model.TranslationBench.assertTranslates;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.InvalidationDescriptor;

/** Second-stage translation by itself, in legacy mode and in scalable mode. */
class SecondStageTest {

    private static final long A = 1 << 8;
    private static final long D = 1 << 9;
    private static final long VA = 0x12_3456_7000L;
    private static final long PAGE = 0x5000_0000L;
    private static final int PASID = 7;

    private TranslationBench bench = new TranslationBench();
    private long table;
    private boolean legacy;
    private int levels;

    @BeforeEach
    void fourScalableLevels() {
        use(false, 4);
    }

    private void use(boolean legacyMode, int tableLevels) {
        bench = new TranslationBench();
        table = bench.page();
        legacy = legacyMode;
        levels = tableLevels;
        if (legacy) {
            bench.legacy(RID, 0, table, levels - 2, 5);
            bench.legacyMode();
        } else {
            bench.scalable(RID);
            bench.secondStage(RID, PASID, table, levels, 5);
            bench.scalableMode();
        }
    }

    private Translation ask(long address, int access) {
        return bench.ask(RID, legacy ? -1 : PASID, address, access);
    }

    private void forget() {
        bench.unit.invalidatePasid(InvalidationDescriptor.PC_GLOBAL, 0, 0);
        bench.unit.invalidateIotlb(InvalidationDescriptor.IOTLB_GLOBAL, 0, 0, 0, false);
    }

    private void flags(boolean ssade, long snoop) {
        bench.pasid(
                RID,
                PASID,
                2L << 6 | table | (levels - 2L) << 2 | (ssade ? SSADE : 0),
                snoop | 5,
                0);
        forget();
    }

    @Test
    void threeFourAndFiveLevelsReachTheEndsOfTheirWidths() {
        for (boolean mode : new boolean[] {false, true}) {
            for (int n = 3; n <= 5; n++) {
                use(mode, n);
                long limit = 1L << 12 + 9 * n;
                long[] addresses = {0, limit / 2, limit - 4096};
                long page = PAGE;
                for (long address : addresses) {
                    bench.mapSecond(table, n, address, page);
                    assertTranslates(page | 0xfff, ask(address | 0xfff, Access.READ));
                    page += 4096;
                }
                FaultReason reason =
                        mode
                                ? FaultReason.ADDRESS_BEYOND_WIDTH
                                : FaultReason.SECOND_STAGE_INPUT_BEYOND_WIDTH;
                for (long beyond : new long[] {limit, limit | 1L << 60, 1L << 63, -1L}) {
                    assertFaults(reason, ask(beyond, Access.READ));
                }
            }
        }
    }

    @Test
    void theGreatestGuestAddressWidthLimitsTooWideTables() {
        bench = new TranslationBench(VtdProfile.sva().withFiveLevel(false));
        long own = bench.page();
        bench.scalable(RID);
        bench.secondStage(RID, PASID, own, 4, 5);
        bench.scalableMode();
        assertFaults(
                FaultReason.SECOND_STAGE_INPUT_BEYOND_WIDTH,
                bench.ask(RID, PASID, 1L << 48, Access.READ));
    }

    @Test
    void rightsAreThoseOfEveryEntryTogether() {
        for (boolean mode : new boolean[] {false, true}) {
            use(mode, 4);
            bench.mapSecond(table, 4, VA, PAGE);
            for (int level = 1; level <= 4; level++) {
                long at = bench.entry(table, 4, level, VA, 3);
                long before = bench.memory.peek(at);
                for (int rights = 0; rights < 4; rights++) {
                    bench.memory.writeLong(at, before & ~3 | rights);
                    for (int wanted = 1; wanted < 4; wanted++) {
                        forget();
                        for (int time = 0; time < 2; time++) {
                            ask(VA, wanted);
                            if ((rights & wanted) == wanted) {
                                assertTranslates(PAGE, bench.out);
                            } else {
                                boolean write = (wanted & ~rights & Access.WRITE) != 0;
                                assertFaults(denied(rights, write, wanted), bench.out);
                            }
                        }
                    }
                }
                bench.memory.writeLong(at, before);
            }
        }
    }

    private FaultReason denied(int rights, boolean write, int wanted) {
        if (legacy) {
            boolean writes = rights == 0 ? (wanted & Access.WRITE) != 0 : write;
            return writes ? FaultReason.WRITE_DENIED : FaultReason.READ_DENIED;
        }
        if (rights == 0) {
            return FaultReason.SCALABLE_SECOND_STAGE_DENIED;
        }
        return write ? FaultReason.SCALABLE_WRITE_DENIED : FaultReason.SCALABLE_READ_DENIED;
    }

    @Test
    void rightsThatNoEntryLeavesTogetherAreAsGoodAsNone() {
        bench.mapSecond(table, 4, VA, PAGE);
        long upper = bench.entry(table, 4, 3, VA, 3);
        bench.memory.writeLong(upper, bench.memory.peek(upper) & ~3 | 1);
        bench.memory.writeLong(bench.entry(table, 4, 1, VA, 3), PAGE | 2);
        assertFaults(FaultReason.SCALABLE_SECOND_STAGE_DENIED, ask(VA, Access.READ));
        assertFaults(FaultReason.SCALABLE_SECOND_STAGE_DENIED, ask(VA, Access.WRITE));
    }

    @Test
    void aZeroLengthReadOfAWriteOnlyPageIsAllowed() {
        bench.mapSecond(table, 4, VA, PAGE);
        bench.memory.writeLong(bench.entry(table, 4, 1, VA, 3), PAGE | 2);
        assertTranslates(PAGE, ask(VA, 0));
        assertFaults(FaultReason.SCALABLE_READ_DENIED, ask(VA, Access.READ));
    }

    @Test
    void largePagesMapTwoMegabytesAndOneGigabyte() {
        for (boolean mode : new boolean[] {false, true}) {
            for (int level = 2; level <= 3; level++) {
                use(mode, 4);
                long size = 1L << 3 + 9 * level;
                long leaf = bench.entry(table, 4, level, VA, 3);
                bench.memory.writeLong(leaf, 0x40_0000_0000L | 0x80 | 3);
                assertTranslates(0x40_0000_0000L | VA & size - 1 | 5, ask(VA | 5, Access.WRITE));
                assertEquals(3 + 9 * level, bench.out.pageShift);
            }
        }
    }

    @Test
    void flagsAreKeptIfThePasidEntryAsksForIt() {
        bench.mapSecond(table, 4, VA, PAGE);
        long leaf = bench.entry(table, 4, 1, VA, 0);
        ask(VA, Access.WRITE);
        assertEquals(0, bench.memory.peek(leaf) & (A | D));
        flags(true, PWSNP);
        ask(VA, Access.READ);
        for (int level = 1; level <= 4; level++) {
            long entry = bench.memory.peek(bench.entry(table, 4, level, VA, 0));
            assertEquals(A, entry & (A | D), "level " + level);
        }
        ask(VA, Access.WRITE);
        assertEquals(A | D, bench.memory.peek(leaf) & (A | D));
        assertEquals(A, bench.memory.peek(bench.entry(table, 4, 2, VA, 0)) & (A | D));
    }

    @Test
    void legacyModeKeepsNoFlags() {
        use(true, 4);
        bench.mapSecond(table, 4, VA, PAGE);
        ask(VA, Access.WRITE);
        for (int level = 1; level <= 4; level++) {
            assertEquals(0, bench.memory.peek(bench.entry(table, 4, level, VA, 0)) & (A | D));
        }
    }

    @Test
    void deniedWritesAreNeverDirty() {
        flags(true, PWSNP);
        bench.mapSecond(table, 4, VA, PAGE);
        long leaf = bench.entry(table, 4, 1, VA, 0);
        bench.memory.writeLong(leaf, PAGE | 1);
        assertFaults(FaultReason.SCALABLE_WRITE_DENIED, ask(VA, Access.WRITE));
        assertEquals(PAGE | 1, bench.memory.peek(leaf));
        assertEquals(A, bench.memory.peek(bench.entry(table, 4, 2, VA, 0)) & (A | D));
    }

    @Test
    void anUpdateNeedsSnoopingWalksAndMemoryThatTakesIt() {
        bench.mapSecond(table, 4, VA, PAGE);
        flags(true, 0);
        assertFaults(FaultReason.SECOND_STAGE_UPDATE_NOT_SNOOPED, ask(VA, Access.READ));
        flags(true, PWSNP);
        bench.memory.readOnly = address -> true;
        assertFaults(FaultReason.SECOND_STAGE_UPDATE_FAILED, ask(VA, Access.READ));
        for (int level = 1; level <= 4; level++) {
            long at = bench.entry(table, 4, level, VA, 0);
            bench.memory.writeLong(at, bench.memory.peek(at) | A);
        }
        flags(true, 0);
        assertTranslates(PAGE, ask(VA, Access.READ));
        assertFaults(FaultReason.SECOND_STAGE_UPDATE_NOT_SNOOPED, ask(VA, Access.WRITE));
    }

    @Test
    void anEntryChangedDuringItsUpdateIsReadAgain() {
        flags(true, PWSNP);
        bench.mapSecond(table, 4, VA, PAGE);
        long leaf = bench.entry(table, 4, 1, VA, 0);
        bench.memory.beforeUpdate =
                address -> {
                    if (address == leaf) {
                        bench.memory.beforeUpdate = other -> {};
                        bench.memory.writeLong(leaf, PAGE + 4096 | 3 | 1L << 52);
                    }
                };
        assertTranslates(PAGE + 4096, ask(VA, Access.WRITE));
        assertEquals(PAGE + 4096 | 3 | 1L << 52 | A | D, bench.memory.peek(leaf));
    }

    @Test
    void tablesThatCannotBeReadTellTheFirstFromTheOthers() {
        for (boolean mode : new boolean[] {false, true}) {
            use(mode, 4);
            bench.mapSecond(table, 4, VA, PAGE);
            for (int level = 2; level <= 4; level++) {
                long at = bench.entry(table, 4, level, VA, 3);
                long before = bench.memory.peek(at);
                bench.memory.writeLong(at, TranslationBench.NOWHERE | 3);
                forget();
                assertFaults(
                        mode
                                ? FaultReason.SECOND_STAGE_ACCESS
                                : FaultReason.SCALABLE_SECOND_STAGE_ACCESS,
                        ask(VA, Access.READ));
                bench.memory.writeLong(at, before);
            }
        }
        use(false, 4);
        bench.secondStage(RID, PASID, TranslationBench.NOWHERE, 4, 5);
        assertFaults(FaultReason.SCALABLE_SECOND_STAGE_ROOT_ACCESS, ask(VA, Access.READ));
    }

    @Test
    void noPageLiesInTheInterruptRange() {
        for (boolean mode : new boolean[] {false, true}) {
            use(mode, 4);
            FaultReason reason = InterruptRange.reason(!mode);
            bench.mapSecond(table, 4, VA, 0xfeef_f000L);
            assertFaults(reason, ask(VA, Access.READ));
            long large = bench.entry(table, 4, 2, 1L << 30, 3);
            bench.memory.writeLong(large, 0xfee0_0000L | 0x80 | 3);
            assertFaults(reason, ask(1L << 30 | 0xf_ffff, Access.READ));
            assertTranslates(0xfef0_0000L, ask(1L << 30 | 0x10_0000, Access.READ));
            assertFaults(reason, ask(1L << 30, Access.READ));
        }
    }

    @Test
    void snoopingIsDecidedByThePageInLegacyModeAndByThePasidEntryInScalableMode() {
        use(true, 4);
        bench.mapSecond(table, 4, VA, PAGE);
        ask(VA, Access.READ);
        assertFalse(bench.out.snoop);
        long leaf = bench.entry(table, 4, 1, VA, 0);
        bench.memory.writeLong(leaf, PAGE | 1 << 11 | 3);
        forget();
        for (int time = 0; time < 2; time++) {
            ask(VA, Access.READ);
            assertTrue(bench.out.snoop);
        }
        use(false, 4);
        bench.mapSecond(table, 4, VA, PAGE | 1 << 11);
        ask(VA, Access.READ);
        assertFalse(bench.out.snoop);
        flags(false, PWSNP | 1 << 24);
        ask(VA, Access.READ);
        assertTrue(bench.out.snoop);
    }

    @Test
    void executeAndPrivilegeAreNoConcernOfSecondStage() {
        bench.mapSecond(table, 4, VA, PAGE);
        assertTranslates(PAGE, ask(VA, Access.READ | Access.EXECUTE | Access.PRIVILEGED));
        bench.memory.writeLong(bench.entry(table, 4, 1, VA, 0), PAGE | 2);
        forget();
        assertFaults(FaultReason.SCALABLE_READ_DENIED, ask(VA, Access.READ | Access.EXECUTE));
    }
}
