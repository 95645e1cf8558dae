package org.opensva.vtd.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.vtd.layout.SpecificationBits.assertMatches;

import org.junit.jupiter.api.Test;

import java.util.Random;

final class PagingEntryTest {
    @Test
    void firstStageFieldsStandAtTheBitsOfSection9Point7() {
        assertMatches(
                FirstStageEntry.STRUCTURE,
                """
                P 0 0
                R/W 1 1
                U/S 2 2
                PWT 3 3
                PCD 4 4
                A 5 5
                D 6 6
                PS 7 7
                ~PAT 7 7
                G 8 8
                EA 10 10
                ADDR 51 12
                ~PAT 12 12
                XD 63 63
                """);
    }

    @Test
    void secondStageFieldsStandAtTheBitsOfSection9Point8() {
        assertMatches(
                SecondStageEntry.STRUCTURE,
                """
                R 0 0
                W 1 1
                X 2 2
                EMT 5 3
                IPAT 6 6
                PS 7 7
                A 8 8
                D 9 9
                SNP 11 11
                ADDR 51 12
                ~TM 62 62
                """);
    }

    @Test
    void anAddressSelectsNineBitsALevel() {
        int[] shifts = {0, 12, 21, 30, 39, 48};
        Random random = new Random(0x0307);
        for (int level = 1; level <= 5; level++) {
            assertEquals(shifts[level], PagingLevel.shift(level));
            assertEquals(1L << shifts[level], PagingLevel.bytes(level));
            for (int round = 0; round < 1000; round++) {
                long address = random.nextLong();
                long index = (address >>> shifts[level]) % 512;
                index = index < 0 ? index + 512 : index;
                assertEquals(index * 8, PagingLevel.offset(address, level));
            }
        }
        assertEquals(4096, PagingLevel.ENTRIES * PagingLevel.ENTRY_BYTES);
    }

    @Test
    void reservedBitsOfFirstStageAreThoseOfTheLevel() {
        assertEquals(0, FirstStageEntry.reservedBits(1, true, 52));
        assertEquals(0, FirstStageEntry.reservedBits(2, false, 52));
        assertEquals(0x1f_e000L, FirstStageEntry.reservedBits(2, true, 52));
        assertEquals(0, FirstStageEntry.reservedBits(3, false, 52));
        assertEquals(0x3fff_e000L, FirstStageEntry.reservedBits(3, true, 52));
        assertEquals(0x80L, FirstStageEntry.reservedBits(4, false, 52));
        assertEquals(0x80L, FirstStageEntry.reservedBits(5, false, 52));
        assertEquals(0x000f_0000_0000_0000L, FirstStageEntry.reservedBits(1, true, 48));
        assertEquals(0x000f_ff80_0000_0080L, FirstStageEntry.reservedBits(4, false, 39));
    }

    @Test
    void reservedBitsOfSecondStageAreThoseOfTheLevel() {
        long always = 0x4000_0000_0000_0000L;
        assertEquals(always | 0x800, SecondStageEntry.reservedBits(1, true, 52, false));
        assertEquals(always, SecondStageEntry.reservedBits(1, true, 52, true));
        assertEquals(always | 0x800, SecondStageEntry.reservedBits(2, false, 52, true));
        assertEquals(always | 0x1f_f800L, SecondStageEntry.reservedBits(2, true, 52, false));
        assertEquals(always | 0x3fff_f800L, SecondStageEntry.reservedBits(3, true, 52, false));
        assertEquals(always | 0x3fff_f000L, SecondStageEntry.reservedBits(3, true, 52, true));
        assertEquals(always | 0x880, SecondStageEntry.reservedBits(4, false, 52, false));
        assertEquals(always | 0x880, SecondStageEntry.reservedBits(5, false, 52, true));
        assertEquals(
                always | 0x000f_fe00_0000_0800L, SecondStageEntry.reservedBits(1, true, 41, false));
    }

    @Test
    void leavesAreAtLevel1AndWithPsAtLevels2And3() {
        for (int level = 1; level <= 5; level++) {
            boolean large = level == 2 || level == 3;
            assertEquals(level == 1, FirstStageEntry.isLeaf(0x1, level));
            assertEquals(level == 1 || large, FirstStageEntry.isLeaf(0x81, level));
            assertEquals(level == 1, SecondStageEntry.isLeaf(0x3, level));
            assertEquals(level == 1 || large, SecondStageEntry.isLeaf(0x83, level));
        }
    }

    @Test
    void pagesAndTablesAreCutFromTheEntry() {
        long entry = -1L;
        assertEquals(0x000f_ffff_ffff_f000L, FirstStageEntry.table(entry));
        assertEquals(0x000f_ffff_ffff_f000L, FirstStageEntry.page(entry, 1));
        assertEquals(0x000f_ffff_ffe0_0000L, FirstStageEntry.page(entry, 2));
        assertEquals(0x000f_ffff_c000_0000L, FirstStageEntry.page(entry, 3));
        assertEquals(0x000f_ffff_ffff_f000L, SecondStageEntry.table(entry));
        assertEquals(0x000f_ffff_ffff_f000L, SecondStageEntry.page(entry, 1));
        assertEquals(0x000f_ffff_ffe0_0000L, SecondStageEntry.page(entry, 2));
        assertEquals(0x000f_ffff_c000_0000L, SecondStageEntry.page(entry, 3));
        assertTrue(FirstStageEntry.executeDisabled(Long.MIN_VALUE));
        assertTrue(FirstStageEntry.writable(2) && FirstStageEntry.user(4));
        assertFalse(FirstStageEntry.present(~1L));
        assertTrue(FirstStageEntry.present(1));
        assertFalse(SecondStageEntry.present(~3L));
        assertTrue(SecondStageEntry.present(1) && SecondStageEntry.present(2));
        assertTrue(SecondStageEntry.readable(1) && SecondStageEntry.writable(2));
        assertFalse(SecondStageEntry.readable(2) || SecondStageEntry.writable(1));
    }
}
