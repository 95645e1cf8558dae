package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.smmuv3.layout.Stage1Descriptor;
import org.opensva.smmuv3.model.SmmuInterrupts;
import org.opensva.smmuv3.model.SmmuProfile;
import org.opensva.smmuv3.model.SmmuV3;

import java.util.ArrayList;
import java.util.List;

/** The driver and the hardware model together, with a process's page tables written by hand. */
class DriverOnTheModelTest {

    private static final Pasid PASID = new Pasid(5);
    private static final long PAGE_VA = 0x7f00_1234_5000L;
    private static final long PAGE_FLAGS =
            Stage1Descriptor.AF.mask()
                    | Stage1Descriptor.NG.mask()
                    | Stage1Descriptor.SH.place(3)
                    | 1 << 6 // AP[1]: unprivileged
                    | 3;

    private final FlatMemory memory = new FlatMemory();
    private final Wires wires = new Wires();
    private final SmmuV3 smmu = new SmmuV3(SmmuProfile.sva(), memory, wires, System::nanoTime);
    private final SmmuV3Driver driver =
            new SmmuV3Driver(smmu, memory, memory, HardwareEventSink.NONE, OpenTelemetry.noop());
    private final FakeDevice function = new FakeDevice("zip-0", 0x100, true);
    private final Port port = new Port();
    private final AgentPort agent = smmu.connect(function.requester(), port);
    private final List<PageFaultGroup> groups = new ArrayList<>();
    private final List<FaultRecord> faults = new ArrayList<>();
    private final FakeAddressSpace mm = new FakeAddressSpace(1, memory.allocate(0));
    private final long page = memory.allocate(0);
    private final long leaf = map(PAGE_VA, page);

    /** Interrupts are handled when the test says so. */
    private static final class Wires implements SmmuInterrupts {
        final List<Wire> raised = new ArrayList<>();

        @Override
        public synchronized void wired(Wire wire) {
            raised.add(wire);
        }

        @Override
        public void message(long address, int data) {}
    }

    /** A device that answers invalidations at once and remembers page responses. */
    private final class Port implements DevicePort {
        final List<InvalidateRequest> invalidations = new ArrayList<>();
        final List<PageGroupResponse> responses = new ArrayList<>();

        @Override
        public void invalidate(InvalidateRequest request) {
            invalidations.add(request);
            agent.complete(InvalidateCompletion.of(request.itag()));
        }

        @Override
        public void respond(PageGroupResponse response) {
            responses.add(response);
        }
    }

    /** Writes the tables for one page and returns the address of its entry. */
    private long map(long va, long pa) {
        long table = mm.pageTable().orElseThrow().root();
        for (int shift = 39; shift > 12; shift -= 9) {
            long entry = table + (va >>> shift & 511) * 8;
            if (memory.readLong(entry) == 0) {
                memory.writeLong(entry, memory.allocate(0) | 3);
            }
            table = memory.readLong(entry) & 0x0000_ffff_ffff_f000L;
        }
        long entry = table + (va >>> 12 & 511) * 8;
        memory.writeLong(entry, pa | PAGE_FLAGS);
        return entry;
    }

    private AttachedDevice bind() {
        driver.onFault(faults::add);
        AttachedDevice device = driver.attach(function, (from, group) -> groups.add(group));
        device.bind(PASID, driver.createDomain(mm));
        return device;
    }

    private long write(int value) {
        return agent.write(PASID.value(), Access.WRITE, PAGE_VA, new byte[] {(byte) value}, 0, 1);
    }

    @AfterEach
    void everythingCanBeClosed() {
        driver.close();
        smmu.close();
    }

    @Test
    void aBoundDeviceReachesTheProcessThroughItsOwnTables() {
        bind();
        assertTrue(DmaResult.isComplete(write(42)), () -> faults.toString());
        byte[] got = new byte[1];
        memory.read(page, got, 0, 1);
        assertEquals(42, got[0]);
    }

    @Test
    void aPasidThatIsNotBoundIsAborted() {
        bind();
        long result = agent.write(6, Access.WRITE, PAGE_VA, new byte[1], 0, 1);
        assertFalse(DmaResult.isComplete(result));
        driver.onEventInterrupt();
        assertEquals(FaultRecord.Kind.PASID_CONFIGURATION, faults.getFirst().kind());
    }

    @Test
    void anUnmappedPageIsGoneFromIotlbAndAtcWhenTheListenerReturns() {
        bind();
        write(1);
        memory.writeLong(leaf, 0);
        assertTrue(DmaResult.isComplete(write(2)), "the IOTLB keeps what nobody invalidated");
        mm.listeners.getFirst().invalidate(AddressRange.of(PAGE_VA, 4096));
        assertFalse(DmaResult.isComplete(write(3)));
        assertTrue(
                port.invalidations.stream()
                        .anyMatch(request ->
                                request.pasid() == PASID.value() && request.covers(PAGE_VA)));
    }

    @Test
    void aTranslationRequestIsAnsweredWithWhatThePageAllows() {
        bind();
        long[] entries = new long[1];
        assertEquals(1, agent.translate(PASID.value(), Access.WRITE, PAGE_VA, entries));
        assertEquals(page, TranslationEntry.address(entries[0]));
        assertEquals(Access.READ | Access.WRITE, TranslationEntry.access(entries[0]));
        assertEquals(1, agent.translate(PASID.value(), Access.READ, PAGE_VA + 0x1000, entries));
        assertEquals(0, TranslationEntry.access(entries[0]), "not there: no permission, no fault");
    }

    @Test
    void aPageRequestComesToTheHandlerAndItsAnswerToTheDevice() {
        AttachedDevice device = bind();
        agent.request(new PageRequest(PASID.value(), 0x5000, Access.WRITE, 3, true));
        assertTrue(wires.raised.contains(SmmuInterrupts.Wire.PRIQ));
        driver.onPriInterrupt();
        assertEquals(1, groups.size());
        assertEquals(0x5000, groups.getFirst().faults().getFirst().address());
        device.respond(groups.getFirst(), PageResponse.SUCCESS);
        assertEquals(
                List.of(new PageGroupResponse(PASID.value(), 3, PageResponse.SUCCESS)),
                port.responses);
        device.respond(groups.getFirst(), PageResponse.SUCCESS);
        assertEquals(1, port.responses.size(), "exactly one answer");
    }

    @Test
    void aRequestThatComesWhileTheQueueIsBeingEmptiedIsNotLeftLying() {
        bind();
        agent.request(new PageRequest(PASID.value(), 0x5000, Access.WRITE, 3, true));
        wires.raised.clear();
        // The second is being written when the driver takes the first and finds nothing more.
        memory.beforeNextWrite(driver::onPriInterrupt);
        agent.request(new PageRequest(PASID.value(), 0x6000, Access.WRITE, 4, true));
        assertEquals(1, groups.size());
        assertTrue(wires.raised.contains(SmmuInterrupts.Wire.PRIQ));
        driver.onPriInterrupt();
        assertEquals(2, groups.size());
    }

    @Test
    void aReleasedAddressSpaceAbortsSilently() {
        AttachedDevice device = bind();
        write(1);
        mm.listeners.getFirst().release();
        for (int i = 0; i < 100; i++) {
            assertFalse(DmaResult.isComplete(write(i)));
        }
        driver.onEventInterrupt();
        assertEquals(List.of(), faults, "no event storm");
        device.unbind(PASID);
        assertFalse(DmaResult.isComplete(write(1)));
    }

    @Test
    void afterUnbindNothingOfThePasidIsReachable() {
        AttachedDevice device = bind();
        long[] entries = new long[1];
        agent.translate(PASID.value(), Access.WRITE, PAGE_VA, entries);
        long translated = TranslationEntry.address(entries[0]);
        device.unbind(PASID);
        assertFalse(DmaResult.isComplete(write(1)));
        assertFalse(
                DmaResult.isComplete(agent.writeTranslated(translated, new byte[1], 0, 1)),
                "translated requests are checked against the blocked stream");
    }

    /** A disabled SMMU lets everything pass by, unless SMMU_GBPA says otherwise. */
    @Test
    void whatTheDeviceSendsAfterTheDriverIsClosedReachesNothing() {
        bind();
        driver.close();
        assertFalse(
                DmaResult.isComplete(
                        agent.write(Pasid.NONE, Access.WRITE, page, new byte[] {1}, 0, 1)));
        assertFalse(DmaResult.isComplete(agent.writeTranslated(page, new byte[] {1}, 0, 1)));
        assertEquals(0, memory.readLong(page));
    }

    @Test
    void aTagIsCleanWhenItIsUsedAgain() {
        AttachedDevice device = bind();
        write(1);
        device.unbind(PASID);
        for (int i = 0; i < 70_000; i++) {
            // All 65535 tags come round once.
            SvaDomain domain = driver.createDomain(mm);
            if (i < 69_999) {
                domain.close();
            } else {
                memory.writeLong(leaf, 0);
                device.bind(PASID, domain);
            }
        }
        assertFalse(DmaResult.isComplete(write(2)));
    }

    @Test
    void cachedTranslationsAreCounted() {
        bind();
        write(1);
        long misses = smmu.count(HardwareCounter.IOTLB_MISSES);
        write(2);
        assertEquals(misses, smmu.count(HardwareCounter.IOTLB_MISSES));
        assertTrue(smmu.count(HardwareCounter.IOTLB_HITS) > 0);
    }
}
