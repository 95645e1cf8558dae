package org.opensva.smmuv3.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.model.SmmuInterrupts;
import org.opensva.smmuv3.model.SmmuProfile;
import org.opensva.smmuv3.model.SmmuV3;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongUnaryOperator;

/** What the driver makes of errors, limits and devices that do not obey, on the hardware model. */
@Timeout(60)
class DriverRecoveryTest {

    private static final SmmuProfile PROFILE = SmmuProfile.sva().withAtcTimeout(2_000_000);

    private final FlatMemory memory = new FlatMemory();
    private final List<FaultRecord> faults = new CopyOnWriteArrayList<>();
    private final List<AutoCloseable> open = new ArrayList<>();

    /** A device that answers invalidations, or not. */
    private static final class Port implements DevicePort {
        private AgentPort agent;
        volatile boolean silent;
        final AtomicInteger asked = new AtomicInteger();

        Port(SmmuV3 smmu, FakeDevice function) {
            agent = smmu.connect(function.requester(), this);
        }

        @Override
        public void invalidate(InvalidateRequest request) {
            asked.incrementAndGet();
            if (!silent) {
                agent.complete(InvalidateCompletion.of(request.itag()));
            }
        }

        @Override
        public void respond(PageGroupResponse response) {}
    }

    private SmmuV3 smmu(SmmuProfile profile) {
        SmmuV3 smmu = new SmmuV3(profile, memory, SmmuInterrupts.NONE, System::nanoTime);
        open.add(smmu);
        return smmu;
    }

    private SmmuV3Driver driver(SmmuV3 smmu) {
        SmmuV3Driver driver =
                new SmmuV3Driver(
                        smmu, memory, memory, HardwareEventSink.NONE, OpenTelemetry.noop());
        driver.onFault(faults::add);
        open.add(driver);
        return driver;
    }

    private FakeAddressSpace process(long id) {
        return new FakeAddressSpace(id, memory.allocate(0));
    }

    @AfterEach
    void everythingCanBeClosed() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }

    private CommandQueue queueOf(SmmuV3 smmu, int log2Size) {
        long base = memory.allocate(4);
        smmu.write(Register.CR0.offset(), 4, 0);
        smmu.write(Register.CMDQ_BASE.offset(), 8, base | log2Size);
        smmu.write(Register.CMDQ_PROD.offset(), 4, 0);
        smmu.write(Register.CMDQ_CONS.offset(), 4, 0);
        smmu.write(Register.CR0.offset(), 4, 8);
        return new CommandQueue(new RegisterFrame(smmu), memory, base, log2Size, System::nanoTime);
    }

    private static CommandBatch raw(long... words) {
        CommandBatch batch = new CommandBatch();
        for (int i = 0; i < words.length; i += 2) {
            int at = batch.next();
            batch.words()[at] = words[i];
            batch.words()[at + 1] = words[i + 1];
        }
        return batch;
    }

    // ---- the command queue ----

    @Test
    void anIllegalCommandIsReplacedAndWhatFollowsIsExecuted() {
        SmmuV3 smmu = smmu(PROFILE);
        CommandQueue queue = queueOf(smmu, 4);
        long before = smmu.count(HardwareCounter.IOTLB_INVALIDATIONS);
        for (int round = 0; round < 40; round++) {
            assertEquals(CommandQueue.Outcome.COMPLETE, queue.submitAndSync(raw(0xff, 0, 0x30, 0)));
        }
        assertEquals(
                before + 80,
                smmu.count(HardwareCounter.IOTLB_INVALIDATIONS),
                "the illegal one may have been an invalidation");
        assertEquals(
                smmu.read(Register.GERROR.offset(), 4), smmu.read(Register.GERRORN.offset(), 4));
        assertEquals(
                smmu.read(Register.CMDQ_PROD.offset(), 4),
                smmu.read(Register.CMDQ_CONS.offset(), 4) & 0xfffff);
    }

    @Test
    void aCommandThatCouldNotBeReadIsExecutedWhenItCanBeAgain() {
        Unreliable bus = new Unreliable(memory);
        SmmuV3 smmu = new SmmuV3(PROFILE, bus, SmmuInterrupts.NONE, System::nanoTime);
        open.add(smmu);
        CommandQueue queue = queueOf(smmu, 4);
        bus.fail(3);
        assertEquals(CommandQueue.Outcome.COMPLETE, queue.submitAndSync(raw(0x30, 0, 0x30, 0)));
        assertEquals(0, bus.left(), "CERROR_ABT three times");
        assertEquals(
                smmu.read(Register.GERROR.offset(), 4), smmu.read(Register.GERRORN.offset(), 4));
    }

    @Test
    void moreCommandsThanTheQueueHoldsAllGetThrough() {
        SmmuV3 smmu = smmu(PROFILE);
        CommandQueue queue = queueOf(smmu, 2);
        long[] words = new long[2 * 100];
        for (int i = 0; i < words.length; i += 2) {
            words[i] = 0x30; // CMD_TLBI_NSNH_ALL
        }
        long before = smmu.count(HardwareCounter.IOTLB_INVALIDATIONS);
        assertEquals(CommandQueue.Outcome.COMPLETE, queue.submitAndSync(raw(words)));
        assertEquals(before + 100, smmu.count(HardwareCounter.IOTLB_INVALIDATIONS));
    }

    // ---- devices that do not answer ----

    @Test
    void aSilentDeviceIsBlockedAndEveryOtherStaysHoweverManyAskAtOnce() throws Exception {
        SmmuV3 smmu = smmu(PROFILE);
        SmmuV3Driver driver = driver(smmu);
        FakeDevice[] functions = new FakeDevice[4];
        Port[] ports = new Port[4];
        AttachedDevice[] devices = new AttachedDevice[4];
        FakeAddressSpace[] processes = new FakeAddressSpace[4];
        for (int i = 0; i < 4; i++) {
            functions[i] = new FakeDevice("zip-" + i, 0x100 + i, true);
            ports[i] = new Port(smmu, functions[i]);
            devices[i] = driver.attach(functions[i], (from, group) -> {});
            processes[i] = process(i + 1);
            devices[i].bind(new Pasid(5), driver.createDomain(processes[i]));
        }
        ports[2].silent = true;
        List<Thread> threads = new ArrayList<>();
        for (FakeAddressSpace process : processes) {
            Thread thread =
                    new Thread(() -> {
                        for (int i = 0; i < 20; i++) {
                            process.listeners.getFirst().invalidate(AddressRange.of(0x7000, 4096));
                        }
                    });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        List<Integer> blocked = faults.stream().map(f -> f.requester().value()).toList();
        assertEquals(List.of(0x102), blocked, faults.toString());
        for (int i = 0; i < 4; i++) {
            if (i != 2) {
                assertTrue(ports[i].asked.get() >= 21, "device " + i + " is told to the end");
                devices[i].bind(new Pasid(6), driver.createDomain(process(10 + i)));
            }
        }
        assertEquals(
                Errno.ENODEV,
                assertThrows(
                                ErrnoException.class,
                                () ->
                                        devices[2].bind(
                                                new Pasid(6), driver.createDomain(process(20))))
                        .errno());
        assertEquals(
                0,
                DmaResult.bytes(ports[2].agent.readTranslated(FlatMemory.BASE, new byte[4], 0, 4)),
                "not even translated requests");
    }

    @Test
    void aDeviceThatIsSilentWhenItIsUnboundDoesNotHoldAnybodyUp() {
        SmmuV3 smmu = smmu(PROFILE);
        SmmuV3Driver driver = driver(smmu);
        FakeDevice function = new FakeDevice("zip-0", 0x100, true);
        Port port = new Port(smmu, function);
        AttachedDevice device = driver.attach(function, (from, group) -> {});
        device.bind(new Pasid(5), driver.createDomain(process(1)));
        port.silent = true;
        device.unbind(new Pasid(5));
        assertEquals(1, faults.size());
        assertFalse(function.isAtsEnabled());
    }

    // ---- limits ----

    @Test
    void anSmmuThatCannotBindProcessesIsRefusedWithTheReason() {
        SmmuProfile sva = SmmuProfile.sva();
        record Case(LongUnaryOperator idr0, LongUnaryOperator idr1, String reason) {}
        LongUnaryOperator same = LongUnaryOperator.identity();
        for (Case each :
                List.of(
                        new Case(
                                v -> v & ~Idr0.S1P.mask() | Idr0.S2P.mask(),
                                same,
                                "no stage 1: processes cannot be bound"),
                        new Case(
                                same,
                                v -> Idr1.SSIDSIZE.set(v, 0),
                                "no PASIDs: processes cannot be bound"))) {
            SmmuProfile profile =
                    sva.withIdentification(
                            each.idr0().applyAsLong(sva.idr0()),
                            each.idr1().applyAsLong(sva.idr1()),
                            sva.idr3(),
                            sva.idr5(),
                            0,
                            sva.aidr());
            ErrnoException refused =
                    assertThrows(ErrnoException.class, () -> driver(smmu(profile)));
            assertEquals(Errno.ENODEV, refused.errno());
            assertTrue(
                    String.valueOf(refused.getMessage()).contains(each.reason()),
                    refused.getMessage());
        }
        assertEquals(0, memory.allocatedFrames());
    }

    @Test
    void tagsRunOutAndAreCleanWhenTheyComeBack() {
        SmmuProfile sva = SmmuProfile.sva();
        SmmuProfile small =
                sva.withIdentification(
                        sva.idr0() & ~Idr0.ASID16.mask(),
                        sva.idr1(),
                        sva.idr3(),
                        sva.idr5(),
                        0,
                        sva.aidr());
        SmmuV3 smmu = smmu(small);
        SmmuV3Driver driver = driver(smmu);
        List<SvaDomain> domains = new ArrayList<>();
        for (int i = 0; i < 255; i++) {
            domains.add(driver.createDomain(process(i)));
        }
        ErrnoException full =
                assertThrows(ErrnoException.class, () -> driver.createDomain(process(300)));
        assertEquals(Errno.ENOSPC, full.errno());
        long before = smmu.count(HardwareCounter.IOTLB_INVALIDATIONS);
        domains.removeFirst().close();
        assertEquals(
                before + 1,
                smmu.count(HardwareCounter.IOTLB_INVALIDATIONS),
                "flushed before it can be handed out");
        domains.add(driver.createDomain(process(301)));
        domains.forEach(SvaDomain::close);
    }

    @Test
    void leafTablesOfContextsAreMadeWhenTheirFirstPasidIsBound() {
        SmmuV3 smmu = smmu(PROFILE);
        SmmuV3Driver driver = driver(smmu);
        FakeDevice function = new FakeDevice("zip-0", 0x100, false);
        new Port(smmu, function);
        AttachedDevice device = driver.attach(function, (from, group) -> {});
        SvaDomain domain = driver.createDomain(process(1));
        long none = memory.allocatedFrames();
        device.bind(new Pasid(5), domain);
        long one = memory.allocatedFrames();
        assertTrue(one > none);
        device.bind(new Pasid(6), domain);
        device.bind(new Pasid(1023), domain);
        assertEquals(one, memory.allocatedFrames(), "the same leaf");
        device.bind(new Pasid(1024), domain);
        assertEquals(one + (one - none), memory.allocatedFrames(), "another leaf");
    }

    @Test
    void lostEventsAreReportedOnceAndTheQueueGoesOn() {
        SmmuProfile sva = SmmuProfile.sva();
        SmmuProfile few =
                sva.withIdentification(
                        sva.idr0(),
                        Idr1.EVENTQS.set(sva.idr1(), 2),
                        sva.idr3(),
                        sva.idr5(),
                        0,
                        sva.aidr());
        SmmuV3 smmu = smmu(few);
        SmmuV3Driver driver = driver(smmu);
        FakeDevice function = new FakeDevice("zip-0", 0x100, false);
        Port port = new Port(smmu, function);
        driver.attach(function, (from, group) -> {})
                .bind(new Pasid(5), driver.createDomain(process(1)));
        for (int round = 1; round <= 3; round++) {
            faults.clear();
            for (int i = 0; i < 7; i++) {
                port.agent.read(9, Access.READ, 0x1000, new byte[4], 0, 4);
            }
            driver.onEventInterrupt();
            assertEquals(5, faults.size(), faults.toString());
            assertEquals(1, faults.stream().filter(f -> f.toString().contains("overflow")).count());
        }
    }
}
