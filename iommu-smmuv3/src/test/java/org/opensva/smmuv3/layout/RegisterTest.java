package org.opensva.smmuv3.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.Set;
import java.util.TreeSet;

final class RegisterTest {
    /** Offset, name, width and access as printed in sections 6.2.1 and 6.2.2. */
    private static final String MAP =
            """
            00000 IDR0 32 RO
            00004 IDR1 32 RO
            00008 IDR2 32 RO
            0000c IDR3 32 RO
            00010 IDR4 32 RO
            00014 IDR5 32 RO
            00018 IIDR 32 RO
            0001c AIDR 32 RO
            00020 CR0 32 RW
            00024 CR0ACK 32 RO
            00028 CR1 32 RW
            0002c CR2 32 RW
            00030 S2PII 64 RW
            00040 STATUSR 32 RO
            00044 GBPA 32 RW
            00048 AGBPA 32 RW
            00050 IRQ_CTRL 32 RW
            00054 IRQ_CTRLACK 32 RO
            00060 GERROR 32 RO
            00064 GERRORN 32 RW
            00068 GERROR_IRQ_CFG0 64 RW
            00070 GERROR_IRQ_CFG1 32 RW
            00074 GERROR_IRQ_CFG2 32 RW
            00080 STRTAB_BASE 64 RW
            00088 STRTAB_BASE_CFG 32 RW
            00090 CMDQ_BASE 64 RW
            00098 CMDQ_PROD 32 RW
            0009c CMDQ_CONS 32 RW
            000a0 EVENTQ_BASE 64 RW
            000b0 EVENTQ_IRQ_CFG0 64 RW
            000b8 EVENTQ_IRQ_CFG1 32 RW
            000bc EVENTQ_IRQ_CFG2 32 RW
            000c0 PRIQ_BASE 64 RW
            000d0 PRIQ_IRQ_CFG0 64 RW
            000d8 PRIQ_IRQ_CFG1 32 RW
            000dc PRIQ_IRQ_CFG2 32 RW
            00100 GATOS_CTRL 32 RW
            00108 GATOS_SID 64 RW
            00110 GATOS_ADDR 64 RW
            00118 GATOS_PAR 64 RO
            00130 MPAMIDR 32 RO
            00138 GMPAM 32 RW
            0013c GBPMPAM 32 RW
            00180 VATOS_SEL 32 RW
            00190 IDR6 32 RO
            00200 DPT_BASE 64 RW
            00208 DPT_BASE_CFG 32 RW
            00210 DPT_CFG_FAR 64 RW
            100a8 EVENTQ_PROD 32 RW
            100ac EVENTQ_CONS 32 RW
            100c8 PRIQ_PROD 32 RW
            100cc PRIQ_CONS 32 RW
            """;

    @Test
    void theMapIsThatOfSection6Point2() {
        Set<String> printed = new TreeSet<>(MAP.strip().lines().toList());
        Set<String> laidOut = new TreeSet<>();
        for (Register register : Register.values()) {
            laidOut.add(
                    "%05x %s %d %s"
                            .formatted(
                                    register.offset(),
                                    register.name(),
                                    register.bytes() * 8,
                                    register.isWritable() ? "RW" : "RO"));
        }
        assertEquals(String.join("\n", printed), String.join("\n", laidOut));
    }

    @Test
    void everyWordOfARegisterIsFoundAndEveryOtherOffsetIsReserved() {
        Set<Long> covered = new TreeSet<>();
        for (Register register : Register.values()) {
            for (int i = 0; i < register.bytes(); i += 4) {
                assertEquals(register, Register.at(register.offset() + i));
                assertTrue(covered.add((long) register.offset() + i), register::name);
            }
        }
        for (long offset = -64; offset < Register.FRAME_BYTES + 64; offset++) {
            if (!covered.contains(offset)) {
                assertNull(Register.at(offset), Long.toHexString(offset));
            }
        }
        assertNull(Register.at(Long.MAX_VALUE));
        assertNull(Register.at(Long.MIN_VALUE));
    }

    @Test
    void onlyDefinedBitsAreWritable() {
        for (Register register : Register.values()) {
            if (!register.isWritable()) {
                assertEquals(0, register.writeMask(), register::name);
            }
            if (register.bytes() == 4) {
                assertEquals(0, register.writeMask() >>> 32, register::name);
            }
            register.structure()
                    .filter(structure -> register.isWritable())
                    .ifPresent(structure ->
                            assertEquals(
                                    structure.definedBits(0),
                                    register.writeMask(),
                                    register::name));
        }
    }

    @Test
    void guardsAreThoseOfTheAccessingParts() {
        assertEquals(0xfc0L, Register.CR1.guardedBits(Guard.SMMUEN));
        assertEquals(0x03fL, Register.CR1.guardedBits(Guard.ANY_QUEUE));
        guarded(Guard.SMMUEN, Register.CR2, Register.STRTAB_BASE, Register.STRTAB_BASE_CFG);
        guarded(Guard.CMDQEN, Register.CMDQ_BASE, Register.CMDQ_CONS);
        guarded(Guard.EVENTQEN, Register.EVENTQ_BASE, Register.EVENTQ_PROD);
        guarded(Guard.PRIQEN, Register.PRIQ_BASE, Register.PRIQ_PROD);
        guarded(
                Guard.GERROR_IRQEN,
                Register.GERROR_IRQ_CFG0,
                Register.GERROR_IRQ_CFG1,
                Register.GERROR_IRQ_CFG2);
        guarded(
                Guard.EVENTQ_IRQEN,
                Register.EVENTQ_IRQ_CFG0,
                Register.EVENTQ_IRQ_CFG1,
                Register.EVENTQ_IRQ_CFG2);
        guarded(
                Guard.PRIQ_IRQEN,
                Register.PRIQ_IRQ_CFG0,
                Register.PRIQ_IRQ_CFG1,
                Register.PRIQ_IRQ_CFG2);
        guarded(Guard.GBPA_UPDATE, Register.GBPA);
        guarded(Guard.GATOS_RUN, Register.GATOS_CTRL, Register.GATOS_SID, Register.GATOS_ADDR);
        for (Register free :
                new Register[] {
                    Register.CR0,
                    Register.IRQ_CTRL,
                    Register.GERRORN,
                    Register.CMDQ_PROD,
                    Register.EVENTQ_CONS,
                    Register.PRIQ_CONS
                }) {
            assertTrue(free.guards().isEmpty(), free::name);
        }
    }

    private static void guarded(Guard guard, Register... registers) {
        for (Register register : registers) {
            assertEquals(register.writeMask(), register.guardedBits(guard), register::name);
        }
    }

    @Test
    void aGuardIsClosedWhileItsBitOrItsAcknowledgeIsSet() {
        assertEquals(Register.CR0, Guard.CMDQEN.control());
        assertEquals(Register.CR0ACK, Guard.CMDQEN.acknowledge());
        assertEquals(Register.IRQ_CTRLACK, Guard.PRIQ_IRQEN.acknowledge());
        assertEquals(Register.GBPA, Guard.GBPA_UPDATE.acknowledge());
        assertTrue(Guard.CMDQEN.closed(8, 0));
        assertTrue(Guard.CMDQEN.closed(0, 8));
        assertFalse(Guard.CMDQEN.closed(7, 7));
    }

    @Test
    void optionalRegistersNeedTheirFeature() {
        long msi = 1L << 13;
        long pri = 1L << 16;
        assertTrue(Register.EVENTQ_IRQ_CFG0.presence().holds(msi, 0, 0));
        assertFalse(Register.EVENTQ_IRQ_CFG0.presence().holds(pri, 0, 0));
        assertFalse(Register.PRIQ_IRQ_CFG0.presence().holds(msi, 0, 0));
        assertTrue(Register.PRIQ_IRQ_CFG0.presence().holds(msi | pri, 0, 0));
        assertTrue(Register.PRIQ_PROD.presence().holds(pri, 0, 0));
        assertFalse(Register.GATOS_CTRL.presence().holds(0, -1, -1));
        assertTrue(Register.CR0.presence().holds(0, 0, 0));
    }

    @Test
    void presetBasesAreFixedByTheirIdentificationBit() {
        assertEquals(1L << 30, Register.STRTAB_BASE.presetMask());
        assertEquals(1L << 29, Register.CMDQ_BASE.presetMask());
        assertEquals(1L << 29, Register.EVENTQ_BASE.presetMask());
        assertEquals(0, Register.CMDQ_PROD.presetMask());
    }

    @Test
    void enablesErrorsAndHandshakesResetToZero() {
        for (Register register :
                new Register[] {
                    Register.CR0,
                    Register.CR0ACK,
                    Register.IRQ_CTRL,
                    Register.IRQ_CTRLACK,
                    Register.GERROR,
                    Register.GERRORN
                }) {
            assertEquals(0xffff_ffffL, register.resetToZeroMask(), register::name);
        }
        assertEquals(1L << 31, Register.GBPA.resetToZeroMask());
        assertEquals(1L << 31, Register.PRIQ_PROD.resetToZeroMask());
        assertEquals(0, Register.EVENTQ_PROD.resetToZeroMask());
    }
}
