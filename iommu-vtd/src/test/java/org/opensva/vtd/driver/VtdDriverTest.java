package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.PageTableFormat;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.ControlRegisters.Gsts;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.QueueRegisters.Iqa;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.ScalableContextEntry;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** A unit from its first register to its last, and what it needs. */
class VtdDriverTest {

    private final DriverBench bench = new DriverBench();
    private final RecordingUnit unit = bench.unit;

    private static VtdDriver probe(RecordingUnit unit, FlatMemory memory) {
        return new VtdDriver(unit, memory, memory, HardwareEventSink.NONE, OpenTelemetry.noop());
    }

    @Test
    void theUnitTranslatesOnceItsCachesAreCleanAndItsEventsArrive() {
        assertEquals(
                List.of(
                        DescriptorType.CONTEXT_CACHE,
                        DescriptorType.PASID_CACHE,
                        DescriptorType.IOTLB,
                        DescriptorType.WAIT),
                unit.types().subList(0, 4));
        long status = unit.get(Register.GSTS);
        assertTrue(Gsts.TES.isSet(status) && Gsts.QIES.isSet(status) && Gsts.RTPS.isSet(status));
        assertEquals(Rtaddr.TTM_SCALABLE, Rtaddr.ttm(unit.get(Register.RTADDR)));
        assertTrue(Iqa.DW.isSet(unit.get(Register.IQA)), "256-bit descriptors");
        assertEquals(VtdDriver.FAULT_VECTOR, unit.get(Register.FEDATA));
        assertEquals(VtdDriver.PAGE_REQUEST_VECTOR, unit.get(Register.PEDATA));
        assertEquals(VtdDriver.MESSAGE_ADDRESS, unit.get(Register.PEADDR));
        assertEquals(0, unit.get(Register.FECTL), "unmasked");
        assertEquals(0, unit.get(Register.PECTL), "unmasked");
        int translation = unit.log.indexOf("GCMD 80000000");
        assertTrue(translation > unit.log.lastIndexOf("FECTL"));
        assertTrue(unit.log.indexOf("GCMD 40000000") < unit.log.indexOf("GCMD 4000000"));
        assertTrue(
                unit.log.indexOf("IQT") < unit.log.indexOf("GCMD 4000000"),
                "what a former owner had queued is not fetched");
    }

    @Test
    void aUnitThatWasLeftRunningIsStoppedFirst() {
        FlatMemory memory = new FlatMemory();
        RecordingUnit running = new RecordingUnit(memory);
        running.set(Register.GSTS, Gsts.TES.mask() | Gsts.QIES.mask() | Gsts.RTPS.mask());
        probe(running, memory).close();
        assertEquals("GCMD 80000000", running.log.getFirst());
    }

    @Test
    void whatSvaCannotDoWithoutIsRefusedByName() {
        Map<Long, String> needed =
                Map.of(
                        Ecap.QI.mask(), "ECAP.QI",
                        Ecap.SMTS.mask(), "ECAP.SMTS",
                        Ecap.FSTS.mask(), "ECAP.FSTS",
                        Ecap.PASID.mask(), "ECAP.PASID",
                        Ecap.SMPWCS.mask(), "ECAP.SMPWCS");
        needed.forEach((bit, name) -> {
            FlatMemory memory = new FlatMemory();
            RecordingUnit lacking =
                    new RecordingUnit(memory, RecordingUnit.CAP, RecordingUnit.ECAP & ~bit);
            ErrnoException refused =
                    assertThrows(ErrnoException.class, () -> probe(lacking, memory));
            assertEquals(Errno.ENODEV, refused.errno());
            assertTrue(refused.getMessage().contains(name), refused.getMessage());
            assertEquals(0, memory.allocatedFrames());
        });
    }

    @Test
    void registersThatReadAllOnesAreNoUnit() {
        FlatMemory memory = new FlatMemory();
        RecordingUnit absent = new RecordingUnit(memory, -1, -1);
        absent.set(Register.VER, 0xffff_ffffL);
        ErrnoException refused = assertThrows(ErrnoException.class, () -> probe(absent, memory));
        assertEquals(Errno.ENODEV, refused.errno());
    }

    @Test
    void fiveLevelTablesNeedAUnitThatWalksThem() {
        FakeAddressSpace five =
                new FakeAddressSpace(7, 0x4100_0000L, PageTableFormat.X86_64_5LEVEL);
        bench.driver.createDomain(five).close();
        DriverBench four =
                new DriverBench(RecordingUnit.CAP & ~Cap.FS5LP.mask(), RecordingUnit.ECAP);
        ErrnoException refused =
                assertThrows(ErrnoException.class, () -> four.driver.createDomain(five));
        assertEquals(Errno.EOPNOTSUPP, refused.errno());
        ErrnoException arm =
                assertThrows(
                        ErrnoException.class,
                        () ->
                                bench.driver.createDomain(
                                        new FakeAddressSpace(
                                                8, 0x4100_0000L, PageTableFormat.VMSAV8_64)));
        assertEquals(Errno.EOPNOTSUPP, arm.errno());
    }

    @Test
    void withoutAWayToDrainThemPageRequestsAreNotUsed() {
        DriverBench bare =
                new DriverBench(RecordingUnit.CAP, RecordingUnit.ECAP & ~Ecap.PDS.mask());
        bare.bind();
        assertFalse(bare.device.recoversFaults());
        assertFalse(bare.driver.capabilities().pri());
        assertEquals(List.of("pasid true", "ats true"), bare.zip.switches);
        assertFalse(
                ScalableContextEntry.pageRequestEnabled(
                        bare.word(bare.contextEntry(DriverBench.ZIP), 0)));
    }

    @Test
    void closingStopsEveryRequestAndGivesEveryFrameBack() {
        bench.bind();
        bench.driver.close();
        assertEquals(0, bench.memory.allocatedFrames());
        long status = unit.get(Register.GSTS);
        assertTrue(Gsts.TES.isSet(status), "off would let every request through");
        assertFalse(Gsts.QIES.isSet(status));
        assertEquals(Rtaddr.TTM_ABORT_DMA, Rtaddr.ttm(unit.get(Register.RTADDR)));
        assertEquals(
                List.of(
                        "pasid true",
                        "ats true",
                        "pri true",
                        "pri false",
                        "ats false",
                        "pasid false"),
                bench.zip.switches);
    }

    @Test
    void withoutAbortModeAnEmptyRootTableStaysBehind() {
        DriverBench bare =
                new DriverBench(RecordingUnit.CAP, RecordingUnit.ECAP & ~Ecap.ADMS.mask());
        bare.bind();
        bare.driver.close();
        assertEquals(1, bare.memory.allocatedFrames());
        long root = Rtaddr.rootTable(bare.unit.get(Register.RTADDR));
        for (int i = 0; i < 512; i++) {
            assertEquals(0, bare.word(root, i));
        }
    }

    @Test
    void aDeviceIsAttachedOnceAndOnlyBehindARequesterIdOfThisUnit() {
        assertEquals(
                Errno.EBUSY,
                assertThrows(ErrnoException.class, () -> bench.attach(bench.zip)).errno());
        assertEquals(
                Errno.ENODEV,
                assertThrows(
                                ErrnoException.class,
                                () -> bench.attach(new FakeDevice("far", 0x1_0000, true)))
                        .errno());
    }

    @Test
    void howLongAUnitMayStandStillIsByTheClockThatIsGiven() {
        FlatMemory memory = new FlatMemory();
        RecordingUnit stuck = new RecordingUnit(memory);
        AtomicLong minutes = new AtomicLong();
        VtdDriver hasty =
                new VtdDriver(
                        stuck,
                        memory,
                        memory,
                        HardwareEventSink.NONE,
                        OpenTelemetry.noop(),
                        () -> TimeUnit.MINUTES.toNanos(minutes.getAndIncrement()));
        FakeAddressSpace mm = new FakeAddressSpace(7, 0x4100_0000L);
        hasty.attach(bench.dma, (from, group) -> {})
                .bind(DriverBench.PASID, hasty.createDomain(mm));
        stuck.set(Register.GSTS, stuck.get(Register.GSTS) & ~Gsts.QIES.mask());
        ErrnoException late =
                assertThrows(
                        ErrnoException.class,
                        () -> mm.listeners.getFirst().invalidate(AddressRange.WHOLE));
        assertEquals(Errno.EIO, late.errno());
    }
}
