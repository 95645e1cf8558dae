package org.opensva.vtd.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.opensva.vtd.layout.SpecificationBits.assertMatches;

import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

final class FaultTest {
    /** Number, condition and whether FPD suppresses it: Q qualified, U not. */
    private static final String CONDITIONS =
            """
            1 LRT.2 U
            2 LCT.2 Q
            3 LCT.4 Q
            4 LGN.1 Q
            5 LGN.2 Q
            6 LGN.3 Q
            7 LSS.1 Q
            8 LRT.1 U
            9 LCT.1 U
            a LRT.3 U
            b LCT.3 Q
            c LSS.2 Q
            d LCT.5 Q
            e LGN.4 Q
            20 IR U
            21 IR U
            22 IR Q
            23 IR U
            24 IR Q
            25 IR U
            26 IR Q
            27 IR Q
            28 IR Q
            29 IR U
            30 RTA.1 U
            31 RTA.2 U
            32 RTA.3 U
            33 RTA.4 U
            38 SRT.1 U
            39 SRT.2 U
            3a SRT.3 U
            40 SCT.1 U
            41 SCT.2 Q
            42 SCT.3 Q
            43 SCT.4 Q
            44 SCT.5 Q
            45 SCT.6 Q
            46 SCT.7 Q
            47 SCT.8 Q
            48 SCT.9 Q
            50 SPD.1 U
            51 SPD.2 Q
            52 SPD.3 Q
            58 SPT.1 U
            59 SPT.2 Q
            5a SPT.3 Q
            5b SPT.4 Q
            5c SPT.5 Q
            5d SPT.6 Q
            70 SFS.1 Q
            71 SFS.2 Q
            72 SFS.3 Q
            73 SFS.4 Q
            74 SFS.5 Q
            75 SFS.6 Q
            76 SFS.7 Q
            77 SFS.8 Q
            78 SSS.1 Q
            79 SSS.2 Q
            7a SSS.3 Q
            7b SSS.4 Q
            7c SSS.5 Q
            7d SSS.6 Q
            80 SGN.1 Q
            81 SGN.2 Q
            82 SGN.3 Q
            83 SGN.4 Q
            84 SGN.5 Q
            85 SGN.6 Q
            86 SGN.7 Q
            87 SGN.8 Q
            88 SGN.9 Q
            89 SGN.10 Q
            90 SFS.9 Q
            91 SFS.10 Q
            """;

    @Test
    void everyNumberHasItsConditionAndEveryOtherIsReserved() {
        Map<Integer, String> printed = new TreeMap<>();
        CONDITIONS
                .lines()
                .map(line -> line.split(" "))
                .forEach(line ->
                        printed.put(Integer.parseInt(line[0], 16), line[1] + " " + line[2]));
        for (int code = -1; code < 258; code++) {
            FaultReason reason = FaultReason.of(code);
            String laidOut =
                    reason == null
                            ? null
                            : reason.condition() + (reason.isQualified() ? " Q" : " U");
            assertEquals(printed.get(code), laidOut, Integer.toHexString(code));
        }
        for (FaultReason reason : FaultReason.values()) {
            assertEquals(reason, FaultReason.of(reason.code()));
        }
        assertEquals(printed.size(), FaultReason.values().length);
    }

    @Test
    void reasonsBelongToTheKindOfTheirNumbers() {
        for (FaultReason reason : FaultReason.values()) {
            FaultReason.Kind expected =
                    reason.code() < 0x20
                            ? FaultReason.Kind.LEGACY
                            : reason.code() < 0x30
                                    ? FaultReason.Kind.INTERRUPT
                                    : reason.code() < 0x38
                                            ? FaultReason.Kind.TABLE_MODE
                                            : FaultReason.Kind.SCALABLE;
            assertEquals(expected, reason.kind(), reason::name);
        }
    }

    @Test
    void reasonsThatTheModelNamesHaveTheirNumbers() {
        assertEquals(0x0e, FaultReason.INTERRUPT_RANGE.code());
        assertEquals(0x26, FaultReason.SOURCE_ID_DENIED.code());
        assertEquals(0x31, FaultReason.TABLE_MODE_FORBIDS_PASID.code());
        assertEquals(0x3a, FaultReason.SCALABLE_ROOT_RESERVED.code());
        assertEquals(0x44, FaultReason.DEVICE_TLB_DISABLED.code());
        assertEquals(0x45, FaultReason.PASID_DISABLED.code());
        assertEquals(0x46, FaultReason.PASID_BEYOND_DIRECTORY.code());
        assertEquals(0x47, FaultReason.PAGE_REQUEST_DISABLED.code());
        assertEquals(0x51, FaultReason.PASID_DIRECTORY_NOT_PRESENT.code());
        assertEquals(0x59, FaultReason.PASID_ENTRY_NOT_PRESENT.code());
        assertEquals(0x5b, FaultReason.PASID_ENTRY_INVALID.code());
        assertEquals(0x5d, FaultReason.SUPERVISOR_DISABLED.code());
        assertEquals(0x71, FaultReason.FIRST_STAGE_NOT_PRESENT.code());
        assertEquals(0x79, FaultReason.SCALABLE_SECOND_STAGE_DENIED.code());
        assertEquals(0x80, FaultReason.NOT_CANONICAL.code());
        assertEquals(0x81, FaultReason.USER_DENIED.code());
        assertEquals(0x85, FaultReason.SCALABLE_WRITE_DENIED.code());
        assertEquals(0x86, FaultReason.SCALABLE_READ_DENIED.code());
        assertEquals(0x91, FaultReason.FIRST_STAGE_UPDATE_FAILED.code());
    }

    @Test
    void recordFieldsStandAtTheirBits() {
        assertMatches(
                FaultRecord.STRUCTURE,
                """
                FI 63 12
                ~FI_INDEX 63 48
                SID 79 64
                T2 92 92
                PRIV 93 93
                EXE 94 94
                PP 95 95
                FR 103 96
                PV 123 104
                AT 125 124
                T1 126 126
                F 127 127
                """);
    }

    @Test
    void recordsAreComposedOfTheirFieldsAndReadBack() {
        Random random = new Random(0x11_04_07);
        FaultReason[] reasons = FaultReason.values();
        for (int round = 0; round < 2000; round++) {
            FaultReason reason = reasons[random.nextInt(reasons.length)];
            int sid = random.nextInt(1 << 16);
            int type = random.nextInt(4);
            int at = random.nextInt(3);
            long w1 = FaultRecord.encodeHigh(reason, sid, type, at);
            long expected =
                    Long.MIN_VALUE
                            | sid
                            | (long) reason.code() << 32
                            | (long) at << 60
                            | (long) (type >> 1) << 62
                            | (type & 1) << 28;
            assertEquals(expected, w1);
            int pasid = random.nextInt(1 << 20);
            boolean execute = random.nextBoolean();
            boolean privileged = random.nextBoolean();
            long more = w1 | FaultRecord.encodePasid(pasid, execute, privileged);
            expected |= 1L << 31 | (long) pasid << 40;
            expected |= (execute ? 1L << 30 : 0) | (privileged ? 1L << 29 : 0);
            assertEquals(expected, more);
            assertEquals(type, FaultRecord.type(more));
            assertEquals(sid, FaultRecord.sourceId(more));
            assertEquals(pasid, FaultRecord.pasid(more));
            assertEquals(reason, FaultReason.of(FaultRecord.reason(more)));
            long address = random.nextLong();
            long w0 = FaultRecord.encodeLow(address);
            assertEquals(address & ~0xfffL, w0);
            assertEquals(w0, FaultRecord.address(w0));
        }
        assertEquals(0xabcdL << 48, FaultRecord.encodeLowInterrupt(0xabcd));
        assertEquals(0, FaultRecord.TYPE_WRITE);
        assertEquals(1, FaultRecord.TYPE_PAGE_REQUEST);
        assertEquals(2, FaultRecord.TYPE_READ);
        assertEquals(3, FaultRecord.TYPE_ATOMIC);
        assertEquals(0, FaultRecord.AT_UNTRANSLATED);
        assertEquals(1, FaultRecord.AT_TRANSLATION_REQUEST);
        assertEquals(2, FaultRecord.AT_TRANSLATED);
        assertNull(FaultReason.of(0));
    }
}
