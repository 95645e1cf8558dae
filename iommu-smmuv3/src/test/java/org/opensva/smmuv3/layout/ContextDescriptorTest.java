package org.opensva.smmuv3.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class ContextDescriptorTest {
    @Test
    void everyFieldStandsAtTheBitsOfSection5Point4() {
        SpecificationBits.assertMatches(
                ContextDescriptor.STRUCTURE,
                """
                T0SZ 5 0
                TG0 7 6
                IR0 9 8
                OR0 11 10
                SH0 13 12
                EPD0 14 14
                ENDI 15 15
                T1SZ 21 16
                TG1 23 22
                IR1 25 24
                OR1 27 26
                SH1 29 28
                EPD1 30 30
                V 31 31
                IPS 34 32
                AFFD 35 35
                WXN 36 36
                UWXN 37 37
                TBI0 38 38
                TBI1 39 39
                PAN 40 40
                AA64 41 41
                HD 42 42
                HA 43 43
                S 44 44
                R 45 45
                A 46 46
                ASET 47 47
                ASID 63 48
                NSCFG0 64 64
                HAD0 65 65
                ~DisCH0 65 65
                E0PD0 66 66
                HAFT 67 67
                TTB0 119 68
                PnCH 122 122
                EPAN 123 123
                HWU059 124 124
                HWU060 125 125
                HWU061 126 126
                HWU062 127 127
                ~SKL0 127 126
                NSCFG1 128 128
                HAD1 129 129
                ~DisCH1 129 129
                E0PD1 130 130
                AIE 131 131
                TTB1 183 132
                DS 186 186
                PIE 187 187
                HWU159 188 188
                HWU160 189 189
                HWU161 190 190
                HWU162 191 191
                ~SKL1 191 190
                MAIR0 223 192
                MAIR1 255 224
                AMAIR0 287 256
                AMAIR1 319 288
                IMPDEF5 351 320
                PARTID 367 352
                PMG 375 368
                PIIU 431 384
                PIIP 495 448
                """);
    }

    @Test
    void theLevel1DescriptorStandsAtTheBitsOfSection5Point3() {
        SpecificationBits.assertMatches(Level1ContextDescriptor.STRUCTURE, "V 0 0\nL2Ptr 55 12");
        assertEquals(0x1234_5000L, Level1ContextDescriptor.leafTable(0x1234_5001L));
    }

    @Test
    void mairIsIndexedByTheByteAndSaturatesAtSeven() {
        long mair = 0x8877_6655_4433_2211L;
        assertEquals(0x11, ContextDescriptor.mairAttribute(mair, 0));
        assertEquals(0x88, ContextDescriptor.mairAttribute(mair, 7));
        assertEquals(0x88, ContextDescriptor.mairAttribute(mair, 15));
    }

    @Test
    void granulesAreEncodedDifferentlyInEachField() {
        assertEquals(Granule.K4, Granule.ofTg0(0b00));
        assertEquals(Granule.K64, Granule.ofTg0(0b01));
        assertEquals(Granule.K16, Granule.ofTg0(0b10));
        assertEquals(null, Granule.ofTg0(0b11));
        assertEquals(null, Granule.ofTg1(0b00));
        assertEquals(Granule.K16, Granule.ofTg1(0b01));
        assertEquals(Granule.K4, Granule.ofTg1(0b10));
        assertEquals(Granule.K64, Granule.ofTg1(0b11));
        assertEquals(null, Granule.ofCommandTg(0b00));
        assertEquals(Granule.K4, Granule.ofCommandTg(0b01));
        assertEquals(Granule.K16, Granule.ofCommandTg(0b10));
        assertEquals(Granule.K64, Granule.ofCommandTg(0b11));
        for (Granule granule : Granule.values()) {
            assertEquals(granule, Granule.ofTg0(granule.tg0()));
            assertEquals(granule, Granule.ofTg1(granule.tg1()));
            assertEquals(granule, Granule.ofCommandTg(granule.commandTg()));
        }
    }

    @Test
    void addressSizesAreThoseOfTheTables() {
        int[] sizes = {32, 36, 40, 42, 44, 48, 52, 56};
        for (int encoding = 0; encoding < sizes.length; encoding++) {
            assertEquals(sizes[encoding], AddressSize.bits(encoding));
            assertEquals(encoding, AddressSize.encode(sizes[encoding]));
        }
    }
}
