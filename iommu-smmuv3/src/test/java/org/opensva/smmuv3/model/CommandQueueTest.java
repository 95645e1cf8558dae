package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.CmdqCons;

import java.util.List;

/** The Command queue: order, completion, and errors that stop it. */
class CommandQueueTest {

    private final TestMachine machine = new TestMachine();
    private final long[] command = new long[2];

    @BeforeEach
    void enable() {
        machine.enable();
    }

    @AfterEach
    void close() {
        machine.close();
    }

    private void invalidateAtc(boolean ssv, long address, int size) {
        CommandEncoder.atcInv(command, 0, TestMachine.STREAM, ssv, 9, true, address, size);
        machine.command(command);
    }

    @Test
    void everyOpcodeIsEitherImplementedOrIllegal() {
        for (int opcode = 0; opcode < 256; opcode++) {
            machine.command(opcode, 0);
            boolean stopped = machine.commandError() != 0;
            boolean known =
                    switch (opcode) {
                        case 0x01, 0x02, 0x03, 0x04, 0x05, 0x06 -> true;
                        case 0x10, 0x11, 0x12, 0x13, 0x30, 0x40, 0x41 -> true;
                        case 0x44, 0x45, 0x46 -> true;
                        default -> false;
                    };
            assertEquals(!known, stopped, "opcode " + opcode);
            if (stopped) {
                assertEquals(CmdqCons.CERROR_ILL, machine.commandError());
                skip();
            }
            assertTrue(machine.allConsumed());
        }
    }

    /** Replaces the command at fault by a CMD_SYNC and goes on, as drivers do. */
    private void skip() {
        long at = machine.smmu.read(Register.CMDQ_CONS.offset(), 4) & 63;
        machine.writeWords(machine.commandQueue + 16 * at, 0x46, 0);
        machine.acknowledgeErrors();
    }

    @Test
    void anErrorStopsTheQueueAtTheCommandUntilItIsAcknowledged() {
        machine.command(0x7f, 0);
        machine.sync();
        assertEquals(CmdqCons.CERROR_ILL, machine.commandError());
        assertEquals(0, machine.smmu.read(Register.CMDQ_CONS.offset(), 4) & 0xfffff);
        assertEquals(List.of(SmmuInterrupts.Wire.GERROR), machine.wires);
        skip();
        assertTrue(machine.allConsumed());
    }

    @Test
    void reservedOperandsAreIllegal() {
        machine.command(Opcode.SYNC.code() | Command.CS.place(3), 0);
        assertEquals(CmdqCons.CERROR_ILL, machine.commandError());
        skip();
        machine.command(Opcode.CFGI_STE.code() | Command.SSEC.mask(), 0);
        assertEquals(CmdqCons.CERROR_ILL, machine.commandError());
        skip();
        machine.command(Opcode.TLBI_NH_VA.code(), Command.TG.place(1));
        assertEquals(CmdqCons.CERROR_ILL, machine.commandError());
        skip();
        machine.command(Opcode.PRI_RESP.code(), Command.RESPONSE.place(3));
        assertEquals(CmdqCons.CERROR_ILL, machine.commandError());
        skip();
        machine.command(Opcode.ATC_INV.code(), Command.ATC_SIZE.place(53));
        assertEquals(CmdqCons.CERROR_ILL, machine.commandError());
    }

    @Test
    void aQueueOutsideOfMemoryIsAnAbort() {
        machine.smmu.write(Register.CR0.offset(), 4, 0);
        machine.smmu.write(Register.CMDQ_BASE.offset(), 8, TestMachine.NO_MEMORY | 4);
        machine.smmu.write(Register.CMDQ_PROD.offset(), 4, 1);
        machine.smmu.write(Register.CR0.offset(), 4, TestMachine.CMDQEN);
        assertEquals(CmdqCons.CERROR_ABT, machine.commandError());
    }

    @Test
    void aSyncSignalsByWireAndByMessage() {
        long flag = machine.allocate(8, 8);
        CommandEncoder.syncMsi(command, 0, flag, 0x1234, 0, 0);
        machine.command(command);
        assertEquals(List.of(SmmuInterrupts.Wire.CMD_SYNC), machine.wires);
        assertEquals(0x1234, machine.memory.readInt(flag));
        CommandEncoder.syncMsi(command, 0, 0x800_0040L, 7, 0, 0);
        machine.command(command);
        assertEquals(List.of(0x800_0040L << 32 | 7), machine.messages);
    }

    @Test
    void anAtcInvalidationReachesTheDeviceAsAsked() {
        invalidateAtc(true, 0x1234_5000L, 2);
        invalidateAtc(false, 0, Command.ATC_SIZE_ALL);
        assertEquals(
                List.of(
                        new InvalidateRequest(0, 9, 0x1234_4000L, 14, true),
                        new InvalidateRequest(0, Pasid.NONE, 0, 64, false)),
                machine.device.invalidations);
        machine.sync();
        assertTrue(machine.allConsumed(), "the device answered from within the call");
    }

    @Test
    void aSyncWaitsForTheCompletionsOfTheDevice() {
        machine.device.answers = false;
        invalidateAtc(false, 0, 0);
        invalidateAtc(false, 0x1000, 0);
        machine.sync();
        machine.sync();
        assertFalse(machine.allConsumed());
        assertEquals(2, machine.smmu.read(Register.CMDQ_CONS.offset(), 4));
        machine.port.complete(InvalidateCompletion.of(1));
        assertFalse(machine.allConsumed());
        machine.port.complete(InvalidateCompletion.of(1));
        machine.port.complete(InvalidateCompletion.of(17));
        assertFalse(machine.allConsumed(), "duplicates and foreign tags complete nothing");
        machine.port.complete(InvalidateCompletion.of(0));
        assertTrue(machine.allConsumed());
    }

    @Test
    void aCompletionCountIsHonoured() {
        machine.device.answers = false;
        invalidateAtc(false, 0, 0);
        machine.sync();
        machine.port.complete(new InvalidateCompletion(1, 3));
        machine.port.complete(new InvalidateCompletion(1, 3));
        assertFalse(machine.allConsumed());
        machine.port.complete(new InvalidateCompletion(1, 3));
        assertTrue(machine.allConsumed());
    }

    @Test
    void moreInvalidationsThanTagsWaitForTags() {
        machine.device.answers = false;
        for (int i = 0; i < 40; i++) {
            invalidateAtc(false, i << 12, 0);
        }
        machine.sync();
        assertEquals(32, machine.device.invalidations.size());
        machine.port.complete(new InvalidateCompletion(0xff, 1));
        assertEquals(40, machine.device.invalidations.size());
        machine.port.complete(new InvalidateCompletion(-1, 1));
        assertTrue(machine.allConsumed());
    }

    @Test
    void aDeviceThatDoesNotAnswerIsReportedAndTheOthersGoOn() {
        TestDevice other = new TestDevice();
        other.connected(machine.smmu.connect(new RequesterId(0x20), other));
        machine.device.answers = false;
        invalidateAtc(false, 0, 0);
        machine.sync();
        machine.time.addAndGet(SmmuProfile.sva().atcTimeoutNanos() + 1);
        assertEquals(CmdqCons.CERROR_ATC_INV_SYNC, machine.commandError());
        machine.acknowledgeErrors();
        assertTrue(machine.allConsumed(), "the CMD_SYNC does not fail a second time");
        CommandEncoder.atcInv(command, 0, 0x20, false, 0, false, 0, 0);
        machine.command(command);
        machine.sync();
        assertTrue(machine.allConsumed());
        // The tag is not used again before its late answer.
        invalidateAtc(false, 0, 0);
        assertEquals(1, machine.device.invalidations.get(1).itag());
        machine.sync();
        machine.port.complete(InvalidateCompletion.of(0));
        assertFalse(machine.allConsumed());
        machine.port.complete(InvalidateCompletion.of(1));
        assertTrue(machine.allConsumed());
    }

    @Test
    void unpluggingADeviceCompletesWhatItOwes() {
        machine.device.answers = false;
        invalidateAtc(false, 0, 0);
        machine.sync();
        assertFalse(machine.allConsumed());
        machine.smmu.disconnect(new RequesterId(TestMachine.STREAM));
        assertTrue(machine.allConsumed());
        invalidateAtc(false, 0, 0);
        machine.sync();
        assertTrue(machine.allConsumed(), "nobody there to wait for");
    }

    @Test
    void commandsWaitWhileTheQueueIsDisabled() {
        machine.smmu.write(Register.CR0.offset(), 4, TestMachine.SMMUEN);
        machine.sync();
        assertFalse(machine.allConsumed());
        machine.smmu.write(Register.CR0.offset(), 4, TestMachine.SMMUEN | TestMachine.CMDQEN);
        assertTrue(machine.allConsumed());
    }
}
