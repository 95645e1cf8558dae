package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.vtd.driver.RecordingUnit.Seen;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.ScalableContextEntry;

import java.util.ArrayList;
import java.util.List;

/** Who is told of a change, in what order, and what becomes of who does not answer. */
class InvalidationOrderTest {

    private static final Pasid PASID = DriverBench.PASID;

    private final DriverBench bench = new DriverBench();
    private final RecordingUnit unit = bench.unit;
    private final AttachedDevice device = bench.device;

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
                RecordingUnit.types(descriptors));
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
                RecordingUnit.types(descriptors).stream()
                        .filter(DescriptorType.PASID_IOTLB::equals)
                        .count(),
                "one tag");
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
}
