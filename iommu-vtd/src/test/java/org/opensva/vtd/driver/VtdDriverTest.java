package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.PageTableFormat;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.vtd.driver.RecordingUnit.Seen;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.ControlRegisters.Gsts;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.PasidTableEntry;
import org.opensva.vtd.layout.QueueRegisters.Iqa;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.ScalableContextEntry;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

class VtdDriverTest {

    private static final Pasid PASID = DriverBench.PASID;

    private final DriverBench bench = new DriverBench();
    private final RecordingUnit unit = bench.unit;
    private final AttachedDevice device = bench.device;

    private static List<DescriptorType> types(List<Seen> descriptors) {
        return descriptors.stream().map(Seen::type).toList();
    }

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
                types(unit.seen).subList(0, 4));
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
    void aBoundPasidTranslatesThroughTheProcessesOwnTables() {
        FakeAddressSpace five =
                new FakeAddressSpace(7, 0x4100_7000L, PageTableFormat.X86_64_5LEVEL);
        device.bind(PASID, bench.driver.createDomain(five));
        long entry = bench.pasidEntry(DriverBench.ZIP, PASID.value());
        long w0 = bench.word(entry, 0);
        long w2 = bench.word(entry, 2);
        assertTrue(PasidTableEntry.present(w0));
        assertEquals(PasidTableEntry.PGTT_FIRST_STAGE, PasidTableEntry.translationType(w0));
        assertEquals(0x4100_7000L, PasidTableEntry.firstStageTable(w2));
        assertEquals(5, PasidTableEntry.firstStageLevels(w2));
        assertFalse(PasidTableEntry.supervisorEnabled(w2), "user privilege only");
        assertTrue(PasidTableEntry.walkSnoops(bench.word(entry, 1)));
    }

    @Test
    void anEntryBecomesPresentInItsLastStore() {
        bench.bind();
        List<FlatMemory.Write> writes = new ArrayList<>();
        long entry = bench.pasidEntry(DriverBench.ZIP, PASID.value()) + PasidTableEntry.BYTES;
        bench.memory.observe(write -> {
            if (write.address() >= entry && write.address() < entry + PasidTableEntry.BYTES) {
                writes.add(write);
            }
        });
        device.bind(
                new Pasid(PASID.value() + 1),
                bench.driver.createDomain(new FakeAddressSpace(2, 0x4200_0000L)));
        assertEquals(PasidTableEntry.WORDS, writes.size());
        assertEquals(entry, writes.getLast().address());
        assertTrue(
                writes.subList(0, PasidTableEntry.WORDS - 1).stream()
                        .noneMatch(write -> write.address() == entry));
    }

    @Test
    void theDeviceIsToldOfChangesBeforeItsEntryIsPresent() {
        bench.events.clear();
        bench.bind();
        assertTrue(
                bench.events.indexOf(Kind.SUBSCRIBED) < bench.events.indexOf(Kind.PASID_ENTRY_SET));
        assertTrue(
                bench.events.indexOf(Kind.PASID_ENTRY_SET)
                        < bench.events.lastIndexOf(Kind.ATC_INVALIDATE));
    }

    @Test
    void theFirstBindSwitchesOnInTheOrderOfPciExpressWithAnEmptyDeviceTlb() {
        List<Seen> descriptors = bench.descriptorsOf(bench::bind);
        assertEquals(List.of("pasid true", "ats true", "pri true"), bench.zip.switches);
        long context = bench.word(bench.contextEntry(DriverBench.ZIP), 0);
        assertTrue(ScalableContextEntry.deviceTlbEnabled(context));
        assertTrue(ScalableContextEntry.pageRequestEnabled(context));
        assertTrue(ScalableContextEntry.pasidEnabled(context));
        assertTrue(
                types(descriptors).indexOf(DescriptorType.CONTEXT_CACHE)
                        < types(descriptors).indexOf(DescriptorType.DEVICE_TLB),
                "the unit serves the device-TLB before it is emptied");
    }

    @Test
    void aDeviceWithoutAtsIsNeverToldAndCannotAskForPages() {
        FakeDevice plain = new FakeDevice("plain", 0x300, false);
        AttachedDevice attached = bench.attach(plain);
        assertFalse(attached.recoversFaults());
        SvaDomain domain = bench.driver.createDomain(bench.mm);
        List<Seen> descriptors =
                bench.descriptorsOf(() -> {
                    attached.bind(PASID, domain);
                    bench.mm.listeners.getFirst().invalidate(AddressRange.WHOLE);
                    attached.unbind(PASID);
                });
        assertTrue(descriptors.stream().noneMatch(Seen::isDeviceTlb));
        assertEquals(List.of("pasid true"), plain.switches);
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
    void requestsWithoutPasidAreBlocked() {
        bench.bind();
        long entry = bench.pasidEntry(DriverBench.ZIP, 0);
        assertEquals(
                0,
                ScalableContextEntry.ridPasid(bench.word(bench.contextEntry(DriverBench.ZIP), 1)));
        assertFalse(PasidTableEntry.present(bench.word(entry, 0)));
    }

    @Test
    void anUnmapIsOneSubmissionWithTheIotlbBeforeTheDeviceTlb() {
        bench.bind();
        List<Seen> descriptors =
                bench.descriptorsOf(() ->
                        bench.mm.listeners.getFirst().invalidate(AddressRange.of(0x7000, 4096)));
        assertEquals(
                List.of(
                        DescriptorType.PASID_IOTLB,
                        DescriptorType.WAIT,
                        DescriptorType.PASID_DEVICE_TLB,
                        DescriptorType.WAIT),
                types(descriptors));
        assertTrue(
                descriptors.stream()
                        .filter(seen -> seen.type() == DescriptorType.WAIT)
                        .noneMatch(seen -> InvalidationDescriptor.FN.isSet(seen.w0())),
                "a slow device does not hold up what others submit");
        assertEquals(1, unit.log.stream().filter("IQT"::equals).count());
        assertEquals(
                List.of(Kind.IOTLB_INVALIDATE, Kind.IOTLB_SYNC, Kind.ATC_INVALIDATE, Kind.ATC_SYNC),
                bench.events);
        assertFalse(
                InvalidationDescriptor.IH.isSet(descriptors.getFirst().w1()),
                "tables may have been freed as well");
    }

    @Test
    void aDeviceThatJoinsWhileTheIotlbIsInvalidatedIsToldToo() {
        SvaDomain domain = bench.bind();
        AttachedDevice late = bench.attach(bench.dma);
        List<Integer> told = new ArrayList<>();
        bench.onEvent =
                kind -> {
                    if (kind == Kind.IOTLB_SYNC) {
                        // The IOTLB is clean only now: until here it could serve the newcomer.
                        bench.onEvent = other -> {};
                        late.bind(PASID, domain);
                        unit.seen.clear();
                    }
                };
        bench.mm.listeners.getFirst().invalidate(AddressRange.of(0x7000, 4096));
        unit.seen.stream().filter(Seen::isDeviceTlb).map(Seen::device).forEach(told::add);
        assertEquals(List.of(DriverBench.DMA), told);
    }

    @Test
    void everyDeviceOfTheAddressSpaceIsToldOnce() {
        SvaDomain domain = bench.bind();
        bench.attach(bench.dma).bind(PASID, domain);
        List<Seen> descriptors =
                bench.descriptorsOf(
                        () -> bench.mm.listeners.getFirst().invalidate(AddressRange.WHOLE));
        assertEquals(
                List.of(DriverBench.ZIP, DriverBench.DMA),
                descriptors.stream().filter(Seen::isDeviceTlb).map(Seen::device).toList());
        assertEquals(
                1,
                types(descriptors).stream().filter(DescriptorType.PASID_IOTLB::equals).count(),
                "one tag");
    }

    @Test
    void unbindEndsTheEntryThenWhatIsCachedOfItThenZeroesIt() {
        bench.bind();
        unit.watch = bench.pasidEntry(DriverBench.ZIP, PASID.value());
        List<Seen> descriptors = bench.descriptorsOf(() -> device.unbind(PASID));
        assertEquals(
                List.of(
                        DescriptorType.PASID_CACHE,
                        DescriptorType.PASID_IOTLB,
                        DescriptorType.WAIT,
                        DescriptorType.PASID_DEVICE_TLB,
                        DescriptorType.WAIT),
                types(descriptors).subList(0, 5));
        for (Seen early : descriptors.subList(0, 5)) {
            assertFalse(PasidTableEntry.present(early.watched()), "not present any more");
            assertEquals(
                    PasidTableEntry.PGTT_FIRST_STAGE,
                    PasidTableEntry.translationType(early.watched()),
                    "the rest is left for requests that have read it");
        }
        long drain =
                descriptors.stream()
                        .filter(seen -> seen.type() == DescriptorType.WAIT)
                        .filter(seen -> InvalidationDescriptor.PD.isSet(seen.w0()))
                        .mapToLong(Seen::watched)
                        .findFirst()
                        .orElse(-1);
        assertEquals(0, drain, "page requests are drained after the entry was zeroed");
        for (int i = 0; i < PasidTableEntry.WORDS; i++) {
            assertEquals(0, bench.word(unit.watch, i));
        }
    }

    @Test
    void theLastUnbindSwitchesOffInReverse() {
        SvaDomain domain = bench.bind();
        bench.zip.switches.clear();
        device.unbind(PASID);
        domain.close();
        assertEquals(List.of("pri false", "ats false"), bench.zip.switches);
        long context = bench.word(bench.contextEntry(DriverBench.ZIP), 0);
        assertTrue(ScalableContextEntry.present(context));
        assertFalse(ScalableContextEntry.deviceTlbEnabled(context));
        assertFalse(ScalableContextEntry.pageRequestEnabled(context));
        assertTrue(bench.mm.listeners.isEmpty());
    }

    @Test
    void releaseParksEveryEntrySilentlyAndDoesNotDrain() {
        SvaDomain domain = bench.bind();
        bench.attach(bench.dma).bind(PASID, domain);
        unit.watch = bench.pasidEntry(DriverBench.ZIP, PASID.value());
        List<Seen> descriptors = bench.descriptorsOf(() -> bench.mm.listeners.getFirst().release());
        assertTrue(descriptors.stream().noneMatch(seen -> PasidTableEntry.present(seen.watched())));
        assertTrue(
                descriptors.stream()
                        .allMatch(seen -> PasidTableEntry.faultsDisabled(seen.watched())),
                "there is no moment at which a fault is recorded");
        assertTrue(
                descriptors.stream()
                        .filter(seen -> seen.type() == DescriptorType.WAIT)
                        .noneMatch(seen -> InvalidationDescriptor.PD.isSet(seen.w0())));
        for (int requester : new int[] {DriverBench.ZIP, DriverBench.DMA}) {
            long entry = bench.pasidEntry(requester, PASID.value());
            assertEquals(PasidTableEntry.FPD.mask(), bench.word(entry, 0));
            assertEquals(0, bench.word(entry, 2));
        }
        assertEquals(2, bench.events.stream().filter(Kind.PASID_ENTRY_QUIESCED::equals).count());
    }

    @Test
    void aParkedEntryIsStillTakenAndGoesWithItsUnbind() {
        bench.bind();
        long entry = bench.pasidEntry(DriverBench.ZIP, PASID.value());
        bench.mm.listeners.getFirst().release();
        SvaDomain other = bench.driver.createDomain(new FakeAddressSpace(2, 0x4200_0000L));
        ErrnoException refused =
                assertThrows(ErrnoException.class, () -> device.bind(PASID, other));
        assertEquals(Errno.EBUSY, refused.errno());
        device.unbind(PASID);
        assertEquals(0, bench.word(entry, 0));
        device.bind(PASID, other);
        assertTrue(PasidTableEntry.present(bench.word(entry, 0)));
    }

    @Test
    void anEntryThatSomebodyElseWroteIsNotOverwritten() {
        bench.bind();
        long entry = bench.pasidEntry(DriverBench.ZIP, 6);
        bench.memory.writeLong(entry, PasidTableEntry.P.mask());
        SvaDomain other = bench.driver.createDomain(new FakeAddressSpace(2, 0x4200_0000L));
        ErrnoException refused =
                assertThrows(ErrnoException.class, () -> device.bind(new Pasid(6), other));
        assertEquals(Errno.EBUSY, refused.errno());
        assertEquals(PasidTableEntry.P.mask(), bench.word(entry, 0));
        other.close();
    }

    @Test
    void aBindToAReleasedAddressSpaceIsRefusedAndLeavesNoTrace() {
        SvaDomain domain = bench.driver.createDomain(bench.mm);
        bench.mm.listeners.getFirst().release();
        ErrnoException refused =
                assertThrows(ErrnoException.class, () -> device.bind(PASID, domain));
        assertEquals(Errno.EINVAL, refused.errno());
        assertEquals(List.of("pasid true"), bench.zip.switches);
        domain.close();
    }

    @Test
    void pasidZeroAndPasidsBeyondTheDeviceAreRefused() {
        SvaDomain domain = bench.driver.createDomain(bench.mm);
        assertEquals(1 << 16, device.maxPasids());
        for (int pasid : new int[] {0, device.maxPasids(), Pasid.MAX}) {
            ErrnoException refused =
                    assertThrows(ErrnoException.class, () -> device.bind(new Pasid(pasid), domain));
            assertEquals(Errno.EINVAL, refused.errno());
        }
    }

    @Test
    void theDirectoryIsAsLargeAsTheDevicesPasids() {
        bench.attach(bench.dma);
        assertEquals(
                1 << 16,
                ScalableContextEntry.pasidLimit(
                        bench.word(bench.contextEntry(DriverBench.ZIP), 0)));
        assertEquals(
                1 << 20,
                ScalableContextEntry.pasidLimit(
                        bench.word(bench.contextEntry(DriverBench.DMA), 0)));
    }

    @Test
    void withCachingModeAnEntryIsVisibleWhenBindReturns() {
        DriverBench caching =
                new DriverBench(RecordingUnit.CAP | Cap.CM.mask(), RecordingUnit.ECAP);
        caching.bind();
        caching.unit.watch = caching.pasidEntry(DriverBench.ZIP, PASID.value());
        caching.device.unbind(PASID);
        List<Seen> descriptors = caching.descriptorsOf(caching::bind);
        Seen flush =
                descriptors.stream()
                        .filter(seen -> seen.type() == DescriptorType.PASID_CACHE)
                        .findFirst()
                        .orElseThrow();
        assertTrue(PasidTableEntry.present(flush.watched()));
    }

    @Test
    void eachAddressSpaceHasADomainIdOfItsOwn() {
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            Pasid pasid = new Pasid(10 + i);
            device.bind(
                    pasid, bench.driver.createDomain(new FakeAddressSpace(10 + i, 0x4100_0000L)));
            long entry = bench.pasidEntry(DriverBench.ZIP, pasid.value());
            ids.add(PasidTableEntry.domainId(bench.word(entry, 1)));
        }
        assertEquals(50, ids.stream().distinct().count());
        assertFalse(ids.contains(0), "0 is the tag of entries that are not present");
    }

    @Test
    void aHundredThousandPasidsNeedNoMoreThanTheirTables() {
        FlatMemory memory = new FlatMemory(64 << 20);
        RecordingUnit large = new RecordingUnit(memory);
        VtdDriver other = probe(large, memory);
        AttachedDevice wide =
                other.attach(new FakeDevice("wide", 0x100, false, 20), (from, group) -> {});
        long before = memory.allocatedFrames();
        List<SvaDomain> domains = new ArrayList<>();
        for (int i = 1; i <= 100_000; i++) {
            SvaDomain domain = other.createDomain(new FakeAddressSpace(i, 0x4100_0000L));
            domains.add(domain);
            wide.bind(new Pasid(i), domain);
            large.seen.clear();
            large.log.clear();
        }
        assertEquals(100_000 / 64 + 1, memory.allocatedFrames() - before);
        for (int i = 1; i <= 100_000; i++) {
            wide.unbind(new Pasid(i));
            domains.get(i - 1).close();
            large.seen.clear();
            large.log.clear();
        }
        other.close();
        assertEquals(0, memory.allocatedFrames());
    }

    @Test
    void aDeviceThatNeverAnswersIsBlockedAndReportedAndTheOtherIsUnharmed() {
        for (boolean headWaits : new boolean[] {false, true}) {
            DriverBench two = new DriverBench();
            two.unit.headWaits = headWaits;
            SvaDomain domain = two.bind();
            two.attach(two.dma).bind(PASID, domain);
            two.unit.silentDevices.add(DriverBench.ZIP);
            two.mm.listeners.getFirst().invalidate(AddressRange.of(0x7000, 4096));
            assertEquals(1, two.faults.size());
            assertEquals(DriverBench.ZIP, two.faults.getFirst().requester().value());
            assertEquals(FaultRecord.Kind.EXTERNAL_ABORT, two.faults.getFirst().kind());
            long context = two.word(two.contextEntry(DriverBench.ZIP), 0);
            assertFalse(ScalableContextEntry.present(context), "nothing of it is let through");
            assertTrue(ScalableContextEntry.faultsDisabled(context), "and none of that recorded");
            List<Seen> descriptors =
                    two.descriptorsOf(() ->
                            two.mm.listeners.getFirst().invalidate(AddressRange.of(0x7000, 4096)));
            assertEquals(
                    List.of(DriverBench.DMA),
                    descriptors.stream().filter(Seen::isDeviceTlb).map(Seen::device).toList());
            assertThrows(
                    ErrnoException.class,
                    () ->
                            two.device.bind(
                                    new Pasid(6),
                                    two.driver.createDomain(
                                            new FakeAddressSpace(2, 0x4200_0000L))));
            two.device.unbind(PASID);
            two.driver.close();
        }
    }

    @Test
    void theTimeOutsOfAnotherDeviceAreNotHeldAgainstOne() {
        bench.bind();
        unit.strayTimeOuts = 7;
        bench.mm.listeners.getFirst().invalidate(AddressRange.of(0x7000, 4096));
        assertEquals(0, unit.strayTimeOuts, "it was asked until it answered");
        assertEquals(List.of(), bench.faults);
        assertTrue(
                ScalableContextEntry.present(bench.word(bench.contextEntry(DriverBench.ZIP), 0)));
    }

    @Test
    void aDeviceThatIsGoneIsNotAskedAndHoldsNothingUp() {
        bench.bind();
        bench.zip.unplug();
        unit.silentDevices.add(DriverBench.ZIP);
        List<Seen> descriptors =
                bench.descriptorsOf(() -> {
                    bench.mm.listeners.getFirst().invalidate(AddressRange.WHOLE);
                    device.unbind(PASID);
                });
        assertTrue(descriptors.stream().noneMatch(Seen::isDeviceTlb));
        assertEquals(List.of(), bench.faults);
    }

    @Test
    void aBindToADeviceThatNeverAnswersIsRefusedAndUndone() {
        unit.silentDevices.add(DriverBench.ZIP);
        SvaDomain domain = bench.driver.createDomain(bench.mm);
        ErrnoException refused =
                assertThrows(ErrnoException.class, () -> device.bind(PASID, domain));
        assertEquals(Errno.ENODEV, refused.errno());
        domain.close();
        assertTrue(bench.mm.listeners.isEmpty());
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
}
