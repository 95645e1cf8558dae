package org.opensva.smmuv3.layout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.TreeMap;

final class CommandTest {
    private static final String RANGE_OPERANDS =
            """
            NUM 16 12
            SCALE 25 20
            Leaf 64 64
            TTL128 71 71
            TTL 73 72
            TG 75 74
            """;

    @Test
    void opcodesAreThoseOfSection4Point1Point1() {
        String table =
                """
                PREFETCH_CONFIG 1
                PREFETCH_ADDR 2
                CFGI_STE 3
                CFGI_STE_RANGE 4
                CFGI_CD 5
                CFGI_CD_ALL 6
                CFGI_VMS_PIDM 7
                TLBI_NH_ALL 10
                TLBI_NH_ASID 11
                TLBI_NH_VA 12
                TLBI_NH_VAA 13
                TLBI_EL3_ALL 18
                TLBI_EL3_VA 1a
                TLBI_EL2_ALL 20
                TLBI_EL2_ASID 21
                TLBI_EL2_VA 22
                TLBI_EL2_VAA 23
                TLBI_S12_VMALL 28
                TLBI_S2_IPA 2a
                TLBI_NSNH_ALL 30
                ATC_INV 40
                PRI_RESP 41
                RESUME 44
                STALL_TERM 45
                SYNC 46
                TLBI_S_EL2_ALL 50
                TLBI_S_EL2_ASID 51
                TLBI_S_EL2_VA 52
                TLBI_S_EL2_VAA 53
                TLBI_S_S12_VMALL 58
                TLBI_S_S2_IPA 5a
                TLBI_SNH_ALL 60
                DPTI_ALL 70
                DPTI_PA 73
                """;
        Map<Integer, String> printed = new TreeMap<>();
        table.lines()
                .map(line -> line.split(" "))
                .forEach(line -> printed.put(Integer.parseInt(line[1], 16), line[0]));
        for (int code = 0; code < 256; code++) {
            Opcode opcode = Opcode.of(code);
            assertEquals(printed.get(code), opcode == null ? null : opcode.name());
        }
        assertNull(Opcode.of(0));
        assertNull(Opcode.of(0x80));
    }

    @Test
    void operandsStandAtTheBitsOfTheirSections() {
        String stream = "\nSSec 10 10\nStreamID 63 32\n";
        String substream = stream + "SSV 11 11\nSubstreamID 31 12\n";
        pin(Opcode.PREFETCH_CONFIG, substream);
        pin(Opcode.PREFETCH_ADDR, substream + "Size 68 64\nStride 73 69\nAddress 127 76");
        pin(Opcode.CFGI_STE, stream + "Leaf 64 64");
        pin(Opcode.CFGI_STE_RANGE, stream + "Range 68 64");
        pin(Opcode.CFGI_CD, stream + "SubstreamID 31 12\nLeaf 64 64");
        pin(Opcode.CFGI_CD_ALL, stream);
        pin(Opcode.CFGI_VMS_PIDM, "SSec 10 10\nVMID 47 32");
        pin(Opcode.TLBI_NH_ALL, "VMID 47 32");
        pin(Opcode.TLBI_NH_ASID, "VMID 47 32\nASID 63 48");
        String tags = "VMID 47 32\nASID 63 48\n";
        pin(Opcode.TLBI_NH_VA, tags + RANGE_OPERANDS + "Address 127 76");
        pin(Opcode.TLBI_NH_VAA, "VMID 47 32\n" + RANGE_OPERANDS + "Address 127 76");
        pin(Opcode.TLBI_EL3_ALL, "");
        pin(Opcode.TLBI_EL3_VA, RANGE_OPERANDS + "Address 127 76");
        pin(Opcode.TLBI_EL2_ALL, "");
        pin(Opcode.TLBI_EL2_ASID, "ASID 63 48");
        pin(Opcode.TLBI_EL2_VA, "ASID 63 48\n" + RANGE_OPERANDS + "Address 127 76");
        pin(Opcode.TLBI_EL2_VAA, RANGE_OPERANDS + "Address 127 76");
        pin(Opcode.TLBI_S12_VMALL, "VMID 47 32");
        pin(Opcode.TLBI_S2_IPA, "VMID 47 32\n" + RANGE_OPERANDS + "IPA 119 76");
        pin(Opcode.TLBI_NSNH_ALL, "");
        pin(
                Opcode.ATC_INV,
                "G 9 9\nSSV 11 11\nSubstreamID 31 12\nStreamID 63 32\nSize 69 64\nAddress 127 76");
        pin(
                Opcode.PRI_RESP,
                "SSV 11 11\nSubstreamID 31 12\nStreamID 63 32\nPRGIndex 72 64\nResp 77 76");
        pin(Opcode.RESUME, stream + "Ac 12 12\nAb 13 13\nSTAG 79 64");
        pin(Opcode.STALL_TERM, stream);
        pin(Opcode.SYNC, "CS 13 12\nMSH 23 22\nMSIAttr 27 24\nMSIData 63 32\nMSIAddress 119 66");
        pin(Opcode.TLBI_S_EL2_ALL, "");
        pin(Opcode.TLBI_S_EL2_ASID, "ASID 63 48");
        pin(Opcode.TLBI_S_EL2_VA, "ASID 63 48\n" + RANGE_OPERANDS + "Address 127 76");
        pin(Opcode.TLBI_S_EL2_VAA, RANGE_OPERANDS + "Address 127 76");
        pin(Opcode.TLBI_S_S12_VMALL, "VMID 47 32");
        pin(Opcode.TLBI_S_S2_IPA, "VMID 47 32\n" + RANGE_OPERANDS + "IPA 119 76");
        pin(Opcode.TLBI_SNH_ALL, "");
        pin(Opcode.DPTI_ALL, "");
        pin(Opcode.DPTI_PA, "Leaf 64 64\nSIZE 75 72\nIPA 119 76");
    }

    private static void pin(Opcode opcode, String operands) {
        SpecificationBits.assertMatches(
                opcode.structure(), ("Opcode 7 0\n" + operands.strip()).strip());
    }

    @Test
    void commandsAreEncodedAsLinuxDoes() {
        // the literals are composed from the masks of Linux arm-smmu-v3.h
        long[] q = new long[2];
        CommandEncoder.cfgiSte(q, 0, 0x1234, true);
        assertArrayEquals(new long[] {0x0000_1234_0000_0003L, 1}, q);
        CommandEncoder.cfgiAll(q, 0);
        assertArrayEquals(new long[] {4, 31}, q);
        CommandEncoder.cfgiCd(q, 0, 0x1234, 0xabcde, true);
        assertArrayEquals(new long[] {0x0000_1234_abcd_e005L, 1}, q);
        CommandEncoder.tlbiNhAsid(q, 0, 0x55, 0x77);
        assertArrayEquals(new long[] {0x0077_0055_0000_0011L, 0}, q);
        CommandEncoder.tlbiRange(
                q, 0, Opcode.TLBI_NH_VA, 1, 2, 0x7fff_1234_5000L, true, Granule.K4, 31, 3, 3);
        assertArrayEquals(new long[] {0x0002_0001_0031_f012L, 0x7fff_1234_5701L}, q);
        CommandEncoder.atcInv(q, 0, 0x100, true, 7, false, 0x1000_0000L, 3);
        assertArrayEquals(new long[] {0x0000_0100_0000_7840L, 0x1000_0003L}, q);
        CommandEncoder.priResp(q, 0, 0x100, true, 7, 0x1ff, Command.RESP_SUCCESS);
        assertArrayEquals(new long[] {0x0000_0100_0000_7841L, 0x21ffL}, q);
        CommandEncoder.resume(q, 0, 0x100, 0xbeef, true, false);
        assertArrayEquals(new long[] {0x0000_0100_0000_1044L, 0xbeefL}, q);
        CommandEncoder.resume(q, 0, 0x100, 0xbeef, false, true);
        assertArrayEquals(new long[] {0x0000_0100_0000_2044L, 0xbeefL}, q);
        CommandEncoder.sync(q, 0, Command.CS_SEV);
        assertArrayEquals(new long[] {0x2046, 0}, q);
        CommandEncoder.syncMsi(q, 0, 0x4_0000_1004L, 0xcafe_f00d, 0b11, 0xf);
        assertArrayEquals(new long[] {0xcafe_f00d_0fc0_1046L, 0x4_0000_1004L}, q);
    }

    @Test
    void anUnsuppliedSubstreamIsWrittenAsZero() {
        long[] q = new long[2];
        CommandEncoder.atcInv(q, 0, 1, false, 7, false, 0, Command.ATC_SIZE_ALL);
        assertFalse(Command.ssv(q[0]));
        assertEquals(0, Command.substreamId(q[0]));
        assertEquals(52, Command.ATC_SIZE.get(q[1]));
    }

    @Test
    void aRangeOfStreamIdsIsAlignedToItsSize() {
        long[] q = new long[2];
        CommandEncoder.cfgiSteRange(q, 0, 0xffff_ff37, 3);
        assertEquals(16, Command.rangeCount(q[1]));
        assertEquals(0xffff_ff30L, Command.rangeFirst(q[0], q[1]));
        CommandEncoder.cfgiAll(q, 0);
        assertEquals(1L << 32, Command.rangeCount(q[1]));
        assertEquals(0, Command.rangeFirst(q[0], q[1]));
    }

    @Test
    void anAtcSpanIsAlignedToItsSize() {
        assertEquals(0x1000_0000L, Command.atcFirst(0x1000_7003L));
        assertEquals(0x1000_7fffL, Command.atcLast(0x1000_7003L));
        assertEquals(0, Command.atcFirst(0xffff_0000_0000_0000L | 52));
        assertEquals(-1L, Command.atcLast(52));
    }

    @Test
    void aRangeInvalidationSpansNumScaleAndGranule() {
        assertEquals(4096, TlbRange.bytes(0, 0, Granule.K4));
        assertEquals(32L << 12, TlbRange.bytes(31, 0, Granule.K4));
        assertEquals(3L << 5 << 16, TlbRange.bytes(2, 5, Granule.K64));
        assertEquals(1L << 60, TlbRange.bytes(31, 39, Granule.K64));
        assertEquals(TlbRange.bytes(31, 39, Granule.K64), TlbRange.bytes(31, 63, Granule.K64));
        assertTrue(TlbRange.reserved(1, 0, 0, 0));
        assertFalse(TlbRange.reserved(0, 0, 0, 0));
        assertFalse(TlbRange.reserved(1, 0, 0, 3));
        assertFalse(TlbRange.reserved(1, 1, 0, 0));
    }
}
