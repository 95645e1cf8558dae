package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.PageTableFormat;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.vtd.driver.RecordingUnit.Seen;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.PasidTableEntry;
import org.opensva.vtd.layout.ScalableContextEntry;

import java.util.ArrayList;
import java.util.List;

/** What binding, releasing and unbinding leave in the tables, and in what order. */
class PasidEntriesTest {

    private static final Pasid PASID = DriverBench.PASID;

    private final DriverBench bench = new DriverBench();
    private final RecordingUnit unit = bench.unit;
    private final AttachedDevice device = bench.device;

    private static VtdDriver probe(RecordingUnit unit, FlatMemory memory) {
        return new VtdDriver(unit, memory, memory, HardwareEventSink.NONE, OpenTelemetry.noop());
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
                RecordingUnit.types(descriptors).indexOf(DescriptorType.CONTEXT_CACHE)
                        < RecordingUnit.types(descriptors).indexOf(DescriptorType.DEVICE_TLB),
                "the unit serves the device-TLB before it is emptied");
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
                RecordingUnit.types(descriptors).subList(0, 5));
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
}
