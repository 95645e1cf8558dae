package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.vtd.driver.RecordingUnit.Seen;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.EventRegisters.EventControl;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.FaultRecord;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.PageRequestDescriptor;
import org.opensva.vtd.layout.PasidTableEntry;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.layout.ScalableContextEntry;

import java.util.ArrayList;
import java.util.List;

/** Attach, bind, unbind, close: what is refused, what is undone, what may be repeated. */
class LifecycleTest {

    private static final Pasid PASID = DriverBench.PASID;

    private final DriverBench bench = new DriverBench();

    private static void assertRefused(Errno errno, Runnable action) {
        assertEquals(errno, assertThrows(ErrnoException.class, action::run).errno());
    }

    @Test
    void aDeviceSaysWhatItIs() {
        assertSame(bench.zip, bench.device.function());
        assertTrue(bench.device.recoversFaults());
        assertEquals("zip-0 (01:00.0)", bench.device.toString());
    }

    @Test
    void aDeviceWithoutPasidsIsBlockedAndCannotBeBound() {
        FakeDevice plain = new FakeDevice("plain", 0x300, true, 0);
        AttachedDevice attached = bench.attach(plain);
        assertEquals(0, attached.maxPasids());
        assertFalse(attached.recoversFaults());
        long context = bench.word(bench.contextEntry(0x300), 0);
        assertTrue(ScalableContextEntry.present(context));
        assertFalse(ScalableContextEntry.pasidEnabled(context));
        assertRefused(
                Errno.EINVAL, () -> attached.bind(PASID, bench.driver.createDomain(bench.mm)));
        attached.close();
        assertEquals(List.of(), plain.switches, "there is no switch for PASIDs");
    }

    @Test
    void theSmallerOfTheDevicesAndTheUnitsPasidsCounts() {
        AttachedDevice wide = bench.attach(bench.dma);
        assertEquals(1 << 20, wide.maxPasids());
        SvaDomain domain = bench.driver.createDomain(bench.mm);
        wide.bind(new Pasid(Pasid.MAX), domain);
        bench.device.bind(new Pasid(0xffff), domain);
        ErrnoException refused =
                assertThrows(
                        ErrnoException.class, () -> bench.device.bind(new Pasid(0x1_0000), domain));
        assertTrue(refused.getMessage().contains("allowed: 1 to 65535"), refused.getMessage());
        bench.device.bind(new Pasid(1), domain);
        assertTrue(
                PasidTableEntry.present(
                        bench.word(bench.pasidEntry(DriverBench.DMA, Pasid.MAX), 0)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ats true", "pri true"})
    void aBindToADeviceThatDoesNotObeyIsUndoneAndCanBeRepeated(String broken) {
        SvaDomain domain = bench.driver.createDomain(bench.mm);
        bench.zip.broken = broken;
        assertRefused(Errno.EIO, () -> bench.device.bind(PASID, domain));
        assertFalse(bench.zip.isAtsEnabled());
        assertEquals(0, bench.word(bench.pasidEntry(DriverBench.ZIP, PASID.value()), 0));
        long context = bench.word(bench.contextEntry(DriverBench.ZIP), 0);
        assertTrue(ScalableContextEntry.present(context));
        assertFalse(ScalableContextEntry.deviceTlbEnabled(context), "nothing of it is served");
        bench.zip.broken = "";
        bench.device.bind(PASID, domain);
        assertTrue(bench.zip.isAtsEnabled());
    }

    @Test
    void aSecondBindThatFailsLeavesTheFirstAsItIs() {
        SvaDomain first = bench.bind();
        long entry = bench.pasidEntry(DriverBench.ZIP, 6);
        bench.unit.refusable = RecordingUnit.of(DescriptorType.PASID_DEVICE_TLB);
        bench.unit.refusals = 2;
        SvaDomain other = bench.driver.createDomain(new FakeAddressSpace(2, 0x4200_0000L));
        bench.unit.watch = entry;
        List<Seen> descriptors =
                bench.descriptorsOf(() ->
                        assertRefused(Errno.EIO, () -> bench.device.bind(new Pasid(6), other)));
        assertEquals(
                List.of(false),
                descriptors.stream()
                        .filter(seen -> seen.type() == DescriptorType.PASID_CACHE)
                        .map(seen -> PasidTableEntry.present(seen.watched()))
                        .toList(),
                "its entry is forgotten by the hardware once it is not present");
        assertEquals(0, bench.word(entry, 0));
        assertTrue(bench.zip.isAtsEnabled());
        assertTrue(
                ScalableContextEntry.deviceTlbEnabled(
                        bench.word(bench.contextEntry(DriverBench.ZIP), 0)));
        other.close();
        bench.device.unbind(PASID);
        first.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1})
    void anAttachThatFailsLeavesNoTrace(long cachingMode) {
        DriverBench each =
                new DriverBench(Cap.CM.set(RecordingUnit.CAP, cachingMode), RecordingUnit.ECAP);
        long before = each.memory.allocatedFrames();
        each.dma.broken = "pasid true";
        assertRefused(Errno.EIO, () -> each.attach(each.dma));
        assertEquals(1, each.memory.allocatedFrames() - before, "the context table of its bus");
        for (int i = 0; i < 4; i++) {
            assertEquals(0, each.word(each.contextEntry(DriverBench.DMA), i));
        }
        each.dma.broken = "";
        each.attach(each.dma).close();
    }

    @Test
    void aDetachedDeviceIsBlockedInTheHardwareBeforeItsTablesGo() {
        bench.unit.watch = bench.contextEntry(DriverBench.ZIP);
        List<Seen> descriptors = bench.descriptorsOf(bench.device::close);
        assertEquals(
                List.of(DescriptorType.CONTEXT_CACHE, DescriptorType.WAIT),
                descriptors.stream().map(Seen::type).toList());
        long context = descriptors.getFirst().watched();
        assertFalse(ScalableContextEntry.present(context));
        assertTrue(ScalableContextEntry.faultsDisabled(context));
        for (int i = 0; i < 4; i++) {
            assertEquals(0, bench.word(bench.unit.watch, i));
        }
        assertEquals("pasid false", bench.zip.switches.getLast());
    }

    @Test
    void closingADeviceUnbindsItAndIsDoneOnce() {
        SvaDomain domain = bench.bind();
        bench.device.bind(new Pasid(6), domain);
        bench.device.close();
        assertEquals(List.of(), bench.descriptorsOf(bench.device::close));
        assertRefused(Errno.ENODEV, () -> bench.device.bind(PASID, domain));
        domain.close();
        bench.attach(bench.zip).bind(PASID, bench.driver.createDomain(bench.mm));
    }

    @Test
    void whatIsNotBoundCannotBeUnbound() {
        bench.bind();
        assertRefused(Errno.EINVAL, () -> bench.device.unbind(new Pasid(6)));
        bench.device.unbind(PASID);
        assertRefused(Errno.EINVAL, () -> bench.device.unbind(PASID));
    }

    @Test
    void aDomainOfAnotherUnitIsRefused() {
        SvaDomain foreign = new DriverBench().bind();
        assertRefused(Errno.EINVAL, () -> bench.device.bind(PASID, foreign));
    }

    @Test
    void aDeviceThatIsUnpluggedIsNotBound() {
        bench.zip.unplug();
        assertRefused(
                Errno.ENODEV, () -> bench.device.bind(PASID, bench.driver.createDomain(bench.mm)));
    }

    @Test
    void aDomainKnowsItsAddressSpaceAndIsKnownByItsDomainId() {
        SvaDomain domain = bench.bind();
        assertSame(bench.mm, domain.addressSpace());
        assertEquals(
                PasidTableEntry.domainId(
                        bench.word(bench.pasidEntry(DriverBench.ZIP, PASID.value()), 1)),
                domain.asid().orElseThrow());
    }

    @Test
    void aDomainInUseCannotBeClosedAndOneOutOfUseIsClosedOnce() {
        SvaDomain domain = bench.bind();
        assertThrows(IllegalStateException.class, domain::close);
        assertEquals(1, bench.mm.listeners.size());
        bench.device.unbind(PASID);
        domain.close();
        assertEquals(0, bench.mm.listeners.size());
        domain.close();
        assertRefused(Errno.EINVAL, () -> bench.device.bind(PASID, domain));
    }

    @Test
    void aClosedDriverAttachesNothingAndItsInterruptsTouchNothing() {
        bench.bind();
        bench.unit.pageRequest(
                PageRequestDescriptor.encodeLow(DriverBench.ZIP, true, PASID.value(), false, false),
                PageRequestDescriptor.encodeHigh(0x5000, 3, true, true, false));
        bench.driver.onPageRequestInterrupt();
        bench.driver.close();
        assertEquals(EventControl.IM.mask(), bench.unit.get(Register.FECTL), "masked");
        assertEquals(EventControl.IM.mask(), bench.unit.get(Register.PECTL), "masked");
        assertEquals(0, bench.unit.get(Register.PQA));
        bench.unit.log.clear();
        bench.driver.close();
        bench.driver.onFaultInterrupt();
        bench.driver.onPageRequestInterrupt();
        bench.driver.onInvalidationInterrupt();
        bench.device.respond(bench.groups.getFirst(), PageResponse.SUCCESS);
        assertEquals(List.of(), bench.unit.log);
        assertRefused(Errno.ENODEV, () -> bench.attach(bench.dma));
    }

    @Test
    void faultsThatWereRecordedBeforeAnUnbindAreHandedOnBeforeItReturns() {
        bench.bind();
        bench.unit.fault(
                FaultRecord.encodeLow(0x7000),
                FaultRecord.encodeHigh(
                        FaultReason.FIRST_STAGE_NOT_PRESENT,
                        DriverBench.ZIP,
                        FaultRecord.TYPE_READ,
                        FaultRecord.AT_UNTRANSLATED));
        bench.device.unbind(PASID);
        assertEquals(1, bench.faults.size());
    }

    @Test
    void aDeviceThatIsCutOffStaysBlockedWhateverIsUnboundAndIsReportedOnce() {
        bench.bind();
        bench.unit.silentDevices.add(DriverBench.ZIP);
        bench.unit.watch = bench.contextEntry(DriverBench.ZIP);
        List<Seen> descriptors =
                bench.descriptorsOf(
                        () -> bench.mm.listeners.getFirst().invalidate(AddressRange.WHOLE));
        Seen forgotten =
                descriptors.stream()
                        .filter(seen -> seen.type() == DescriptorType.CONTEXT_CACHE)
                        .findFirst()
                        .orElseThrow();
        assertEquals(
                DriverBench.ZIP, InvalidationDescriptor.CC_SID.get(forgotten.w0()), "by the unit");
        assertFalse(ScalableContextEntry.present(forgotten.watched()));
        bench.mm.listeners.getFirst().invalidate(AddressRange.WHOLE);
        bench.device.unbind(PASID);
        assertFalse(ScalableContextEntry.present(bench.word(bench.unit.watch, 0)));
        bench.device.close();
        assertEquals(1, bench.faults.size());
    }

    @Test
    void anEntryIsNotPresentFromItsFirstStoreOn() {
        long entry = bench.contextEntry(DriverBench.ZIP);
        List<FlatMemory.Write> writes = new ArrayList<>();
        bench.memory.observe(write -> {
            if (write.address() >= entry && write.address() < entry + ScalableContextEntry.BYTES) {
                writes.add(write);
            }
        });
        bench.device.close();
        assertEquals(entry, writes.getFirst().address());
        assertEquals(2 * ScalableContextEntry.WORDS, writes.size(), "blocked, then zeroed");
        assertTrue(writes.stream().noneMatch(write -> ScalableContextEntry.present(write.value())));
    }

    @Test
    void theEntriesOfNeighboursStayAsTheyAre() {
        SvaDomain domain = bench.driver.createDomain(bench.mm);
        List<AttachedDevice> devices = new ArrayList<>();
        for (int function = 1; function < 4; function++) {
            AttachedDevice each =
                    bench.attach(
                            new FakeDevice("zip-" + function, DriverBench.ZIP + function, true));
            devices.add(each);
            for (int pasid = 8; pasid < 11; pasid++) {
                each.bind(new Pasid(pasid), domain);
            }
        }
        long before = bench.word(bench.contextEntry(DriverBench.ZIP + 1), 0);
        devices.get(1).unbind(new Pasid(9));
        assertTrue(
                PasidTableEntry.present(bench.word(bench.pasidEntry(DriverBench.ZIP + 2, 8), 0)));
        assertTrue(
                PasidTableEntry.present(bench.word(bench.pasidEntry(DriverBench.ZIP + 2, 10), 0)));
        devices.get(1).close();
        for (int function : new int[] {1, 3}) {
            long context = bench.contextEntry(DriverBench.ZIP + function);
            // They differ in their PASID tables alone.
            assertEquals(before & 0xfff, bench.word(context, 0) & 0xfff);
            for (int pasid = 8; pasid < 11; pasid++) {
                long entry = bench.pasidEntry(DriverBench.ZIP + function, pasid);
                assertTrue(PasidTableEntry.present(bench.word(entry, 0)));
                assertEquals(0x4100_0000L, PasidTableEntry.firstStageTable(bench.word(entry, 2)));
            }
        }
    }

    @Test
    void everyRequesterOfSixteenBitsIsBehindTheUnitAndNoOther() {
        bench.attach(new FakeDevice("first", 0, true)).close();
        bench.attach(new FakeDevice("last", 0xffff, true)).close();
        for (int requester : new int[] {0x1_0000, -1}) {
            assertRefused(Errno.ENODEV, () -> bench.attach(new FakeDevice("far", requester, true)));
        }
    }

    @Test
    void aClosingDriversTablesAreNotCachedAnyMoreWhenTheyAreFreed() {
        bench.unit.watch = Rtaddr.rootTable(bench.unit.get(Register.RTADDR)) + 16;
        assertTrue(bench.memory.readLong(bench.unit.watch) != 0, "of bus 1");
        List<Seen> descriptors = bench.descriptorsOf(bench.driver::close);
        List<Seen> last = descriptors.subList(descriptors.size() - 4, descriptors.size());
        assertEquals(
                List.of(
                        DescriptorType.CONTEXT_CACHE,
                        DescriptorType.PASID_CACHE,
                        DescriptorType.IOTLB,
                        DescriptorType.WAIT),
                last.stream().map(Seen::type).toList());
        last.forEach(seen -> assertEquals(0, seen.watched()));
    }
}
