package org.opensva.emulated.kernel.paging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.PageTableFormat;

import java.util.Random;

class EntryFormatTest {

    private static final int RW = Access.READ | Access.WRITE;
    private static final int RX = Access.READ | Access.EXECUTE;
    private static final int PAGE = Geometry.LAST_LEVEL;
    private static final int HUGE = Geometry.HUGE_LEVEL;
    private static final int[] KINDS = {
        EntryFormat.ANONYMOUS, EntryFormat.ZERO_PAGE, EntryFormat.OBJECT
    };

    private static final EntryFormat ARM = PagingMode.ARM64_4K.entries();
    private static final EntryFormat X86 = PagingMode.X86_64_4LEVEL.entries();

    @Test
    void armBitsAreThoseOfTheArchitecture() {
        // Valid, page, AP[1], SH inner, AF, nG, PXN, UXN; AttrIndx 0; AP[2] clear; dirty, bit 55.
        assertEquals(0x00E0_0000_8000_0F43L, ARM.leaf(0x8000_0000L, PAGE, RW, true, 0));
        // Read only: AP[2], bit 7.
        assertEquals(0x0060_0000_8000_0FC3L, ARM.leaf(0x8000_0000L, PAGE, Access.READ, false, 0));
        // Executable by the user: UXN, bit 54, clear.
        assertEquals(0x0020_0000_8000_0FC3L, ARM.leaf(0x8000_0000L, PAGE, RX, false, 0));
        // A block has bit 1 clear.
        assertEquals(0x0060_0000_8000_0FC1L, ARM.leaf(0x8000_0000L, HUGE, Access.READ, false, 0));
        // Denied: PTE_PRESENT_INVALID, the nG bit of an entry whose valid bit is clear.
        assertEquals(0x0060_0000_8000_0FC2L, ARM.leaf(0x8000_0000L, PAGE, 0, false, 0));
        // PTE_SPECIAL is bit 56.
        assertEquals(
                0x0160_0000_8000_0FC3L,
                ARM.leaf(0x8000_0000L, PAGE, Access.READ, false, EntryFormat.ZERO_PAGE));
        assertEquals(0x8000_1003L, ARM.table(0x8000_1000L));
        // Swap offset 1 in bits 61:12, all else clear.
        assertEquals(0x1000L, ARM.swap(0));
        assertEquals(PageTableFormat.VMSAV8_64, ARM.tables(48));
    }

    @Test
    void x86BitsAreThoseOfTheArchitecture() {
        // Present, R/W, U/S, accessed, dirty, XD.
        assertEquals(0x8000_0000_8000_0067L, X86.leaf(0x8000_0000L, PAGE, RW, true, 0));
        assertEquals(0x8000_0000_8000_0025L, X86.leaf(0x8000_0000L, PAGE, Access.READ, false, 0));
        assertEquals(0x0000_0000_8000_0025L, X86.leaf(0x8000_0000L, PAGE, RX, false, 0));
        // A large page: PS, bit 7.
        assertEquals(0x8000_0000_8000_00A5L, X86.leaf(0x8000_0000L, HUGE, Access.READ, false, 0));
        // Denied: _PAGE_PROTNONE, bit 8, and the address inverted.
        assertEquals(0x000F_FFFF_7FFF_F120L, X86.leaf(0x8000_0000L, PAGE, 0, false, 0));
        // _PAGE_SPECIAL is bit 9.
        assertEquals(
                0x8000_0000_8000_0225L,
                X86.leaf(0x8000_0000L, PAGE, Access.READ, false, EntryFormat.ZERO_PAGE));
        // _PAGE_TABLE.
        assertEquals(0x8000_1067L, X86.table(0x8000_1000L));
        // Swap offset 1, inverted in bits 58:9; type 0 in bits 63:59.
        assertEquals(0x07FF_FFFF_FFFF_FC00L, X86.swap(0));
        // A page that was written to and is write-protected: _PAGE_SAVED_DIRTY, not a shadow stack.
        assertEquals(
                0x8400_0000_8000_0025L,
                X86.withoutWrite(X86.leaf(0x8000_0000L, PAGE, RW, true, 0)));
        assertEquals(PageTableFormat.X86_64_4LEVEL, X86.tables(48));
        assertEquals(PageTableFormat.X86_64_5LEVEL, X86.tables(57));
    }

    @ParameterizedTest
    @EnumSource(PagingMode.class)
    void aLeafSaysWhatItWasMadeOf(PagingMode mode) {
        EntryFormat entries = mode.entries();
        Random random = new Random(7);
        for (int i = 0; i < 2000; i++) {
            int level = random.nextBoolean() ? PAGE : HUGE;
            long frame = frame(mode, random, level);
            Protection protection = Protection.values()[random.nextInt(5)];
            boolean writable = Access.writes(protection.access()) && random.nextBoolean();
            int kind = KINDS[random.nextInt(3)];
            long entry = entries.leaf(frame, level, protection.access(), writable, kind);
            assertEquals(frame, entries.frame(entry));
            assertEquals(kind, entries.kind(entry));
            assertTrue(entries.hasFrame(entry));
            assertFalse(entries.isSwap(entry));
            assertEquals(protection != Protection.NONE, entries.isValid(entry));
            assertEquals(protection.allows(Access.READ), entries.allows(entry, Access.READ));
            assertEquals(writable, entries.isWritable(entry));
            assertEquals(writable, entries.isDirty(entry));
            assertEquals(protection.allows(RX), entries.allows(entry, RX));
            if (level == HUGE) {
                assertFalse(entries.isTable(entry));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(PagingMode.class)
    void aDeniedPageKeepsItsFrameAndIsNotPresentToHardware(PagingMode mode) {
        EntryFormat entries = mode.entries();
        for (int level : new int[] {PAGE, HUGE}) {
            long entry = entries.leaf(1L << 30, level, RW, true, EntryFormat.OBJECT);
            long denied = entries.protect(entry, level, 0);
            assertEquals(0, denied & 1);
            assertFalse(entries.isTable(denied));
            assertEquals(1L << 30, entries.frame(denied));
            long back = entries.protect(denied, level, RW);
            assertTrue(entries.isValid(back));
            assertFalse(entries.isWritable(back), "write comes back by fault only");
            assertTrue(entries.isDirty(back), "that it was written to is not forgotten");
            assertEquals(entry, entries.withWrite(back));
        }
    }

    @ParameterizedTest
    @EnumSource(PagingMode.class)
    void aSwapReferenceIsNotPresentToHardwareAndNeverZero(PagingMode mode) {
        EntryFormat entries = mode.entries();
        for (long slot : new long[] {0, 1, 12345, 1 << 20, 1L << 48}) {
            long entry = entries.swap(slot);
            assertNotEquals(0, entry);
            assertEquals(0, entry & 1);
            assertTrue(entries.isSwap(entry));
            assertFalse(entries.hasFrame(entry));
            assertFalse(entries.allows(entry, Access.READ));
            assertEquals(slot, entries.swapSlot(entry));
        }
    }

    @ParameterizedTest
    @EnumSource(PagingMode.class)
    void hardwareHasNoAccessedOrDirtyStateToUpdate(PagingMode mode) {
        EntryFormat entries = mode.entries();
        boolean arm = mode.geometry().limit() == 1L << 48;
        long accessed = arm ? 1L << 10 : 1L << 5;
        long entry = entries.leaf(0, PAGE, RW, true, 0);
        assertNotEquals(0, entry & accessed);
        assertNotEquals(0, entries.leaf(0, HUGE, Access.READ, false, 0) & accessed);
        if (arm) {
            assertEquals(0, entry & 1L << 51, "DBM");
        } else {
            assertNotEquals(0, entry & 1L << 6, "D");
            assertNotEquals(0, entries.table(0) & accessed);
            assertEquals(0, entry & 1L << 10, "EA");
        }
    }

    @ParameterizedTest
    @EnumSource(PagingMode.class)
    void aFreedTableLeadsOutOfEveryMemoryAtEachLevel(PagingMode mode) {
        EntryFormat entries = mode.entries();
        long poison = entries.poison();
        assertTrue(entries.isTable(poison));
        assertTrue(entries.allows(poison, RW), "no fault that the kernel would resolve");
        long address = entries.frame(poison);
        assertEquals(0, address & mode.geometry().pageMask());
        // The most memory that a machine can have, and where it begins.
        assertTrue(address > (1L << 42) + (1L << 32));
        assertTrue(address < 1L << entries.physicalAddressBits());
    }

    private static long frame(PagingMode mode, Random random, int level) {
        long bits = random.nextLong() & (1L << entries(mode).physicalAddressBits()) - 1;
        return bits & -(1L << mode.geometry().levelShift(level));
    }

    private static EntryFormat entries(PagingMode mode) {
        return mode.entries();
    }
}
