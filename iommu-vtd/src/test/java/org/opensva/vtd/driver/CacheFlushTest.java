package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.vtd.driver.RecordingUnit.Seen;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.PasidTableEntry;
import org.opensva.vtd.layout.ScalableContextEntry;

import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** What is invalidated, for whom, how often, and what becomes of invalidations that fail. */
class CacheFlushTest {

    private static final AddressRange PAGE = AddressRange.of(0x7000, 4096);
    private static final Pasid PASID = DriverBench.PASID;

    private final DriverBench bench = new DriverBench();

    private static AddressSpaceListener listener(DriverBench bench) {
        return bench.mm.listeners.getFirst();
    }

    private static void assertIoError(Runnable action) {
        ErrnoException refused = assertThrows(ErrnoException.class, action::run);
        assertEquals(Errno.EIO, refused.errno());
    }

    private static List<Seen> only(List<Seen> descriptors, Predicate<Seen> wanted) {
        return descriptors.stream().filter(wanted).toList();
    }

    @Test
    void anAddressSpaceThatNobodyUsesCostsNothing() {
        bench.driver.createDomain(bench.mm);
        assertEquals(List.of(), bench.descriptorsOf(() -> listener(bench).invalidate(PAGE)));
        assertEquals(List.of(), bench.recorded);
    }

    @Test
    void aDeviceIsToldAsOftenAsItNeeds() {
        bench.zip.needed = 3;
        List<Seen> descriptors =
                only(
                        bench.descriptorsOf(() -> {
                            bench.bind();
                            listener(bench).invalidate(PAGE);
                            bench.device.unbind(PASID);
                        }),
                        Seen::isDeviceTlb);
        Map<Seen, Long> times =
                descriptors.stream()
                        .map(seen -> new Seen(seen.type(), seen.w0(), seen.w1(), 0))
                        .collect(Collectors.groupingBy(seen -> seen, Collectors.counting()));
        assertEquals(3, times.size(), "a page, the PASID, the device");
        times.values().forEach(count -> assertEquals(0, count % 3));
        for (int i = 0; i < descriptors.size(); i += 3) {
            assertEquals(descriptors.get(i), descriptors.get(i + 1));
            assertEquals(descriptors.get(i), descriptors.get(i + 2));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void thePhysicalFunctionIsNamedWhereTheUnitThrottlesByIt(boolean throttles) {
        DriverBench each =
                new DriverBench(
                        RecordingUnit.CAP,
                        throttles ? RecordingUnit.ECAP : RecordingUnit.ECAP & ~Ecap.DIT.mask());
        List<Seen> told =
                only(
                        each.descriptorsOf(() -> {
                            each.bind();
                            listener(each).invalidate(PAGE);
                        }),
                        Seen::isDeviceTlb);
        assertEquals(
                List.of(
                        DescriptorType.DEVICE_TLB,
                        DescriptorType.PASID_DEVICE_TLB,
                        DescriptorType.PASID_DEVICE_TLB),
                told.stream().map(Seen::type).toList());
        told.forEach(seen ->
                assertEquals(
                        throttles ? DriverBench.ZIP : 0, InvalidationDescriptor.pfsid(seen.w0())));
    }

    @Test
    void eachPasidOfAnAddressSpaceIsInvalidatedOnceHoweverManyDevicesUseIt() {
        SvaDomain domain = bench.bind();
        bench.attach(bench.dma).bind(PASID, domain);
        bench.device.bind(new Pasid(9), domain);
        List<Seen> descriptors = bench.descriptorsOf(() -> listener(bench).invalidate(PAGE));
        assertEquals(
                List.of(5, 9),
                only(descriptors, seen -> seen.type() == DescriptorType.PASID_IOTLB).stream()
                        .map(seen -> InvalidationDescriptor.pasid(seen.w0()))
                        .toList());
        assertEquals(
                List.of(DriverBench.ZIP, DriverBench.DMA, DriverBench.ZIP),
                only(descriptors, Seen::isDeviceTlb).stream().map(Seen::device).toList());
    }

    @Test
    void withoutDeviceTlbsAnInvalidationIsTheIotlbAndOneWait() {
        DriverBench plain =
                new DriverBench(RecordingUnit.CAP, RecordingUnit.ECAP & ~Ecap.DT.mask());
        plain.bind();
        assertEquals(List.of("pasid true"), plain.zip.switches);
        assertEquals(
                List.of(DescriptorType.PASID_IOTLB, DescriptorType.WAIT),
                plain.descriptorsOf(() -> listener(plain).invalidate(PAGE)).stream()
                        .map(Seen::type)
                        .toList());
    }

    @ParameterizedTest
    @EnumSource(names = {"PASID_IOTLB", "PASID_DEVICE_TLB", "WAIT"})
    void anUnmapWhoseInvalidationIsRefusedDoesNotPretend(DescriptorType type) {
        bench.bind();
        bench.unit.refusable = RecordingUnit.of(type);
        bench.unit.refusals = 2;
        assertIoError(() -> listener(bench).invalidate(PAGE));
        listener(bench).invalidate(PAGE);
    }

    @ParameterizedTest
    @EnumSource(names = {"CONTEXT_CACHE", "DEVICE_TLB", "PASID_DEVICE_TLB"})
    void aBindWhoseInvalidationIsRefusedIsUndoneAndCanBeRepeated(DescriptorType type) {
        SvaDomain domain = bench.driver.createDomain(bench.mm);
        bench.unit.refusable = RecordingUnit.of(type);
        bench.unit.refusals = 2;
        assertIoError(() -> bench.device.bind(PASID, domain));
        assertEquals(0, bench.word(bench.pasidEntry(DriverBench.ZIP, PASID.value()), 0));
        assertFalse(bench.zip.isAtsEnabled());
        assertEquals(List.of(), bench.descriptorsOf(() -> listener(bench).invalidate(PAGE)));
        bench.device.bind(PASID, domain);
        assertTrue(bench.zip.isAtsEnabled());
        bench.device.unbind(PASID);
        domain.close();
    }

    @Test
    void anUnbindWhoseInvalidationIsRefusedCanBeRepeated() {
        bench.bind();
        long entry = bench.pasidEntry(DriverBench.ZIP, PASID.value());
        bench.unit.refusals = 2;
        assertIoError(() -> bench.device.unbind(PASID));
        assertFalse(PasidTableEntry.present(bench.word(entry, 0)));
        bench.device.unbind(PASID);
        assertEquals(0, bench.word(entry, 0));
    }

    @Test
    void aDrainThatIsRefusedDoesNotPretendEither() {
        for (boolean present : new boolean[] {true, false}) {
            DriverBench each = new DriverBench();
            each.bind();
            if (!present) {
                each.zip.unplug();
            }
            each.unit.refusable =
                    RecordingUnit.of(DescriptorType.WAIT)
                            .and(w0 -> InvalidationDescriptor.PD.isSet(w0));
            each.unit.refusals = 2;
            assertIoError(() -> each.device.unbind(PASID));
        }
    }

    @Test
    void aDrainBeginsAfterTheAnswersThatWereSentAndEndsWhenTheQueueHasEverything() {
        bench.bind();
        List<Seen> descriptors = bench.descriptorsOf(() -> bench.device.unbind(PASID));
        List<Seen> waits = only(descriptors, seen -> seen.type() == DescriptorType.WAIT);
        Seen fence = only(waits, seen -> InvalidationDescriptor.FN.isSet(seen.w0())).getFirst();
        Seen drain = only(waits, seen -> InvalidationDescriptor.PD.isSet(seen.w0())).getFirst();
        assertEquals(
                List.of(
                        DescriptorType.PASID_IOTLB,
                        DescriptorType.WAIT,
                        DescriptorType.PASID_DEVICE_TLB),
                descriptors
                        .subList(descriptors.indexOf(fence) + 1, descriptors.indexOf(drain))
                        .stream()
                        .map(Seen::type)
                        .toList());
        assertTrue(InvalidationDescriptor.SW.isSet(drain.w0()), "somebody waits for it");
    }

    @Test
    void theTimeOutOfAnotherDeviceDoesNotEndTheWaitForTheIotlb() {
        bench.bind();
        bench.unit.strayTimeOuts = 1;
        bench.unit.strays = RecordingUnit.of(DescriptorType.PASID_IOTLB);
        List<Seen> descriptors = bench.descriptorsOf(() -> listener(bench).invalidate(PAGE));
        assertEquals(
                2,
                only(descriptors, seen -> seen.type() == DescriptorType.PASID_IOTLB).size(),
                "once more");
        assertEquals(
                1,
                bench.events.stream().filter(Kind.ATC_INVALIDATE::equals).count(),
                "the device is waited for once");
        assertEquals(List.of(), bench.faults);
    }

    @Test
    void theTimeOutOfAnotherDeviceDoesNotEndTheWaitForAContextEntry() {
        bench.unit.strayTimeOuts = 1;
        bench.unit.strays = RecordingUnit.of(DescriptorType.CONTEXT_CACHE);
        List<Seen> descriptors = bench.descriptorsOf(bench::bind);
        assertEquals(
                2,
                only(descriptors, seen -> seen.type() == DescriptorType.CONTEXT_CACHE).size(),
                "once more");
    }

    @Test
    void aUnitThatDoesNotTellWhoWasSilentMeansWhoWasAsked() {
        bench.bind();
        bench.unit.silentDevices.add(DriverBench.ZIP);
        bench.unit.namesSilent = false;
        listener(bench).invalidate(PAGE);
        assertFalse(
                ScalableContextEntry.present(bench.word(bench.contextEntry(DriverBench.ZIP), 0)));
    }

    @Test
    void aDeviceThatIsSilentOnceIsForgiven() {
        bench.bind();
        bench.unit.silentDevices.add(DriverBench.ZIP);
        bench.unit.patience = 2;
        listener(bench).invalidate(PAGE);
        assertEquals(List.of(), bench.faults);
        assertTrue(
                ScalableContextEntry.present(bench.word(bench.contextEntry(DriverBench.ZIP), 0)));
    }

    @Test
    void withCachingModeWhatWasNotPresentIsInvalidatedWhenItBecomesPresentAndWhenItGoes() {
        DriverBench caching =
                new DriverBench(RecordingUnit.CAP | Cap.CM.mask(), RecordingUnit.ECAP);
        FakeDevice late = new FakeDevice("late", 0x300, false);
        List<Seen> attach = caching.descriptorsOf(() -> caching.attach(late));
        assertEquals(
                List.of(DescriptorType.CONTEXT_CACHE, DescriptorType.WAIT),
                attach.stream().map(Seen::type).toList());
        assertEquals(0x300, InvalidationDescriptor.CC_SID.get(attach.getFirst().w0()));
        caching.bind();
        listener(caching).release();
        caching.unit.watch = caching.pasidEntry(DriverBench.ZIP, PASID.value());
        Seen parked =
                only(
                                caching.descriptorsOf(() -> caching.device.unbind(PASID)),
                                seen -> seen.type() == DescriptorType.PASID_CACHE)
                        .getFirst();
        assertEquals(0, parked.watched(), "the parked entry may be cached as well");
    }

    @Test
    void withoutCachingModeWhatWasNotPresentIsNotInvalidated() {
        FakeDevice late = new FakeDevice("late", 0x300, false);
        assertEquals(List.of(), bench.descriptorsOf(() -> bench.attach(late)));
        bench.bind();
        listener(bench).release();
        assertEquals(
                List.of(),
                only(
                        bench.descriptorsOf(() -> bench.device.unbind(PASID)),
                        seen -> seen.type() == DescriptorType.PASID_CACHE));
    }
}
