package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.BusErrorException;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Guard;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;
import org.opensva.smmuv3.layout.Register;

import java.util.ArrayList;
import java.util.List;

/** Registers: what they claim, what can be written when, and what a write does. */
class RegistersTest {

    private final TestMachine machine = new TestMachine();
    private final SmmuV3 smmu = machine.smmu;

    private long read(Register register) {
        return smmu.read(register.offset(), register.bytes());
    }

    private void write(Register register, long value) {
        smmu.write(register.offset(), register.bytes(), value);
    }

    @Test
    void identificationIsWhatTheProfileSaysAndCannotBeWritten() {
        SmmuProfile profile = SmmuProfile.sva();
        for (Register register : List.of(Register.IDR0, Register.IDR1, Register.IDR5)) {
            write(register, -1L);
        }
        assertEquals(profile.idr0(), read(Register.IDR0));
        assertEquals(profile.idr1(), read(Register.IDR1));
        assertEquals(profile.idr3(), read(Register.IDR3));
        assertEquals(profile.idr5(), read(Register.IDR5));
        assertEquals(profile.aidr(), read(Register.AIDR));
    }

    @Test
    void aClaimWithoutBehaviourIsRefused() {
        SmmuProfile base = SmmuProfile.sva();
        for (long bit : new long[] {Idr0.RME_IMPL.mask(), Idr0.DORMHINT.mask()}) {
            assertThrows(
                    IllegalArgumentException.class,
                    () ->
                            base.withIdentification(
                                    base.idr0() | bit,
                                    base.idr1(),
                                    base.idr3(),
                                    base.idr5(),
                                    0,
                                    2));
        }
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        base.withIdentification(
                                base.idr0(),
                                base.idr1() | Idr1.ECMDQ.mask(),
                                base.idr3(),
                                base.idr5(),
                                0,
                                2));
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        base.withIdentification(
                                base.idr0(),
                                base.idr1(),
                                base.idr3() | Idr3.DPT.mask(),
                                base.idr5(),
                                0,
                                2));
    }

    @Test
    void aGuardedRegisterIgnoresWritesWhileItsGuardIsClosed() {
        machine.enable();
        write(Register.IRQ_CTRL, 7);
        List<Register> guarded = new ArrayList<>();
        for (Register register : Register.values()) {
            boolean present =
                    register.presence()
                            .holds(
                                    SmmuProfile.sva().idr0(),
                                    SmmuProfile.sva().idr1(),
                                    SmmuProfile.sva().idr3());
            long closed = 0;
            for (Guard guard : register.guards()) {
                if (guard.control() == Register.CR0 || guard.control() == Register.IRQ_CTRL) {
                    closed |= register.guardedBits(guard);
                }
            }
            if (present && closed != 0) {
                long before = read(register);
                write(register, ~before);
                assertEquals(before & closed, read(register) & closed, register.name());
                guarded.add(register);
            }
        }
        assertTrue(guarded.size() > 12, guarded.toString());
    }

    @Test
    void aRegisterOfSixtyFourBitsCanBeWrittenInHalves() {
        smmu.write(Register.STRTAB_BASE.offset(), 4, 0x1234_5640);
        smmu.write(Register.STRTAB_BASE.offset() + 4, 4, 0x4000_0012);
        assertEquals(0x4000_0012_1234_5640L, read(Register.STRTAB_BASE));
        assertEquals(0x4000_0012, smmu.read(Register.STRTAB_BASE.offset() + 4, 4));
    }

    @Test
    void accessesThatFitNothingReadZeroAndDoNothing() {
        machine.enable();
        for (int width : new int[] {1, 2, 3, 16, 0, -1}) {
            assertEquals(0, smmu.read(0, width));
            smmu.write(Register.CR0.offset(), width, 0);
        }
        assertEquals(0, smmu.read(2, 4));
        assertEquals(0, smmu.read(Register.CR0ACK.offset(), 8), "misaligned");
        assertEquals(0, smmu.read(-8, 8));
        assertEquals(0, smmu.read(1L << 40, 4));
        assertEquals(0, smmu.read(0xa8, 4), "the Event queue indexes are on page 1");
        assertEquals(0x1f, read(Register.CR0ACK));
    }

    @Test
    void unclaimedBitsStayZero() {
        write(Register.CR0, -1L);
        assertEquals(0x1f, read(Register.CR0), "no VMW, no DPT");
        write(Register.CR0, 0);
        write(Register.CR2, -1L);
        assertEquals(0b1010, read(Register.CR2), "no E2H, no PTM");
    }

    @Test
    void gbpaChangesOnlyWithUpdateAndThenAborts() {
        write(Register.GBPA, 1L << 20);
        assertEquals(0, read(Register.GBPA));
        long result =
                machine.port.read(Pasid.NONE, Access.READ, TestMachine.RAM, new byte[4], 0, 4);
        assertEquals(DmaResult.complete(4), result);
        write(Register.GBPA, 1L << 31 | 1L << 20);
        assertEquals(1L << 20, read(Register.GBPA));
        result = machine.port.read(Pasid.NONE, Access.READ, TestMachine.RAM, new byte[4], 0, 4);
        assertEquals(DmaStatus.ABORTED, DmaResult.status(result));
    }

    @Test
    void anUnknownStreamIsRecordedOnlyIfSoftwareWantsItTo() {
        machine.enable();
        TestDevice stranger = new TestDevice();
        stranger.connected(smmu.connect(new RequesterId(0x100), stranger));
        stranger.port().read(Pasid.NONE, Access.READ, 0, new byte[4], 0, 4);
        assertEquals(EventType.C_BAD_STREAMID, machine.event().type());
        write(Register.CR0, TestMachine.EVENTQEN | TestMachine.CMDQEN);
        write(Register.CR2, 0b1000);
        write(Register.CR0, TestMachine.SMMUEN | TestMachine.EVENTQEN | TestMachine.CMDQEN);
        stranger.port().read(Pasid.NONE, Access.READ, 0, new byte[4], 0, 4);
        assertTrue(machine.events().isEmpty());
    }

    @Test
    void aFullEventQueueOverflowsOnceUntilItIsAcknowledged() {
        machine.enable();
        int size = 1 << TestMachine.QUEUE_BITS;
        for (int i = 0; i < size + 2; i++) {
            machine.port.read(Pasid.NONE, Access.READ, 0, new byte[4], 0, 4);
        }
        long prod = read(Register.EVENTQ_PROD);
        assertEquals(1L << 31 | size, prod);
        assertEquals(size, machine.events().size());
        machine.port.read(Pasid.NONE, Access.READ, 0, new byte[4], 0, 4);
        assertEquals(1, machine.events().size());
        for (int i = 0; i < size + 2; i++) {
            machine.port.read(Pasid.NONE, Access.READ, 0, new byte[4], 0, 4);
        }
        assertEquals(0, read(Register.EVENTQ_PROD) >>> 31, "toggled back");
    }

    @Test
    void anEventQueueOutsideOfMemoryIsAGlobalError() {
        write(Register.EVENTQ_BASE, TestMachine.NO_MEMORY | 4);
        write(Register.STRTAB_BASE, machine.streamTable);
        write(Register.STRTAB_BASE_CFG, 8);
        write(Register.CR0, TestMachine.SMMUEN | TestMachine.EVENTQEN);
        machine.port.read(Pasid.NONE, Access.READ, 0, new byte[4], 0, 4);
        assertEquals(1L << 2, read(Register.GERROR));
        assertEquals(0, read(Register.EVENTQ_PROD));
    }

    @Test
    void aMessageThatNobodyTakesIsAGlobalErrorOfItsOwn() {
        SmmuInterrupts nobody =
                new SmmuInterrupts() {
                    @Override
                    public void wired(Wire wire) {}

                    @Override
                    public void message(long address, int data) {
                        throw BusErrorException.instance();
                    }
                };
        try (SmmuV3 other = new SmmuV3(SmmuProfile.sva(), machine.memory, nobody, () -> 0)) {
            long queue = machine.allocate(4096, 4096);
            machine.writeWords(queue, 0x46 | 1 << 12, 0x800_0040L);
            other.write(Register.CMDQ_BASE.offset(), 8, queue | 4);
            other.write(Register.CMDQ_PROD.offset(), 4, 1);
            other.write(Register.CR0.offset(), 4, TestMachine.CMDQEN);
            assertEquals(1L << 4, other.read(Register.GERROR.offset(), 4));
        }
    }

    @Test
    void aRequesterIdIsTakenOnce() {
        assertThrows(
                IllegalStateException.class,
                () -> smmu.connect(new RequesterId(TestMachine.STREAM), new TestDevice()));
        smmu.disconnect(new RequesterId(TestMachine.STREAM));
        assertEquals(
                DmaStatus.ABORTED,
                DmaResult.status(
                        machine.port.read(
                                Pasid.NONE, Access.READ, TestMachine.RAM, new byte[4], 0, 4)));
        smmu.connect(new RequesterId(TestMachine.STREAM), new TestDevice());
    }
}
