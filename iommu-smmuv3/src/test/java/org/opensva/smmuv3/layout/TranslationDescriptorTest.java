package org.opensva.smmuv3.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.Random;

final class TranslationDescriptorTest {
    @Test
    void stage1FieldsStandAtTheirArchitectedBits() {
        SpecificationBits.assertMatches(
                Stage1Descriptor.STRUCTURE,
                """
                Valid 0 0
                Type 1 1
                AttrIndx 4 2
                NS 5 5
                AP 7 6
                SH 9 8
                ~OA_51_50 9 8
                AF 10 10
                nG 11 11
                OA 49 12
                ~OA_51_48 15 12
                GP 50 50
                DBM 51 51
                Contiguous 52 52
                PXN 53 53
                UXN 54 54
                SW 58 55
                PBHA 62 59
                ~AttrIndx3 59 59
                ~PXNTable 59 59
                ~UXNTable 60 60
                ~APTable 62 61
                ~NSTable 63 63
                """);
    }

    @Test
    void stage2FieldsStandAtTheirArchitectedBits() {
        SpecificationBits.assertMatches(
                Stage2Descriptor.STRUCTURE,
                """
                Valid 0 0
                Type 1 1
                MemAttr 5 2
                S2AP 7 6
                SH 9 8
                ~OA_51_50 9 8
                AF 10 10
                FnXS 11 11
                OA 49 12
                ~OA_51_48 15 12
                DBM 51 51
                Contiguous 52 52
                XN 54 53
                SW 58 55
                PBHA 62 59
                """);
    }

    @Test
    void typesDependOnTheLevel() {
        assertTrue(Stage1Descriptor.isTable(0b11, 2));
        assertFalse(Stage1Descriptor.isTable(0b11, 3));
        assertTrue(Stage1Descriptor.isPage(0b11, 3));
        assertFalse(Stage1Descriptor.isPage(0b01, 3));
        assertTrue(Stage1Descriptor.isBlock(0b01, 1));
        assertFalse(Stage1Descriptor.isBlock(0b01, 3));
        assertFalse(Stage1Descriptor.isTable(0b10, 1));
    }

    @Test
    void wideAddressesUseTheBitsOfTheirGranule() {
        assertEquals(
                0x000f_0000_0000_0000L,
                OutputAddress.of(0xf000L, Granule.K64, Granule.K64.shift(), true));
        assertEquals(
                0x000c_0000_0000_0000L,
                OutputAddress.of(0x300L, Granule.K4, Granule.K4.shift(), true));
        assertEquals(
                0x0003_0000_0000_0000L,
                OutputAddress.of(0x0003_0000_0000_0000L, Granule.K16, 14, true));
        assertEquals(0xf000L, OutputAddress.of(0xf000L, Granule.K4, 12, false));
    }

    @Test
    void anyAlignedAddressSurvivesTheDescriptor() {
        Random random = new Random(0x5eed);
        for (int i = 0; i < 10_000; i++) {
            for (Granule granule : Granule.values()) {
                for (boolean wide : new boolean[] {false, true}) {
                    long address = random.nextLong() >>> (wide ? 12 : 16) & -1L << granule.shift();
                    long descriptor = OutputAddress.encode(address, granule, wide);
                    assertEquals(
                            address, OutputAddress.of(descriptor, granule, granule.shift(), wide));
                }
            }
        }
    }

    @Test
    void levelsResolveTheBitsOfTheGranule() {
        assertEquals(12, Granule.K4.levelShift(3));
        assertEquals(21, Granule.K4.levelShift(2));
        assertEquals(30, Granule.K4.levelShift(1));
        assertEquals(39, Granule.K4.levelShift(0));
        assertEquals(48, Granule.K4.levelShift(-1));
        assertEquals(25, Granule.K16.levelShift(2));
        assertEquals(29, Granule.K64.levelShift(2));
        assertEquals(42, Granule.K64.levelShift(1));
    }

    @Test
    void blocksStandOnlyAtArchitectedLevels() {
        assertTrue(Granule.K4.blockAllowed(1, false));
        assertFalse(Granule.K4.blockAllowed(0, false));
        assertTrue(Granule.K4.blockAllowed(0, true));
        assertFalse(Granule.K16.blockAllowed(1, false));
        assertTrue(Granule.K16.blockAllowed(1, true));
        assertTrue(Granule.K64.blockAllowed(2, false));
        assertFalse(Granule.K64.blockAllowed(1, false));
        assertTrue(Granule.K64.blockAllowed(1, true));
        for (Granule granule : Granule.values()) {
            assertFalse(granule.blockAllowed(3, true));
            assertFalse(granule.blockAllowed(-1, true));
        }
    }
}
