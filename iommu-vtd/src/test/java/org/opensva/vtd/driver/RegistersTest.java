package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.opensva.api.memory.MmioRegion;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.ControlRegisters.Gsts;
import org.opensva.vtd.layout.ControlRegisters.Pmen;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.FaultRecord;
import org.opensva.vtd.layout.QueueRegisters.Ics;
import org.opensva.vtd.layout.QueueRegisters.Prs;
import org.opensva.vtd.layout.Register;

import java.util.List;

/** What is written to registers, and what happens if hardware does not follow. */
class RegistersTest {

    private final FlatMemory memory = new FlatMemory();
    private final RecordingUnit unit = new RecordingUnit(memory);

    private VtdDriver start(MmioRegion registers) {
        return new VtdDriver(
                registers, memory, memory, HardwareEventSink.NONE, OpenTelemetry.noop());
    }

    /** A unit one of whose registers ignores what is written. */
    private MmioRegion ignoring(Register deaf) {
        return new MmioRegion() {
            @Override
            public long size() {
                return unit.size();
            }

            @Override
            public long read(long offset, int width) {
                return unit.read(offset, width);
            }

            @Override
            public void write(long offset, int width, long value) {
                if (offset != deaf.offset()) {
                    unit.write(offset, width, value);
                }
            }
        };
    }

    @Test
    void aCommandThatIsNotFollowedIsAnErrorWithTheRegister() {
        ErrnoException dead =
                assertThrows(ErrnoException.class, () -> start(ignoring(Register.GCMD)));
        assertEquals(Errno.EIO, dead.errno());
        assertTrue(dead.getMessage().contains("GSTS_REG stays 0x0"), dead.getMessage());
    }

    @Test
    void aCommandLeavesEveryOtherStateAsItIs() {
        RegisterFrame frame = new RegisterFrame(unit);
        long others = Gcmd.IRE.mask() | Gcmd.CFI.mask();
        unit.set(Register.GSTS, others | Gcmd.SRTP.mask());
        frame.command(Gcmd.TE, true);
        assertEquals(
                others | Gcmd.TE.mask(),
                unit.get(Register.GSTS) & ~Gcmd.ONE_SHOT,
                "one-shot commands are not repeated");
        frame.command(Gcmd.TE, false);
        assertEquals(others, unit.get(Register.GSTS) & ~Gcmd.ONE_SHOT);
    }

    @Test
    void whatAFormerOwnerLeftRunningIsStoppedAndNothingElse() {
        for (long running : new long[] {Gsts.TES.mask(), Gsts.QIES.mask()}) {
            RecordingUnit left = new RecordingUnit(memory);
            left.set(Register.GSTS, running | Gsts.IRES.mask());
            start(left);
            assertEquals("GCMD " + Long.toHexString(running), left.log.getFirst());
            assertEquals(
                    1,
                    left.log.stream()
                            .takeWhile(text -> !text.equals("FSTS"))
                            .filter(text -> text.startsWith("GCMD "))
                            .count());
            assertTrue(Gsts.IRES.isSet(left.get(Register.GSTS)), "interrupts are somebody else's");
        }
    }

    @Test
    void theFirmwaresProtectionOfMemoryEnds() {
        unit.set(Register.PMEN, Pmen.PRS.mask() | Pmen.EPM.mask());
        start(unit);
        assertEquals(0, unit.get(Register.PMEN));
        RecordingUnit without = new RecordingUnit(memory);
        start(without);
        assertFalse(without.log.contains("PMEN"), "where there is none there is nothing to end");
    }

    @Test
    void aProtectionOfMemoryThatDoesNotEndIsAnError() {
        unit.set(Register.PMEN, Pmen.PRS.mask() | Pmen.EPM.mask());
        ErrnoException stuck =
                assertThrows(ErrnoException.class, () -> start(ignoring(Register.PMEN)));
        assertEquals(Errno.EIO, stuck.errno());
        assertTrue(stuck.getMessage().contains("PMEN"), stuck.getMessage());
    }

    @Test
    void errorsOfAFormerOwnerAreClearedBeforeAnythingRuns() {
        unit.fault(0x7000, FaultRecord.F.mask());
        unit.set(
                Register.FSTS,
                Fsts.PPF.mask() | Fsts.IQE.mask() | Fsts.ITE.mask() | Fsts.ICE.mask());
        unit.set(Register.PRS, Prs.PPR.mask() | Prs.PRO.mask());
        unit.set(Register.PQH, 0x40);
        unit.set(Register.PQT, 0x80);
        start(unit);
        assertEquals(0, unit.get(Register.FSTS));
        assertEquals(0, unit.get(Register.PRS));
        assertEquals(0, unit.get(Register.PQH));
        assertEquals(0, unit.get(Register.PQT));
        assertTrue(unit.log.indexOf("FSTS") < unit.log.indexOf("RTADDR"));
    }

    @Test
    void everyEventHasItsVectorAndTheUpperHalfOfTheAddressIsWritten() {
        for (Register upper : List.of(Register.FEUADDR, Register.IEUADDR, Register.PEUADDR)) {
            unit.set(upper, -1);
        }
        start(unit);
        assertEquals(
                List.of(
                        VtdDriver.FAULT_VECTOR,
                        VtdDriver.INVALIDATION_VECTOR,
                        VtdDriver.PAGE_REQUEST_VECTOR),
                List.of(
                        (int) unit.get(Register.FEDATA),
                        (int) unit.get(Register.IEDATA),
                        (int) unit.get(Register.PEDATA)));
        for (Register address : List.of(Register.FEADDR, Register.IEADDR, Register.PEADDR)) {
            assertEquals(VtdDriver.MESSAGE_ADDRESS, unit.get(address));
        }
        for (Register upper : List.of(Register.FEUADDR, Register.IEUADDR, Register.PEUADDR)) {
            assertEquals(0, unit.get(upper));
        }
    }

    @Test
    void cachesThatCannotBeInvalidatedKeepTheUnitFromBeingUsed() {
        unit.refusals = 2;
        ErrnoException refused = assertThrows(ErrnoException.class, () -> start(unit));
        assertEquals(Errno.EIO, refused.errno());
        assertFalse(Gsts.TES.isSet(unit.get(Register.GSTS)));
    }

    @Test
    void aCompletionEventIsAcknowledgedAndErrorsAreHandledWithIt() {
        VtdDriver driver = start(unit);
        unit.set(Register.ICS, Ics.IWC.mask());
        unit.set(Register.FSTS, Fsts.ICE.mask());
        driver.onInvalidationInterrupt();
        assertEquals(0, unit.get(Register.ICS));
        assertEquals(0, unit.get(Register.FSTS));
    }

    @Test
    void errorsOfTheQueueComeWithTheFaultEvent() {
        DriverBench bench = new DriverBench();
        bench.unit.set(Register.FSTS, Fsts.ICE.mask());
        bench.driver.onFaultInterrupt();
        assertEquals(1, bench.faults.size());
        assertEquals(0, bench.unit.get(Register.FSTS));
    }

    @Test
    void anotherTableModeIsNeverSeenByHardwareThatTranslates() {
        VtdDriver driver = start(unit);
        int set = unit.log.lastIndexOf("GCMD 40000000");
        assertTrue(unit.log.lastIndexOf("RTADDR") < set, "a pointer counts once it is set");
        driver.close();
        assertEquals(Rtaddr.TTM_ABORT_DMA, Rtaddr.ttm(unit.get(Register.RTADDR)));
        assertTrue(unit.log.lastIndexOf("RTADDR") < unit.log.lastIndexOf("GCMD 40000000"));
        assertTrue(set < unit.log.lastIndexOf("GCMD 40000000"));
    }
}
