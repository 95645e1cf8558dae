package org.opensva.emulated.kernel.mm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.PageSize;

class PageEntryTest {

    private static final int RW = Access.READ | Access.WRITE;

    @Test
    void bitsAreThoseOfTheArchitecture() {
        // Valid, page, AP[1], SH inner, AF, nG, PXN, UXN; AttrIndx 0; write allowed: AP[2] clear.
        assertEquals(0x0060_0000_8000_0F43L, PageEntry.page(0x8000_0000L, RW, true, 0));
        // Read only: AP[2], bit 7.
        assertEquals(0x0060_0000_8000_0FC3L, PageEntry.page(0x8000_0000L, Access.READ, false, 0));
        // Executable by the user: UXN, bit 54, clear.
        assertEquals(
                0x0020_0000_8000_0FC3L,
                PageEntry.page(0x8000_0000L, Access.READ | Access.EXECUTE, false, 0));
        assertEquals(0x8000_1003L, PageEntry.table(0x8000_1000L));
    }

    @Test
    void kernelModeNeverExecutesAndHardwareNeverNeedsToUpdate() {
        long entry = PageEntry.page(0x8000_0000L, RW, true, 0);
        assertTrue((entry & 1L << 53) != 0, "PXN");
        assertTrue((entry & 1L << 10) != 0, "AF");
        assertFalse((entry & 1L << 51) != 0, "DBM");
    }

    @Test
    void aDeniedPageKeepsItsFrameAndIsInvalidToHardware() {
        long entry = PageEntry.protect(PageEntry.page(0x8000_0000L, RW, true, 0), 0);
        assertEquals(0, entry & 1);
        assertTrue(PageEntry.hasFrame(entry));
        assertFalse(PageEntry.isSwap(entry));
        assertEquals(0x8000_0000L, PageEntry.frame(entry));
        long back = PageEntry.protect(entry, RW);
        assertTrue(PageEntry.isValid(back));
        assertFalse(PageEntry.isWritable(back), "write comes back by fault only");
    }

    @Test
    void aSwapReferenceIsInvalidToHardwareAndNeverZero() {
        for (long slot : new long[] {0, 1, 12345, 1 << 20}) {
            long entry = PageEntry.swap(slot);
            assertEquals(0, entry & 1);
            assertTrue(PageEntry.isSwap(entry));
            assertFalse(PageEntry.hasFrame(entry));
            assertEquals(slot, PageEntry.swapSlot(entry));
        }
    }

    @Test
    void levelsFollowFromTheGranule() {
        Geometry small = new Geometry(PageSize.SIZE_4K, 48);
        assertEquals(0, small.firstLevel());
        assertEquals(39, small.levelShift(0));
        assertEquals(12, small.levelShift(3));
        Geometry middle = new Geometry(PageSize.SIZE_16K, 48);
        assertEquals(0, middle.firstLevel());
        assertEquals(47, middle.levelShift(0));
        Geometry large = new Geometry(PageSize.SIZE_64K, 48);
        assertEquals(1, large.firstLevel());
        assertEquals(42, large.levelShift(1));
        assertEquals(8 * 511, small.entryOffset(0x0000_FFFF_FFFF_F000L, 3));
    }
}
