package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.vtd.driver.ModelBench.PAGE_VA;
import static org.opensva.vtd.driver.ModelBench.PASID;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.PageTableFormat;
import org.opensva.api.telemetry.HardwareCounter;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

/** The driver and the hardware model together. */
class DriverOnTheModelTest {

    private final ModelBench bench = new ModelBench(PageTableFormat.X86_64_4LEVEL);
    private final ModelBench.Function zip = bench.zip;
    private final long page = bench.memory.allocate(0);
    private final long leaf = bench.map(bench.mm, PAGE_VA, page);

    @AfterEach
    void everythingCanBeClosed() {
        bench.close();
    }

    private void invalidate() {
        bench.mm.listeners.getFirst().invalidate(AddressRange.of(PAGE_VA, 4096));
    }

    @ParameterizedTest
    @EnumSource(names = {"X86_64_4LEVEL", "X86_64_5LEVEL"})
    void aBoundDeviceReachesTheProcessThroughItsOwnTables(PageTableFormat format) {
        try (ModelBench each = new ModelBench(format)) {
            long frame = each.memory.allocate(0);
            long address =
                    format == PageTableFormat.X86_64_5LEVEL ? PAGE_VA | 0xabL << 48 : PAGE_VA;
            each.map(each.mm, address, frame);
            each.bind();
            assertTrue(each.zip.write(PASID.value(), address, 42), each.faults::toString);
            byte[] got = new byte[1];
            each.memory.read(frame, got, 0, 1);
            assertEquals(42, got[0]);
            each.memory.write(frame, new byte[] {43}, 0, 1);
            assertEquals(43, each.zip.read(PASID.value(), address));
        }
    }

    @Test
    void aPasidThatIsNotBoundIsAbortedAndReported() {
        bench.bind();
        assertFalse(zip.write(6, PAGE_VA, 1));
        assertFalse(zip.write(Pasid.NONE, PAGE_VA, 1), "and a request without PASID is, too");
        assertTrue(bench.messages.vectors.contains(VtdDriver.FAULT_VECTOR));
        bench.handleInterrupts();
        assertEquals(2, bench.faults.size());
        FaultRecord first = bench.faults.getFirst();
        assertEquals(FaultRecord.Kind.PASID_CONFIGURATION, first.kind());
        assertEquals(6, first.pasid());
        assertEquals(Pasid.NONE, bench.faults.getLast().pasid());
    }

    @Test
    void anUnmappedPageIsGoneFromIotlbAndDeviceTlbWhenTheListenerReturns() {
        bench.bind();
        zip.write(1);
        bench.memory.writeLong(leaf, 0);
        assertTrue(zip.write(2), "the IOTLB keeps what nobody invalidated");
        invalidate();
        assertFalse(zip.write(3));
        assertTrue(
                zip.invalidations.stream()
                        .anyMatch(request ->
                                request.pasid() == PASID.value()
                                        && request.sizeShift() == 12
                                        && request.covers(PAGE_VA)));
    }

    @Test
    void everyRangeThatCoversAPageTakesItAway() {
        bench.bind();
        for (int before = 0; before < 40; before++) {
            for (int after = 1; after < 40; after += 3) {
                bench.memory.writeLong(leaf, page | 7);
                assertTrue(zip.write(1));
                bench.memory.writeLong(leaf, 0);
                long start = PAGE_VA - before * 4096L;
                bench.mm
                        .listeners
                        .getFirst()
                        .invalidate(new AddressRange(start, PAGE_VA + after * 4096L));
                assertFalse(zip.write(2), before + " pages before and " + after + " from it on");
            }
        }
    }

    @Test
    void everyAlignedRangeOfAPowerOfTwoTakesAwayWhatItCovers() {
        bench.bind();
        for (int shift = 12; shift < 47; shift++) {
            bench.memory.writeLong(leaf, page | 7);
            assertTrue(zip.write(1));
            bench.memory.writeLong(leaf, 0);
            long start = PAGE_VA & -1L << shift;
            bench.mm.listeners.getFirst().invalidate(AddressRange.of(start, 1L << shift));
            assertFalse(zip.write(2), "2^" + shift);
        }
    }

    @Test
    void aTranslationRequestIsAnsweredWithWhatThePageAllows() {
        bench.bind();
        long[] entries = new long[1];
        assertEquals(1, zip.agent.translate(PASID.value(), Access.WRITE, PAGE_VA, entries));
        assertEquals(page, TranslationEntry.address(entries[0]));
        assertEquals(
                Access.READ | Access.WRITE,
                TranslationEntry.access(entries[0]) & (Access.READ | Access.WRITE));
        assertEquals(1, zip.agent.translate(PASID.value(), Access.READ, PAGE_VA + 0x1000, entries));
        assertEquals(0, TranslationEntry.access(entries[0]), "not there: no permission, no fault");
        bench.handleInterrupts();
        assertEquals(List.of(), bench.faults);
    }

    @Test
    void aPageRequestComesToTheHandlerAndItsAnswerToTheDevice() {
        bench.bind();
        zip.agent.request(new PageRequest(PASID.value(), 0x5000, Access.WRITE, 3, true));
        assertTrue(bench.messages.vectors.contains(VtdDriver.PAGE_REQUEST_VECTOR));
        bench.handleInterrupts();
        assertEquals(1, bench.groups.size());
        assertEquals(0x5000, bench.groups.getFirst().faults().getFirst().address());
        zip.device.respond(bench.groups.getFirst(), PageResponse.SUCCESS);
        assertEquals(
                List.of(new PageGroupResponse(PASID.value(), 3, PageResponse.SUCCESS)),
                zip.responses);
        zip.device.respond(bench.groups.getFirst(), PageResponse.SUCCESS);
        assertEquals(1, zip.responses.size(), "exactly one answer");
    }

    @Test
    void aRequestThatComesWhileTheQueueIsBeingEmptiedIsNotLeftLying() throws Exception {
        bench.bind();
        int asked = 20_000;
        AtomicBoolean stop = new AtomicBoolean();
        try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
            Future<?> handler =
                    executor.submit(() -> {
                        boolean last;
                        do {
                            last = stop.get();
                            // One call for each message, as an interrupt controller does.
                            if (!bench.messages.vectors.isEmpty()) {
                                bench.messages.vectors.clear();
                                bench.driver.onPageRequestInterrupt();
                            }
                        } while (!last);
                    });
            try {
                for (int i = 0; i < asked; i++) {
                    zip.agent.request(
                            new PageRequest(PASID.value(), i * 4096L, Access.READ, i % 512, true));
                }
            } finally {
                stop.set(true);
            }
            handler.get();
        }
        bench.handleInterrupts();
        assertEquals(asked, bench.groups.size() + zip.responses.size());
    }

    @Test
    void everyRequestOfAnOverflowIsAnsweredByTheHardwareOrByTheDriver() {
        bench.bind();
        int asked = 3 * PageRequestHandler.CAPACITY;
        for (int i = 0; i < asked; i++) {
            zip.agent.request(
                    new PageRequest(PASID.value(), i * 4096L, Access.READ, i % 512, true));
        }
        assertEquals(asked - PageRequestHandler.CAPACITY + 1, zip.responses.size());
        assertTrue(
                zip.responses.stream()
                        .allMatch(response -> response.response() == PageResponse.SUCCESS),
                "try again");
        bench.handleInterrupts();
        bench.groups.forEach(group -> zip.device.respond(group, PageResponse.SUCCESS));
        assertEquals(asked, zip.responses.size());
        bench.messages.vectors.clear();
        zip.agent.request(new PageRequest(PASID.value(), 0x6000, Access.WRITE, 4, true));
        bench.handleInterrupts();
        assertEquals(PageRequestHandler.CAPACITY, bench.groups.size(), "it is queued again");
    }

    @Test
    void aReleasedAddressSpaceAbortsSilently() {
        bench.bind();
        zip.write(1);
        bench.mm.listeners.getFirst().release();
        for (int i = 0; i < 100; i++) {
            assertFalse(zip.write(i));
        }
        long[] entries = new long[1];
        zip.agent.translate(PASID.value(), Access.READ, PAGE_VA, entries);
        bench.handleInterrupts();
        assertEquals(List.of(), bench.faults, "no storm");
        zip.device.unbind(PASID);
        assertFalse(zip.write(1));
        bench.handleInterrupts();
        assertEquals(1, bench.faults.size(), "what is not bound is reported again");
    }

    @Test
    void afterUnbindNothingOfThePasidIsReachable() {
        bench.bind();
        long[] entries = new long[1];
        zip.agent.translate(PASID.value(), Access.WRITE, PAGE_VA, entries);
        long translated = TranslationEntry.address(entries[0]);
        assertTrue(DmaResult.isComplete(zip.agent.writeTranslated(translated, new byte[1], 0, 1)));
        zip.device.unbind(PASID);
        assertFalse(zip.write(1));
        assertFalse(
                DmaResult.isComplete(zip.agent.writeTranslated(translated, new byte[1], 0, 1)),
                "translated requests of a device without a device-TLB are blocked");
    }

    @Test
    void aNumberThatIsUsedAgainBringsNothingOfItsFormerOwner() {
        FakeAddressSpace other = new FakeAddressSpace(2, bench.memory.allocate(0));
        long secret = bench.memory.allocate(0);
        bench.map(other, PAGE_VA + 0x1000, secret);
        for (int i = 0; i < 50; i++) {
            SvaDomain first = bench.driver.createDomain(bench.mm);
            zip.device.bind(PASID, first);
            assertTrue(zip.write(i));
            assertNull(zip.read(PASID.value(), PAGE_VA + 0x1000));
            zip.agent.request(new PageRequest(PASID.value(), 0x5000, Access.WRITE, 3, false));
            zip.device.unbind(PASID);
            first.close();
            SvaDomain second = bench.driver.createDomain(other);
            zip.device.bind(PASID, second);
            assertFalse(zip.write(1));
            assertTrue(zip.write(PASID.value(), PAGE_VA + 0x1000, i));
            zip.agent.request(new PageRequest(PASID.value(), 0x6000, Access.WRITE, 3, true));
            bench.driver.onPageRequestInterrupt();
            assertEquals(1, bench.groups.getLast().faults().size());
            zip.device.unbind(PASID);
            second.close();
        }
    }

    @Test
    void oneDeviceOfAnAddressSpaceCanBeUnboundAndTheOtherGoesOn() {
        ModelBench.Function dma = bench.new Function("dma-1", 0x288);
        SvaDomain domain = bench.driver.createDomain(bench.mm);
        zip.device.bind(PASID, domain);
        dma.device.bind(PASID, domain);
        assertTrue(zip.write(1) && dma.write(2));
        zip.device.unbind(PASID);
        assertFalse(zip.write(3));
        assertTrue(dma.write(4));
        bench.memory.writeLong(leaf, 0);
        invalidate();
        assertFalse(dma.write(5));
    }

    @Test
    void aDeviceThatCompletesNoInvalidationIsBlockedAndTheOtherIsUnharmed() {
        ModelBench.Function dma = bench.new Function("dma-1", 0x288);
        SvaDomain domain = bench.driver.createDomain(bench.mm);
        zip.device.bind(PASID, domain);
        dma.device.bind(PASID, domain);
        assertTrue(zip.write(1) && dma.write(2));
        long[] entries = new long[1];
        zip.agent.translate(PASID.value(), Access.WRITE, PAGE_VA, entries);
        zip.silent = true;
        invalidate();
        assertFalse(zip.write(3));
        assertFalse(
                DmaResult.isComplete(
                        zip.agent.writeTranslated(
                                TranslationEntry.address(entries[0]), new byte[1], 0, 1)),
                "what it did not give up is of no use to it");
        assertTrue(dma.write(4));
        assertEquals(1, bench.faults.size());
        assertEquals(0x100, bench.faults.getFirst().requester().value());
        bench.memory.writeLong(leaf, 0);
        invalidate();
        assertFalse(dma.write(5));
        zip.device.unbind(PASID);
        dma.device.unbind(PASID);
    }

    @Test
    void aDeviceThatIsUnpluggedInTheMiddleOfAnInvalidationHoldsNothingUp() throws Exception {
        ModelBench.Function dma = bench.new Function("dma-1", 0x288);
        SvaDomain domain = bench.driver.createDomain(bench.mm);
        zip.device.bind(PASID, domain);
        dma.device.bind(PASID, domain);
        zip.silent = true;
        try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
            int before = zip.invalidations.size();
            Future<?> unmap = executor.submit(this::invalidate);
            while (zip.invalidations.size() == before) {
                Thread.onSpinWait();
            }
            zip.function.unplug();
            bench.unit.disconnect(zip.function.requester());
            unmap.get();
        }
        assertTrue(dma.write(1));
        zip.device.close();
        bench.memory.writeLong(leaf, 0);
        invalidate();
        assertFalse(dma.write(2));
    }

    @Test
    void invalidationsOfManyThreadsSurviveADeviceThatFallsSilent() throws Exception {
        ModelBench.Function dma = bench.new Function("dma-1", 0x288);
        SvaDomain domain = bench.driver.createDomain(bench.mm);
        zip.device.bind(PASID, domain);
        dma.device.bind(PASID, domain);
        try (ExecutorService executor = Executors.newFixedThreadPool(3)) {
            List<Future<?>> threads =
                    List.of(
                            executor.submit(() -> invalidateOften(dma)),
                            executor.submit(() -> invalidateOften(dma)),
                            executor.submit(() -> {
                                Thread.yield();
                                zip.silent = true;
                            }));
            for (Future<?> thread : threads) {
                thread.get();
            }
        }
        invalidate(); // it may have fallen silent after the last one
        // It may have fallen silent after the last of them.
        invalidate();
        assertFalse(zip.write(1));
        assertTrue(dma.write(1));
    }

    private void invalidateOften(ModelBench.Function told) {
        for (int i = 0; i < 300; i++) {
            int before = told.invalidations.size();
            invalidate();
            assertTrue(told.invalidations.size() > before);
        }
    }

    @Test
    void anAccessThatBeganAfterAnUnmapNeverSeesTheOldPage() throws Exception {
        bench.bind();
        long other = bench.memory.allocate(0);
        AtomicBoolean stop = new AtomicBoolean();
        try (ExecutorService executor = Executors.newFixedThreadPool(2)) {
            Future<?> load =
                    executor.submit(() -> {
                        while (!stop.get()) {
                            zip.write(1);
                        }
                    });
            try {
                for (int i = 0; i < 2000; i++) {
                    long now = i % 2 == 0 ? other : page;
                    long old = i % 2 == 0 ? page : other;
                    bench.memory.writeLong(leaf, now | 7);
                    invalidate();
                    bench.memory.write(old, new byte[] {0}, 0, 1);
                    byte[] got = new byte[1];
                    bench.memory.read(old, got, 0, 1);
                    assertEquals(0, got[0], "round " + i);
                }
            } finally {
                stop.set(true);
            }
            load.get();
        }
    }

    @Test
    void bindingsOfManyProcessesComeAndGoWhileTheDeviceWorks() throws Exception {
        bench.bind();
        AtomicBoolean stop = new AtomicBoolean();
        try (ExecutorService executor = Executors.newFixedThreadPool(3)) {
            Future<?> load =
                    executor.submit(() -> {
                        while (!stop.get()) {
                            assertTrue(zip.write(1));
                        }
                    });
            try {
                List<Future<?>> owners =
                        List.of(
                                executor.submit(() -> comeAndGo(100)),
                                executor.submit(() -> comeAndGo(200)));
                for (Future<?> owner : owners) {
                    owner.get();
                }
            } finally {
                stop.set(true);
            }
            load.get();
        }
    }

    private void comeAndGo(int pasid) {
        FakeAddressSpace own = new FakeAddressSpace(pasid, bench.memory.allocate(0));
        bench.map(own, PAGE_VA, bench.memory.allocate(0));
        for (int i = 0; i < 200; i++) {
            SvaDomain domain = bench.driver.createDomain(own);
            zip.device.bind(new Pasid(pasid), domain);
            assertTrue(zip.write(pasid, PAGE_VA, i));
            if (i % 3 == 0) {
                own.listeners.getFirst().release();
                assertFalse(zip.write(pasid, PAGE_VA, i));
            }
            zip.device.unbind(new Pasid(pasid));
            assertFalse(zip.write(pasid, PAGE_VA, i));
            domain.close();
        }
    }

    @Test
    void cachedTranslationsAreCounted() {
        bench.bind();
        zip.write(1);
        long misses = bench.unit.count(HardwareCounter.IOTLB_MISSES);
        zip.write(2);
        assertEquals(misses, bench.unit.count(HardwareCounter.IOTLB_MISSES));
        assertTrue(bench.unit.count(HardwareCounter.IOTLB_HITS) > 0);
    }

    @Test
    void afterTheDriverIsClosedNothingGetsThrough() {
        bench.bind();
        bench.driver.close();
        assertFalse(zip.write(1));
        assertFalse(zip.write(Pasid.NONE, page, 1));
    }
}
