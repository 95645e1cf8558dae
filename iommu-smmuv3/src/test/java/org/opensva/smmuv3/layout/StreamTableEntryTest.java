package org.opensva.smmuv3.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class StreamTableEntryTest {
    @Test
    void everyFieldStandsAtTheBitsOfSection5Point2() {
        SpecificationBits.assertMatches(
                StreamTableEntry.STRUCTURE,
                """
                V 0 0
                Config 3 1
                S1Fmt 5 4
                S1ContextPtr 55 6
                S1CDMax 63 59
                S1DSS 65 64
                S1CIR 67 66
                S1COR 69 68
                S1CSH 71 70
                S2HWU59 72 72
                S2HWU60 73 73
                S2HWU61 74 74
                S2HWU62 75 75
                DRE 76 76
                CONT 80 77
                DCP 81 81
                PPAR 82 82
                MEV 83 83
                SW_RESERVED 87 84
                S1PIE 88 88
                S2FWB 89 89
                S1MPAM 90 90
                S1STALLD 91 91
                EATS 93 92
                STRW 95 94
                MemAttr 99 96
                MTCFG 100 100
                ALLOCCFG 104 101
                SHCFG 109 108
                NSCFG 111 110
                PRIVCFG 113 112
                INSTCFG 115 114
                IMPDEF1 127 116
                S2VMID 143 128
                IMPDEF2 159 144
                S2T0SZ 165 160
                S2SL0 167 166
                S2IR0 169 168
                S2OR0 171 170
                S2SH0 173 172
                S2TG 175 174
                S2PS 178 176
                S2AA64 179 179
                S2ENDI 180 180
                S2AFFD 181 181
                S2PTW 182 182
                S2HD 183 183
                S2HA 184 184
                S2S 185 185
                S2R 186 186
                S2HAFT 187 187
                S2PIE 188 188
                S2POE 189 189
                DPT_VMATCH 191 190
                S2NSW 192 192
                S2NSA 193 193
                S2SL0_2 194 194
                S2DS 195 195
                S2TTB 247 196
                S2SKL 254 253
                IMPDEF4 271 256
                PARTID 287 272
                S_S2T0SZ 293 288
                S_S2SL0 295 294
                S_S2TG 303 302
                MECID 319 304
                PMG 327 320
                MPAM_NS 328 328
                AssuredOnly 329 329
                TL0 330 330
                TL1 331 331
                VMSPtr 375 332
                S2SW 384 384
                S2SA 385 385
                S_S2SL0_2 386 386
                S_S2TTB 439 388
                S_S2SKL 446 445
                S2POI 511 448
                """);
    }

    @Test
    void theLevel1DescriptorStandsAtTheBitsOfSection5Point1() {
        SpecificationBits.assertMatches(
                Level1StreamTableDescriptor.STRUCTURE, "Span 4 0\nL2Ptr 55 6");
    }

    @Test
    void theArrayOfALevel1DescriptorIsAlignedToItsSize() {
        long descriptor = 0x0000_00ff_ffff_ffc0L | 9;
        assertEquals(9, Level1StreamTableDescriptor.span(descriptor));
        // Span 9: 256 STEs of 64 bytes, 16 KB
        assertEquals(0x0000_00ff_ffff_c000L, Level1StreamTableDescriptor.arrayAddress(descriptor));
    }

    @Test
    void configDecodesToItsStages() {
        int config = StreamTableEntry.config(0b111 << 1);
        assertEquals(StreamTableEntry.CONFIG_NESTED, config);
        assertEquals(
                StreamTableEntry.CONFIG_NESTED,
                StreamTableEntry.CONFIG_PASS_BIT
                        | StreamTableEntry.CONFIG_STAGE1_BIT
                        | StreamTableEntry.CONFIG_STAGE2_BIT);
    }

    @Test
    void anEncodedEntryIsReadBackAndNothingElseIsSet() {
        long[] ste =
                new EntryEncoder(StreamTableEntry.WORDS)
                        .set(StreamTableEntry.V, true)
                        .set(StreamTableEntry.CONFIG, StreamTableEntry.CONFIG_S1)
                        .set(StreamTableEntry.S1FMT, StreamTableEntry.S1FMT_64K_L2)
                        .setAddress(StreamTableEntry.S1CONTEXTPTR, 0x0000_1234_5678_9ac0L)
                        .set(StreamTableEntry.S1CDMAX, 20)
                        .set(StreamTableEntry.EATS, StreamTableEntry.EATS_FULL)
                        .words();
        assertTrue(StreamTableEntry.valid(ste[0]));
        assertEquals(0x0000_1234_5678_9ac0L, StreamTableEntry.s1ContextPtr(ste[0]));
        assertEquals(20, StreamTableEntry.s1CdMax(ste[0]));
        assertEquals(0xa000_1234_5678_9aebL, ste[0]);
        assertEquals(0x1000_0000L, ste[1]);
        for (int word = 2; word < StreamTableEntry.WORDS; word++) {
            assertEquals(0, ste[word]);
        }
    }

    @Test
    void theEncoderRefusesWhatDoesNotFit() {
        EntryEncoder encoder = new EntryEncoder(StreamTableEntry.WORDS);
        assertThrows(IllegalArgumentException.class, () -> encoder.set(StreamTableEntry.CONFIG, 8));
        assertThrows(
                IllegalArgumentException.class,
                () -> encoder.setAddress(StreamTableEntry.S1CONTEXTPTR, 0x20));
    }
}
