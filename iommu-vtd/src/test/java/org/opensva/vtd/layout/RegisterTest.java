package org.opensva.vtd.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

final class RegisterTest {
    /** Offset, name, width, access, writable bits, bits that 1 clears and reset value. */
    private static final String MAP =
            """
            000 VER 32 RO 0 0 0
            008 CAP 64 RO 0 0 0
            010 ECAP 64 RO 0 0 0
            018 GCMD 32 WO ff800000 0 0
            01c GSTS 32 RO 0 0 0
            020 RTADDR 64 RW fffffffffffffc00 0 0
            028 CCMD 64 RW e0000003ffffffff 0 0
            034 FSTS 32 RW1C 0 7d 0
            038 FECTL 32 RW 80000000 0 80000000
            03c FEDATA 32 RW ffff 0 0
            040 FEADDR 32 RW fffffffc 0 0
            044 FEUADDR 32 RW ffffffff 0 0
            058 AFLOG 64 RW fffffffffffffe00 0 0
            064 PMEN 32 RW 80000000 0 0
            068 PLMBASE 32 RW fff00000 0 0
            06c PLMLIMIT 32 RW fff00000 0 0
            070 PHMBASE 64 RW fffffffffff00000 0 0
            078 PHMLIMIT 64 RW fffffffffff00000 0 0
            080 IQH 64 RO 0 0 0
            088 IQT 64 RW 7fff0 0 0
            090 IQA 64 RW fffffffffffff807 0 0
            09c ICS 32 RW1C 0 1 0
            0a0 IECTL 32 RW 80000000 0 80000000
            0a4 IEDATA 32 RW ffff 0 0
            0a8 IEADDR 32 RW fffffffc 0 0
            0ac IEUADDR 32 RW ffffffff 0 0
            0b0 IQERCD 64 RO 0 0 0
            0b8 IRTA 64 RW fffffffffffff80f 0 0
            0c0 PQH 64 RW 7ffe0 0 0
            0c8 PQT 64 RW 7ffe0 0 0
            0d0 PQA 64 RW fffffffffffff007 0 0
            0dc PRS 32 RW1C 0 3 0
            0e0 PECTL 32 RW 80000000 0 80000000
            0e4 PEDATA 32 RW ffff 0 0
            0e8 PEADDR 32 RW fffffffc 0 0
            0ec PEUADDR 32 RW ffffffff 0 0
            300 PERFCAP 64 RO 0 0 0
            310 PERFCFGOFF 32 RO 0 0 0
            314 PERFFRZOFF 32 RO 0 0 0
            318 PERFOVFOFF 32 RO 0 0 0
            31c PERFCNTROFF 32 RO 0 0 0
            324 PERFINTRSTS 32 RW1C 0 1 0
            328 PERFINTRCTL 32 RW 80000000 0 80000000
            32c PERFINTRDATA 32 RW ffff 0 0
            330 PERFINTRADDR 32 RW fffffffc 0 0
            334 PERFINTRUADDR 32 RW ffffffff 0 0
            380 PERFEVNTCAP0 64 RO 0 0 0
            400 ECMD 64 RW ffffffffffff00ff 0 0
            408 ECEO 64 RW ffffffffffffffff 0 0
            410 ECRSP 64 RO 0 0 0
            430 ECCAP0 64 RO 0 0 0
            438 ECCAP1 64 RO 0 0 0
            440 ECCAP2 64 RO 0 0 0
            448 ECCAP3 64 RO 0 0 0
            """;

    @Test
    void theMapIsThatOfTheSpecification() {
        Set<String> printed = new TreeSet<>(MAP.strip().lines().toList());
        Set<String> laidOut = new TreeSet<>();
        for (Register register : Register.values()) {
            laidOut.add(
                    "%03x %s %d %s %x %x %x"
                            .formatted(
                                    register.offset(),
                                    register.name(),
                                    register.bytes() * 8,
                                    register.access(),
                                    register.writeMask(),
                                    register.clearMask(),
                                    register.resetValue()));
        }
        assertEquals(String.join("\n", printed), String.join("\n", laidOut));
    }

    @Test
    void everyWordOfARegisterIsFoundAndNoOtherOffsetIs() {
        Set<Long> covered = new TreeSet<>();
        for (Register register : Register.values()) {
            assertEquals(0, register.offset() % register.bytes(), register::name);
            for (int i = 0; i < register.bytes(); i += 4) {
                assertEquals(register, Register.at(register.offset() + i));
                assertTrue(covered.add((long) register.offset() + i), register::name);
            }
        }
        for (long offset = -64; offset < Register.PAGE_BYTES + 64; offset++) {
            if (!covered.contains(offset)) {
                assertNull(Register.at(offset), Long.toHexString(offset));
            }
        }
        assertNull(Register.at(Long.MIN_VALUE));
        assertNull(Register.at(Long.MAX_VALUE));
        assertNull(Register.at(1L << 32));
    }

    @Test
    void softwareChangesOnlyNamedBitsAndMasksDoNotMeet() {
        for (Register register : Register.values()) {
            assertEquals(0, register.writeMask() & register.clearMask(), register::name);
            register.structure()
                    .ifPresent(structure ->
                            assertEquals(
                                    0,
                                    (register.writeMask() | register.clearMask())
                                            & ~structure.definedBits(0),
                                    register::name));
            boolean changes = (register.writeMask() | register.clearMask()) != 0;
            assertEquals(changes, register.access() != Access.RO, register::name);
            assertEquals(register.name() + "_REG", register.architecturalName());
            assertTrue(register.section().startsWith("11.4"));
        }
    }

    @Test
    void aWriteReplacesWritableBitsClearsOnesAndKeepsTheRest() {
        Random random = new Random(0x11_04);
        for (Register register : Register.values()) {
            for (int round = 0; round < 100; round++) {
                long old = random.nextLong();
                long written = random.nextLong();
                long after = register.merge(old, written);
                for (int bit = 0; bit < 64; bit++) {
                    boolean was = (old >>> bit & 1) != 0;
                    boolean asked = (written >>> bit & 1) != 0;
                    boolean expected = was;
                    if ((register.writeMask() >>> bit & 1) != 0) {
                        expected = asked;
                    } else if ((register.clearMask() >>> bit & 1) != 0) {
                        expected = was && !asked;
                    }
                    assertEquals(expected, (after >>> bit & 1) != 0, register::name);
                }
            }
        }
    }

    @Test
    void relocatedRegistersStandWhereCapAndEcapSay() {
        long cap = 0x22L << 24 | 3L << 40; // FRO 0x220, four records
        long ecap = 0xfL << 8; // IRO 0xf0
        assertEquals(0x0f0, RelocatedRegister.IVA.offset(cap, ecap, 0));
        assertEquals(0x0f8, RelocatedRegister.IOTLB.offset(cap, ecap, 0));
        assertEquals(0x220, RelocatedRegister.FRCD_LO.offset(cap, ecap, 0));
        assertEquals(0x228, RelocatedRegister.FRCD_HI.offset(cap, ecap, 0));
        assertEquals(0x250, RelocatedRegister.FRCD_LO.offset(cap, ecap, 3));
        assertEquals(0x258, RelocatedRegister.FRCD_HI.offset(cap, ecap, 3));
        assertEquals(4, CapabilityRegisters.Cap.faultRecords(cap));
        assertEquals(0xffff_ffff_ffff_f07fL, RelocatedRegister.IVA.writeMask());
        assertEquals(0xb003_ffff_0000_0000L, RelocatedRegister.IOTLB.writeMask());
        assertEquals(0, RelocatedRegister.FRCD_LO.writeMask());
        assertEquals(Long.MIN_VALUE, RelocatedRegister.FRCD_HI.clearMask());
        assertEquals(Access.WO, RelocatedRegister.IVA.access());
        assertEquals(Access.RW, RelocatedRegister.IOTLB.access());
        assertEquals(Access.RO, RelocatedRegister.FRCD_LO.access());
        assertEquals(Access.RW1C, RelocatedRegister.FRCD_HI.access());
        assertEquals(5, RelocatedRegister.FRCD_HI.merge(Long.MIN_VALUE | 5, -1L));
        assertEquals(
                Long.MIN_VALUE | 5, RelocatedRegister.FRCD_HI.merge(Long.MIN_VALUE | 5, 0xffff));
        for (RelocatedRegister register : RelocatedRegister.values()) {
            assertEquals(8, register.bytes());
            assertFalse(register.structure().fields().isEmpty());
            assertTrue(register.section().startsWith("11.4."));
        }
    }

    @Test
    void widthsAndSizesAreDecoded() {
        assertEquals(16, CapabilityRegisters.Cap.domainIdBits(6));
        assertEquals(4, CapabilityRegisters.Cap.domainIdBits(0));
        assertEquals(48, CapabilityRegisters.Cap.mgaw(47L << 16));
        assertEquals(20, CapabilityRegisters.Ecap.pasidBits(19L << 35));
        assertEquals(1 << 19, QueueRegisters.Iqa.bytes(7));
        assertEquals(4096, QueueRegisters.Iqa.bytes(0x800));
        assertEquals(16, QueueRegisters.Iqa.descriptorBytes(7));
        assertEquals(32, QueueRegisters.Iqa.descriptorBytes(0x800));
        assertEquals(0x1234_5000L, QueueRegisters.Iqa.base(0x1234_5807L));
        assertEquals(65536, QueueRegisters.Irta.entries(15));
        assertEquals(2, QueueRegisters.Irta.entries(0x800));
        assertEquals(0x7_ffe0L, QueueRegisters.Pqt.offset(-1L));
        assertEquals(0x7_ffe0L, QueueRegisters.Pqh.offset(-1L));
        assertEquals(0x7_fff0L, QueueRegisters.Iqt.offset(-1L));
        assertEquals(0x7_fff0L, QueueRegisters.Iqh.offset(-1L));
        assertEquals(8192, QueueRegisters.Pqa.bytes(1));
        assertEquals(1024, PerformanceRegisters.PerfCap.counterStride(0));
        assertEquals(131072, PerformanceRegisters.PerfCap.counterStride(7L << 52));
        assertEquals(
                ControlRegisters.Rtaddr.TTM_ABORT_DMA, ControlRegisters.Rtaddr.ttm(0x1234_5c00L));
        assertEquals(0x1234_5000L, ControlRegisters.Rtaddr.rootTable(0x1234_5c00L));
        assertEquals(ControlRegisters.Gcmd.DEFINED, ControlRegisters.Gcmd.STRUCTURE.definedBits(0));
        assertEquals(
                ControlRegisters.Gcmd.ONE_SHOT,
                ControlRegisters.Gcmd.SRTP.mask()
                        | ControlRegisters.Gcmd.SFL.mask()
                        | ControlRegisters.Gcmd.WBF.mask()
                        | ControlRegisters.Gcmd.SIRTP.mask());
        assertEquals(Register.FSTS.clearMask(), EventRegisters.Fsts.CLEARABLE);
    }

    @Test
    void queueErrorsHaveTheNumbersOfIqercd() {
        String[] printed = {
            "NOT_AVAILABLE",
            "INVALID_TAIL",
            "FETCH_ERROR",
            "INVALID_TYPE",
            "RESERVED_FIELD",
            "INVALID_WIDTH",
            "MISALIGNED_TAIL",
            "INVALID_TTM"
        };
        for (int code = -1; code < 17; code++) {
            QueueError error = QueueError.of(code);
            if (code < 0 || code > 7) {
                assertNull(error);
            } else {
                assertEquals(QueueError.valueOf(printed[code]), error);
                assertEquals(code, QueueError.valueOf(printed[code]).code());
            }
        }
    }
}
