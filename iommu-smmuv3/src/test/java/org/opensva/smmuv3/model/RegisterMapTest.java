package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.BusErrorException;
import org.opensva.smmuv3.layout.ControlRegisters.Gerror;
import org.opensva.smmuv3.layout.Field;
import org.opensva.smmuv3.layout.Guard;
import org.opensva.smmuv3.layout.Register;

import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** The whole register map, offset by offset, and every global error by its cause. */
class RegisterMapTest {

    /** Registers in which a write does more than store. */
    private static final Set<Register> ACTIVE =
            Set.of(Register.GBPA, Register.GATOS_CTRL, Register.CMDQ_PROD, Register.GERRORN);

    private static Map<Register, Long> contents(SmmuV3 smmu) {
        Map<Register, Long> contents = new EnumMap<>(Register.class);
        for (Register register : Register.values()) {
            contents.put(register, smmu.read(register.offset(), register.bytes()));
        }
        return contents;
    }

    private static boolean present(Register register, SmmuProfile profile) {
        return register.presence().holds(profile.idr0(), profile.idr1(), profile.idr3());
    }

    @Test
    void whereThereIsNoRegisterReadsAreZeroAndWritesChangeNothing() {
        for (SmmuProfile profile : List.of(SmmuProfile.sva(), SmmuProfile.nested())) {
            try (TestMachine machine = new TestMachine(profile)) {
                machine.enable();
                Map<Register, Long> before = contents(machine.smmu);
                int reserved = 0;
                for (long offset = 0; offset < Register.FRAME_BYTES; offset += 4) {
                    Register register = Register.at(offset);
                    if (register != null && present(register, profile)) {
                        continue;
                    }
                    reserved++;
                    machine.smmu.write(offset, 4, -1L);
                    assertEquals(0, machine.smmu.read(offset, 4), Long.toHexString(offset));
                }
                assertTrue(reserved > 30_000);
                assertEquals(before, contents(machine.smmu));
            }
        }
    }

    @Test
    void everyRegisterIsReadAndWrittenInEveryWidthThatFitsAndInNoOther() {
        SmmuProfile profile = SmmuProfile.nested();
        for (Register register : Register.values()) {
            if (!present(register, profile)
                    || !register.isWritable()
                    || ACTIVE.contains(register)) {
                continue;
            }
            Random random = new Random(register.ordinal());
            try (TestMachine machine = new TestMachine(profile)) {
                SmmuV3 smmu = machine.smmu;
                long value = random.nextLong();
                smmu.write(register.offset(), register.bytes(), -1L);
                long writable = smmu.read(register.offset(), register.bytes());
                assertEquals(0, writable & ~register.writeMask(), register.name());
                smmu.write(register.offset(), register.bytes(), value);
                assertEquals(
                        value & writable,
                        smmu.read(register.offset(), register.bytes()),
                        register.name());
                for (int width : new int[] {1, 2, 3, 5, 16}) {
                    smmu.write(register.offset(), width, ~value);
                    assertEquals(0, smmu.read(register.offset(), width), register.name());
                }
                for (int odd = 1; odd < 4; odd++) {
                    smmu.write(register.offset() + odd, 4, ~value);
                    assertEquals(0, smmu.read(register.offset() + odd, 4), register.name());
                }
                assertEquals(
                        value & writable,
                        smmu.read(register.offset(), register.bytes()),
                        register.name());
                if (register.bytes() == 8) {
                    smmu.write(register.offset() + 4, 4, ~value >>> 32);
                    long mixed = value & 0xffff_ffffL | ~value & ~0xffff_ffffL;
                    assertEquals(mixed & writable, smmu.read(register.offset(), 8));
                    assertEquals((mixed & writable) >>> 32, smmu.read(register.offset() + 4, 4));
                }
            }
        }
    }

    @Test
    void aClosedGuardKeepsExactlyTheBitsThatItGuards() {
        SmmuProfile profile = SmmuProfile.nested();
        Set<Guard> closed = new HashSet<>();
        for (Register register : Register.values()) {
            for (Guard guard : register.guards()) {
                boolean enable =
                        guard.control() == Register.CR0 || guard.control() == Register.IRQ_CTRL;
                if (!present(register, profile) || !enable || guard == Guard.DPT_WALK_EN) {
                    continue;
                }
                try (TestMachine machine = new TestMachine(profile)) {
                    SmmuV3 smmu = machine.smmu;
                    smmu.write(register.offset(), register.bytes(), -1L);
                    long writable = smmu.read(register.offset(), register.bytes());
                    smmu.write(register.offset(), register.bytes(), 0);
                    // Guards of several bits are closed by any of them.
                    long bit = Long.lowestOneBit(guard.mask());
                    smmu.write(guard.control().offset(), 4, bit);
                    smmu.write(register.offset(), register.bytes(), -1L);
                    assertEquals(
                            writable & ~register.guardedBits(guard),
                            smmu.read(register.offset(), register.bytes()),
                            register + " while " + guard);
                    smmu.write(guard.control().offset(), 4, 0);
                    smmu.write(register.offset(), register.bytes(), -1L);
                    assertEquals(
                            writable,
                            smmu.read(register.offset(), register.bytes()),
                            register + " after " + guard);
                    closed.add(guard);
                }
            }
        }
        assertEquals(8, closed.size(), closed.toString());
    }

    // ---- global errors ----

    private static final SmmuInterrupts NOBODY =
            new SmmuInterrupts() {
                @Override
                public void wired(Wire wire) {}

                @Override
                public void message(long address, int data) {
                    throw BusErrorException.instance();
                }
            };

    private static long active(SmmuV3 smmu) {
        return smmu.read(Register.GERROR.offset(), 4) ^ smmu.read(Register.GERRORN.offset(), 4);
    }

    private static long bits(Field... errors) {
        long bits = 0;
        for (Field error : errors) {
            bits |= error.mask();
        }
        return bits;
    }

    @Test
    void aMessageToNobodyIsAnErrorOfItsSource() {
        try (TestMachine machine = new TestMachine();
                SmmuV3 smmu = new SmmuV3(SmmuProfile.sva(), machine.memory, NOBODY, () -> 0)) {
            TestDevice device = new TestDevice();
            device.connected(
                    smmu.connect(
                            new org.opensva.api.iommu.RequesterId(TestMachine.STREAM), device));
            long doorbell = 0x800_0040L;
            smmu.write(Register.STRTAB_BASE.offset(), 8, machine.streamTable);
            smmu.write(Register.STRTAB_BASE_CFG.offset(), 4, 8);
            smmu.write(Register.EVENTQ_BASE.offset(), 8, machine.eventQueue | 4);
            smmu.write(Register.PRIQ_BASE.offset(), 8, machine.pageQueue | 4);
            for (Register config :
                    List.of(
                            Register.GERROR_IRQ_CFG0,
                            Register.EVENTQ_IRQ_CFG0,
                            Register.PRIQ_IRQ_CFG0)) {
                smmu.write(config.offset(), 8, doorbell);
            }
            smmu.write(Register.IRQ_CTRL.offset(), 4, 7);
            smmu.write(Register.CR0.offset(), 4, 0b111);
            device.port().read(Pasid.NONE, Access.READ, 0, new byte[4], 0, 4);
            assertEquals(bits(Gerror.MSI_EVENTQ_ABT_ERR, Gerror.MSI_GERROR_ABT_ERR), active(smmu));
            smmu.write(Register.GERRORN.offset(), 4, smmu.read(Register.GERROR.offset(), 4));
            device.port().request(new PageRequest(Pasid.NONE, 0, Access.READ, 0, true));
            assertEquals(bits(Gerror.MSI_PRIQ_ABT_ERR, Gerror.MSI_GERROR_ABT_ERR), active(smmu));
        }
    }

    @Test
    void aQueueOutsideOfMemoryIsAnErrorOfThatQueue() {
        try (TestMachine machine = new TestMachine()) {
            SmmuV3 smmu = machine.smmu;
            smmu.write(Register.STRTAB_BASE.offset(), 8, machine.streamTable);
            smmu.write(Register.STRTAB_BASE_CFG.offset(), 4, 8);
            smmu.write(Register.CR2.offset(), 4, 2);
            for (Register base :
                    List.of(Register.EVENTQ_BASE, Register.PRIQ_BASE, Register.CMDQ_BASE)) {
                smmu.write(base.offset(), 8, TestMachine.NO_MEMORY | 4);
            }
            smmu.write(Register.CR0.offset(), 4, 0b1111);
            machine.port.read(Pasid.NONE, Access.READ, 0, new byte[4], 0, 4);
            assertEquals(bits(Gerror.EVENTQ_ABT_ERR), active(smmu));
            machine.port.request(new PageRequest(Pasid.NONE, 0, Access.READ, 0, true));
            assertEquals(bits(Gerror.EVENTQ_ABT_ERR, Gerror.PRIQ_ABT_ERR), active(smmu));
            smmu.write(Register.CMDQ_PROD.offset(), 4, 1);
            assertEquals(
                    bits(Gerror.EVENTQ_ABT_ERR, Gerror.PRIQ_ABT_ERR, Gerror.CMDQ_ERR),
                    active(smmu));
            assertEquals(2, smmu.read(Register.CMDQ_CONS.offset(), 4) >>> 24, "CERROR_ABT");
            smmu.write(Register.GERRORN.offset(), 4, smmu.read(Register.GERROR.offset(), 4));
            assertFalse(active(smmu) == 0, "the command is still there, and fails again");
        }
    }
}
