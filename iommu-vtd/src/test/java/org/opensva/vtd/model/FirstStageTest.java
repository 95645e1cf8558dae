package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.opensva.vtd.model.TranslationBench.RID;
import static org.opensva.vtd.model.TranslationBench.USER_RW;
import static org.opensva.vtd.model.TranslationBench.assertFaults;
import static org.opensva.vtd.model.TranslationBench.assertTranslates;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.InvalidationDescriptor;

class FirstStageTest {

    private static final int PASID = 0xabcde;
    private static final long A = 1 << 5;
    private static final long D = 1 << 6;
    private static final long VA = 0x7f12_3456_7000L;

    private final TranslationBench bench = new TranslationBench();
    private final long table = bench.page();

    FirstStageTest() {
        bench.scalable(RID);
        bench.firstStage(RID, PASID, table, 4, 9);
        bench.scalableMode();
    }

    private long leaf() {
        return bench.entry(table, 4, 1, VA, USER_RW);
    }

    @Test
    void anAddressIsTranslatedThroughFourLevels() {
        bench.mapFirst(table, 4, VA, 0x5000_0000);
        assertTranslates(0x5000_0abc, bench.read(PASID, VA | 0xabc));
        assertEquals(12, bench.out.pageShift);
        assertEquals(Access.READ | Access.WRITE, bench.out.rights);
    }

    @Test
    void anAddressIsTranslatedThroughFiveLevels() {
        long va = 0x00ab_cdef_1234_5000L;
        long five = bench.page();
        bench.firstStage(RID, PASID, five, 5, 9);
        bench.mapFirst(five, 5, va, 0x5000_0000);
        assertTranslates(0x5000_0abc, bench.read(PASID, va | 0xabc));
        assertFaults(FaultReason.NOT_CANONICAL, bench.read(PASID, 1L << 56));
        long high = -1L << 56;
        bench.mapFirst(five, 5, high, 0x5001_0000);
        assertTranslates(0x5001_0000, bench.read(PASID, high));
    }

    @Test
    void onlyCanonicalAddressesAreTranslated() {
        long high = 0xffff_8000_0000_0000L;
        bench.mapFirst(table, 4, high, 0x5000_0000);
        assertTranslates(0x5000_0000, bench.read(PASID, high));
        assertFaults(FaultReason.NOT_CANONICAL, bench.read(PASID, 0x0000_8000_0000_0000L));
        assertFaults(FaultReason.NOT_CANONICAL, bench.read(PASID, 0xffff_7fff_ffff_f000L));
    }

    @Test
    void aReadMarksEveryEntryAccessedAndAWriteMarksThePageDirtyToo() {
        bench.mapFirst(table, 4, VA, 0x5000_0000);
        bench.read(PASID, VA);
        for (int level = 1; level <= 4; level++) {
            long entry = bench.memory.peek(bench.entry(table, 4, level, VA, 0));
            assertEquals(A, entry & (A | D), "level " + level);
        }
        bench.write(PASID, VA);
        for (int level = 2; level <= 4; level++) {
            long entry = bench.memory.peek(bench.entry(table, 4, level, VA, 0));
            assertEquals(A, entry & (A | D), "level " + level);
        }
        assertEquals(A | D, bench.memory.peek(leaf()) & (A | D));
    }

    private long mapped(long bits) {
        bench.mapFirst(table, 4, VA, 0x5000_0000);
        bench.memory.writeLong(leaf(), 0x5000_0000 | bits);
        return leaf();
    }

    private void forget() {
        bench.unit.invalidatePasid(InvalidationDescriptor.PC_GLOBAL, 0, 0);
        bench.unit.invalidateIotlb(InvalidationDescriptor.IOTLB_GLOBAL, 0, 0, 0, false);
    }

    private void control(long bits) {
        bench.memory.writeLong(bench.pasidEntry(RID, PASID) + 16, table | bits);
        forget();
    }

    @Test
    void rightsAreThoseOfEveryEntryTogetherAndOfThePrivilege() {
        bench.mapFirst(table, 4, VA, 0x5000_0000);
        int[] accesses = {
            Access.READ, Access.WRITE, Access.READ | Access.WRITE, Access.READ | Access.EXECUTE
        };
        for (int control = 0; control < 16; control++) {
            boolean wpe = (control & 1) != 0;
            boolean smep = (control & 2) != 0;
            boolean ere = (control & 4) != 0;
            boolean sre = (control & 8) != 0;
            long bits =
                    (wpe ? 1 << 4 : 0) | (smep ? 1 << 6 : 0) | (ere ? 1 << 1 : 0) | (sre ? 1 : 0);
            for (int narrow = 1; narrow <= 4; narrow++) {
                for (int rights = 0; rights < 8; rights++) {
                    boolean writable = (rights & 1) != 0;
                    boolean user = (rights & 2) != 0;
                    boolean noExecute = (rights & 4) != 0;
                    long at = bench.entry(table, 4, narrow, VA, USER_RW);
                    long before = bench.memory.peek(at);
                    long entry = before & ~7 | 1 | (writable ? 2 : 0) | (user ? 4 : 0);
                    bench.memory.writeLong(at, noExecute ? entry | 1L << 63 : entry);
                    for (int access : accesses) {
                        for (int privilege = 0; privilege <= 1; privilege++) {
                            boolean supervisor = privilege != 0;
                            control(bits);
                            boolean execute = (access & Access.EXECUTE) != 0;
                            boolean write = (access & Access.WRITE) != 0;
                            @Nullable FaultReason expected = null;
                            if (supervisor && !sre) {
                                expected = FaultReason.SUPERVISOR_DISABLED;
                            } else if (execute && !ere) {
                                expected = FaultReason.EXECUTE_DISABLED;
                            } else if (!supervisor && !user) {
                                expected = FaultReason.USER_DENIED;
                            } else if (write && !writable && (!supervisor || wpe)) {
                                expected = FaultReason.SCALABLE_WRITE_DENIED;
                            } else if (execute && (noExecute || supervisor && user && smep)) {
                                expected = FaultReason.EXECUTE_DENIED;
                            }
                            int asked = supervisor ? access | Access.PRIVILEGED : access;
                            // The second time, what is cached must give the same answer.
                            for (int time = 0; time < 2; time++) {
                                bench.ask(RID, PASID, VA, asked);
                                if (expected == null) {
                                    assertTranslates(0x5000_0000, bench.out);
                                } else {
                                    assertFaults(expected, bench.out);
                                }
                            }
                        }
                    }
                    bench.memory.writeLong(at, before);
                }
            }
        }
    }

    @Test
    void largePagesMapTwoMegabytesAndOneGigabyte() {
        long large = bench.entry(table, 4, 2, VA, USER_RW);
        bench.memory.writeLong(large, 0x4020_0000 | 0x80 | USER_RW);
        assertTranslates(0x4020_0000 | VA & 0x1f_ffff | 0xabc, bench.read(PASID, VA | 0xabc));
        assertEquals(21, bench.out.pageShift);
        long huge = bench.entry(table, 4, 3, 1L << 39, USER_RW);
        bench.memory.writeLong(huge, 0x1_4000_0000L | 0x80 | USER_RW);
        assertTranslates(0x1_4123_4567L, bench.read(PASID, 1L << 39 | 0x123_4567));
        assertEquals(30, bench.out.pageShift);
        assertTranslates(0x1_7fff_ffffL, bench.write(PASID, (1L << 39) + (1 << 30) - 1));
        assertEquals(A | D, bench.memory.peek(huge) & (A | D));
    }

    @Test
    void aWriteThatHitsWhatAReadLeftMarksThePageDirty() {
        long leaf = mapped(USER_RW);
        bench.read(PASID, VA);
        bench.read(PASID, VA);
        assertEquals(0, bench.memory.peek(leaf) & D);
        bench.write(PASID, VA);
        assertEquals(D, bench.memory.peek(leaf) & D);
        // From now on the cached entry knows; clearing the flag needs an invalidation.
        bench.memory.writeLong(leaf, 0x5000_0000 | USER_RW);
        bench.write(PASID, VA);
        assertEquals(0, bench.memory.peek(leaf) & (A | D));
        forget();
        bench.write(PASID, VA);
        assertEquals(A | D, bench.memory.peek(leaf) & (A | D));
    }

    @Test
    void aDeniedAccessMarksNoLeaf() {
        long leaf = mapped(5);
        assertFaults(FaultReason.SCALABLE_WRITE_DENIED, bench.write(PASID, VA));
        assertEquals(0, bench.memory.peek(leaf) & (A | D));
        assertEquals(A, bench.memory.peek(bench.entry(table, 4, 2, VA, 0)) & A);
        assertTranslates(0x5000_0000, bench.read(PASID, VA));
        assertEquals(A, bench.memory.peek(leaf) & (A | D));
        assertFaults(FaultReason.SCALABLE_WRITE_DENIED, bench.write(PASID, VA));
        assertEquals(A, bench.memory.peek(leaf) & (A | D));
    }

    @Test
    void extendedAccessedIsKeptOnlyIfThePasidEntryAsksForIt() {
        long leaf = mapped(USER_RW);
        bench.read(PASID, VA);
        long ea = 1 << 10;
        assertEquals(A, bench.memory.peek(leaf) & (A | ea));
        control(1 << 7);
        bench.read(PASID, VA);
        for (int level = 1; level <= 4; level++) {
            long entry = bench.memory.peek(bench.entry(table, 4, level, VA, 0));
            assertEquals(A | ea, entry & (A | ea), "level " + level);
        }
    }

    @Test
    void flagsThatStandNeedNoUpdate() {
        bench.memory.writeLong(bench.pasidEntry(RID, PASID) + 8, 9); // no PWSNP
        long leaf = mapped(USER_RW | A | D);
        assertFaults(FaultReason.FIRST_STAGE_UPDATE_NOT_SNOOPED, bench.read(PASID, VA));
        for (int level = 2; level <= 4; level++) {
            long at = bench.entry(table, 4, level, VA, 0);
            bench.memory.writeLong(at, bench.memory.peek(at) | A);
        }
        bench.memory.readOnly = address -> true;
        assertTranslates(0x5000_0000, bench.write(PASID, VA));
        bench.memory.writeLong(leaf, 0x5000_0000 | USER_RW | A);
        forget();
        assertTranslates(0x5000_0000, bench.read(PASID, VA));
        assertFaults(FaultReason.FIRST_STAGE_UPDATE_NOT_SNOOPED, bench.write(PASID, VA));
    }

    @Test
    void anUpdateThatMemoryRefusesIsAFault() {
        mapped(USER_RW);
        for (int level = 4; level >= 1; level--) {
            long at = bench.entry(table, 4, level, VA, 0);
            bench.memory.readOnly = address -> address == at;
            forget();
            assertFaults(FaultReason.FIRST_STAGE_UPDATE_FAILED, bench.read(PASID, VA));
            assertEquals(0, bench.memory.peek(at) & A);
        }
    }

    @Test
    void anUpdateNeverUndoesWhatTheProcessorWrites() {
        long leaf = mapped(USER_RW);
        int[] times = {0};
        bench.memory.beforeUpdate =
                address -> {
                    if (address == leaf && times[0]++ == 0) {
                        // The processor moves the page between our read and our update.
                        bench.memory.writeLong(leaf, 0x6000_0000 | USER_RW | 1 << 9);
                    }
                };
        assertTranslates(0x6000_0000, bench.write(PASID, VA));
        assertEquals(0x6000_0000 | USER_RW | 1 << 9 | A | D, bench.memory.peek(leaf));
    }

    @Test
    void anEntryTakenAwayDuringTheUpdateIsNotUsed() {
        long leaf = mapped(USER_RW);
        bench.memory.beforeUpdate =
                address -> {
                    if (address == leaf) {
                        bench.memory.writeLong(leaf, 0x5000_0000 | USER_RW & ~1);
                    }
                };
        assertFaults(FaultReason.FIRST_STAGE_NOT_PRESENT, bench.write(PASID, VA));
        assertEquals(0x5000_0000 | USER_RW & ~1, bench.memory.peek(leaf));
    }

    @Test
    void anEntryThatNeverStandsStillEndsInAFault() {
        long leaf = mapped(USER_RW);
        bench.memory.beforeUpdate =
                address -> {
                    if (address == leaf) {
                        bench.memory.writeLong(leaf, bench.memory.peek(leaf) ^ 1L << 52);
                    }
                };
        assertFaults(FaultReason.FIRST_STAGE_UPDATE_FAILED, bench.write(PASID, VA));
    }

    @Test
    void tablesThatCannotBeReadTellTheFirstFromTheOthers() {
        mapped(USER_RW);
        for (int level = 2; level <= 4; level++) {
            long at = bench.entry(table, 4, level, VA, 0);
            long before = bench.memory.peek(at);
            bench.memory.writeLong(at, TranslationBench.NOWHERE | USER_RW);
            forget();
            assertFaults(FaultReason.FIRST_STAGE_ACCESS, bench.read(PASID, VA));
            bench.memory.writeLong(at, before);
        }
        bench.memory.writeLong(bench.pasidEntry(RID, PASID) + 16, TranslationBench.NOWHERE);
        forget();
        assertFaults(FaultReason.FIRST_STAGE_ROOT_ACCESS, bench.read(PASID, VA));
    }

    @Test
    void noPageLiesInTheInterruptRange() {
        long leaf = mapped(USER_RW);
        bench.memory.writeLong(leaf, 0xfee0_5000L | USER_RW);
        assertFaults(FaultReason.SCALABLE_INTERRUPT_RANGE, bench.write(PASID, VA));
        assertEquals(0, bench.memory.peek(leaf) & (A | D));
        // A large page around the range serves the rest of itself, cached or not.
        long large = bench.entry(table, 4, 3, 1L << 39, USER_RW);
        bench.memory.writeLong(large, 0xc000_0000L | 0x80 | USER_RW);
        long base = 1L << 39;
        assertTranslates(0xfedf_ffffL, bench.read(PASID, base | 0x3edf_ffff));
        assertEquals(20, bench.out.pageShift);
        assertFaults(FaultReason.SCALABLE_INTERRUPT_RANGE, bench.read(PASID, base | 0x3ee0_0000));
        assertFaults(FaultReason.SCALABLE_INTERRUPT_RANGE, bench.read(PASID, base | 0x3eef_ffff));
        assertTranslates(0xfef0_0000L, bench.read(PASID, base | 0x3ef0_0000));
    }

    @Test
    void addressesInTheInterruptRangeAreOrdinaryInputs() {
        bench.mapFirst(table, 4, 0xfee0_1000L, 0x5000_0000);
        assertTranslates(0x5000_0004, bench.write(PASID, 0xfee0_1004L));
    }
}
