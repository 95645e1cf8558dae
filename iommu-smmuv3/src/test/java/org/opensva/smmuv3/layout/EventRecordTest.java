package org.opensva.smmuv3.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.TreeMap;

final class EventRecordTest {
    private static final String HEADER =
            """
            EventNumber 7 0
            SSV 11 11
            SubstreamID 31 12
            StreamID 63 32
            """;

    private static final String TRANSLATION =
            HEADER
                    + """
                    STAG 79 64
                    Stall 95 95
                    PnU 97 97
                    InD 98 98
                    RnW 99 99
                    NSIPA 102 102
                    S2 103 103
                    CLASS 105 104
                    InputAddr 191 128
                    IPA 247 204
                    """;

    private static final String FETCH =
            HEADER
                    + """
                    Reason 79 64
                    GPCF 80 80
                    FetchAddr 247 195
                    """;

    @Test
    void numbersAreThoseOfSection7Point3() {
        Map<Integer, String> printed = new TreeMap<>();
        printed.put(0x01, "F_UUT");
        printed.put(0x02, "C_BAD_STREAMID");
        printed.put(0x03, "F_STE_FETCH");
        printed.put(0x04, "C_BAD_STE");
        printed.put(0x05, "F_BAD_ATS_TREQ");
        printed.put(0x06, "F_STREAM_DISABLED");
        printed.put(0x07, "F_TRANSL_FORBIDDEN");
        printed.put(0x08, "C_BAD_SUBSTREAMID");
        printed.put(0x09, "F_CD_FETCH");
        printed.put(0x0a, "C_BAD_CD");
        printed.put(0x0b, "F_WALK_EABT");
        printed.put(0x10, "F_TRANSLATION");
        printed.put(0x11, "F_ADDR_SIZE");
        printed.put(0x12, "F_ACCESS");
        printed.put(0x13, "F_PERMISSION");
        printed.put(0x20, "F_TLB_CONFLICT");
        printed.put(0x21, "F_CFG_CONFLICT");
        printed.put(0x24, "E_PAGE_REQUEST");
        printed.put(0x25, "F_VMS_FETCH");
        for (int number = 0; number < 256; number++) {
            EventType type = EventType.of(number);
            assertEquals(printed.get(number), type == null ? null : type.name());
        }
    }

    @Test
    void fieldsStandAtTheBitsOfTheirSections() {
        pin(
                EventType.F_UUT,
                HEADER
                        + """
                        Reason 79 64
                        PnU 97 97
                        InD 98 98
                        RnW 99 99
                        InputAddr 191 128
                        """);
        pin(EventType.C_BAD_STREAMID, HEADER);
        pin(EventType.F_STE_FETCH, FETCH);
        pin(EventType.C_BAD_STE, HEADER);
        pin(
                EventType.F_BAD_ATS_TREQ,
                HEADER
                        + """
                        Span 67 64
                        P 92 92
                        X 93 93
                        W 94 94
                        R 95 95
                        InputAddr 191 140
                        """);
        pin(EventType.F_STREAM_DISABLED, HEADER);
        pin(EventType.F_TRANSL_FORBIDDEN, HEADER + "RnW 99 99\nInputAddr 191 128");
        pin(EventType.C_BAD_SUBSTREAMID, "EventNumber 7 0\nSubstreamID 31 12\nStreamID 63 32");
        pin(EventType.F_CD_FETCH, FETCH);
        pin(EventType.C_BAD_CD, HEADER);
        pin(
                EventType.F_WALK_EABT,
                FETCH
                        + """
                        PnU 97 97
                        InD 98 98
                        RnW 99 99
                        S2 103 103
                        CLASS 105 104
                        InputAddr 191 128
                        """);
        pin(EventType.F_TRANSLATION, TRANSLATION);
        pin(EventType.F_ADDR_SIZE, TRANSLATION);
        pin(EventType.F_ACCESS, TRANSLATION);
        pin(EventType.F_PERMISSION, TRANSLATION + "TTRnW 108 108");
        pin(
                EventType.F_TLB_CONFLICT,
                HEADER
                        + """
                        Reason 79 64
                        PnU 97 97
                        InD 98 98
                        RnW 99 99
                        NSIPA 102 102
                        S2 103 103
                        InputAddr 191 128
                        IPA 247 204
                        """);
        pin(EventType.F_CFG_CONFLICT, HEADER + "Reason 79 64");
        pin(
                EventType.E_PAGE_REQUEST,
                HEADER
                        + """
                        uX 97 97
                        uW 98 98
                        uR 99 99
                        pX 101 101
                        pW 102 102
                        pR 103 103
                        Span 115 108
                        InputAddr 191 140
                        """);
        pin(EventType.F_VMS_FETCH, FETCH);
    }

    private static void pin(EventType type, String table) {
        SpecificationBits.assertMatches(type.structure(), table);
    }

    @Test
    void aStalledStage2TranslationFaultIsComposedWordByWord() {
        assertEquals(
                0x8765_4321_abcd_e810L,
                EventRecord.header(EventType.F_TRANSLATION, 0x8765_4321, true, 0xabcde));
        long word1 =
                EventRecord.stalled(0xbeef)
                        | EventRecord.access(true, true, true)
                        | EventRecord.stage(true, EventRecord.CLASS_IN);
        assertEquals(0x0000_028e_8000_beefL, word1);
        assertEquals(0xbeef, EventRecord.stag(word1));
        assertEquals(EventRecord.CLASS_IN, EventRecord.faultClass(word1));
    }

    @Test
    void anAbsentSubstreamIsRecordedAsZero() {
        assertEquals(0x0000_0001_0000_0004L, EventRecord.header(EventType.C_BAD_STE, 1, false, 7));
        assertEquals(0x0000_0001_0000_7008L, EventRecord.badSubstreamHeader(1, 7));
    }

    @Test
    void aRefusedTranslationRequestNamesWhatItAskedFor() {
        assertEquals(0xc000_0001L, EventRecord.translationRequest(true, true, false, false, 1));
        assertEquals(0xb000_000fL, EventRecord.translationRequest(true, false, true, true, 15));
    }

    @Test
    void onlyTheFourTranslationFaultsMayStall() {
        for (EventType type : EventType.values()) {
            assertEquals(type.number() >= 0x10 && type.number() <= 0x13, type.mayStall());
        }
    }

    @Test
    void aPageRequestEntryStandsAtItsBits() {
        SpecificationBits.assertMatches(
                PageRequestEntry.STRUCTURE,
                """
                StreamID 31 0
                SubstreamID 51 32
                Priv 58 58
                X 59 59
                R 60 60
                W 61 61
                Last 62 62
                SSV 63 63
                PRGIndex 72 64
                Address 127 76
                """);
        assertEquals(
                0xf00a_bcde_0000_0100L,
                PageRequestEntry.word0(0x100, true, 0xabcde, true, true, false, false, true));
        assertEquals(0x7fff_f000_11ffL, PageRequestEntry.word1(0x7fff_f000_1234L, 0x1ff));
    }

    @Test
    void aStopMarkerIsAPasidMessageWithOnlyLast() {
        assertTrue(
                PageRequestEntry.isStopMarker(
                        PageRequestEntry.word0(1, true, 2, false, false, false, false, true)));
        assertFalse(
                PageRequestEntry.isStopMarker(
                        PageRequestEntry.word0(1, false, 0, false, false, false, false, true)));
        assertFalse(
                PageRequestEntry.isStopMarker(
                        PageRequestEntry.word0(1, true, 2, true, false, false, false, true)));
    }

    @Test
    void withoutAPasidExecuteAndPrivilegeAreZero() {
        assertEquals(
                0x7000_0000_0000_0001L,
                PageRequestEntry.word0(1, false, 5, true, true, true, true, true));
    }
}
