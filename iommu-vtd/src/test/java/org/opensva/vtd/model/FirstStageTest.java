package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.opensva.vtd.model.TranslationBench.RID;
import static org.opensva.vtd.model.TranslationBench.USER_RW;
import static org.opensva.vtd.model.TranslationBench.assertFaults;
import static org.opensva.vtd.model.TranslationBench.assertTranslates;

import org.junit.jupiter.api.Test;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.FaultReason;

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
}
