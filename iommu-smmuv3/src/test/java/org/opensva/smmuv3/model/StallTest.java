package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.EventRecord;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.layout.Register;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Transactions that wait for software to make their page present, or to end them. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class StallTest {

    private static final long VA = 0x5000;

    private final SmmuProfile small =
            SmmuProfile.sva()
                    .withIdentification(
                            SmmuProfile.sva().idr0(),
                            SmmuProfile.sva().idr1(),
                            SmmuProfile.sva().idr3(),
                            Idr5.STALL_MAX.set(SmmuProfile.sva().idr5(), 3),
                            0,
                            2);
    private final TestMachine machine = new TestMachine(small);
    private final ExecutorService device = Executors.newCachedThreadPool();
    private long table;
    private long page;

    @BeforeEach
    void bindWithStalls() {
        long contexts = machine.allocate(64L << 8, 64L << 8);
        table = machine.newTable(Granule.K4);
        page = machine.allocate(4096, 4096);
        long[] words = machine.context(table, Granule.K4, 48, 3);
        ContextDescriptor.S.put(words, 0, 1);
        ContextDescriptor.R.put(words, 0, 0);
        machine.writeWords(contexts + 64, words);
        machine.stage1(contexts, 8);
        machine.enable();
    }

    @AfterEach
    void close() throws InterruptedException {
        machine.close();
        device.shutdown();
        assertTrue(device.awaitTermination(30, TimeUnit.SECONDS), "a transaction still waits");
    }

    private CompletableFuture<Long> read(long address, byte[] target) {
        return CompletableFuture.supplyAsync(
                () -> machine.port.read(1, Access.READ, address, target, 0, target.length), device);
    }

    private TestMachine.Event await() {
        while (true) {
            List<TestMachine.Event> events = machine.events();
            if (!events.isEmpty()) {
                assertEquals(1, events.size());
                return events.get(0);
            }
            Thread.onSpinWait();
        }
    }

    private void resume(TestMachine.Event event, boolean retry, boolean abort) {
        resume(TestMachine.STREAM, event, retry, abort);
    }

    private void resume(int stream, TestMachine.Event event, boolean retry, boolean abort) {
        long[] c = new long[2];
        CommandEncoder.resume(c, 0, stream, EventRecord.stag(event.w1()), retry, abort);
        machine.command(c);
        machine.sync();
    }

    @Test
    void aStalledReadGoesOnOnceThePageIsThere() {
        CompletableFuture<Long> read = read(VA, new byte[8]);
        TestMachine.Event event = await();
        assertEquals(EventType.F_TRANSLATION, event.type());
        assertEquals(1L << 31, event.w1() & 1L << 31, "Stall is set although R is not");
        machine.map(table, VA, page, TestMachine.PAGE_RW);
        resume(event, true, false);
        assertEquals(DmaResult.complete(8), read.join());
    }

    @Test
    void aRetryThatFaultsAgainStallsAgain() {
        CompletableFuture<Long> read = read(VA, new byte[8]);
        resume(await(), true, false);
        resume(await(), false, true);
        assertEquals(DmaResult.of(DmaStatus.ABORTED, 0), read.join());
    }

    @Test
    void terminationWithoutAbortReadsZero() {
        byte[] target = {1, 2, 3, 4};
        CompletableFuture<Long> read = read(VA, target);
        resume(await(), false, false);
        assertEquals(DmaResult.complete(4), read.join());
        assertArrayEquals(new byte[4], target);
    }

    @Test
    void aResumeForAnotherStreamOrAFreeTagDoesNothing() {
        CompletableFuture<Long> read = read(VA, new byte[8]);
        TestMachine.Event event = await();
        resume(TestMachine.STREAM + 1, event, false, true);
        long[] c = new long[2];
        CommandEncoder.resume(c, 0, TestMachine.STREAM, 2, false, true);
        machine.command(c);
        CommandEncoder.resume(c, 0, TestMachine.STREAM, 0xffff, false, true);
        machine.command(c);
        machine.sync();
        assertTrue(!read.isDone());
        resume(event, false, true);
        assertEquals(DmaStatus.ABORTED, DmaResult.status(read.join()));
    }

    @Test
    void concurrentStallsHaveDifferentTagsAndMoreThanTheBufferHoldsWait() {
        List<CompletableFuture<Long>> reads = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            reads.add(read(VA + i * 4096, new byte[8]));
            machine.map(table, VA + i * 4096, page, TestMachine.PAGE_RW & ~(1L << 10));
        }
        Set<Integer> tags = new HashSet<>();
        List<TestMachine.Event> events = new ArrayList<>();
        while (events.size() < 3) {
            events.addAll(machine.events());
        }
        events.forEach(e -> tags.add(EventRecord.stag(e.w1())));
        assertEquals(3, tags.size());
        for (int i = 0; i < 5; i++) {
            machine.map(table, VA + i * 4096, page, TestMachine.PAGE_RW);
        }
        events.forEach(e -> resume(e, true, false));
        for (CompletableFuture<Long> read : reads) {
            while (!read.isDone()) {
                machine.events().forEach(e -> resume(e, true, false));
            }
            assertEquals(DmaResult.complete(8), read.join());
        }
    }

    @Test
    void stallTermEndsEveryStallOfTheStream() {
        CompletableFuture<Long> first = read(VA, new byte[8]);
        CompletableFuture<Long> second = read(VA + 4096, new byte[8]);
        int seen = 0;
        while (seen < 2) {
            seen += machine.events().size();
        }
        long[] c = new long[2];
        CommandEncoder.stallTerm(c, 0, TestMachine.STREAM);
        machine.command(c);
        assertEquals(DmaStatus.ABORTED, DmaResult.status(first.join()));
        assertEquals(DmaStatus.ABORTED, DmaResult.status(second.join()));
    }

    @Test
    void aStallIsNotLostWhileTheQueueIsFullAndNoOverflow() {
        long full = 1L << TestMachine.QUEUE_BITS;
        long prod = machine.smmu.read(Register.EVENTQ_PROD.offset(), 4);
        machine.smmu.write(Register.EVENTQ_CONS.offset(), 4, prod ^ full);
        CompletableFuture<Long> read = read(VA, new byte[8]);
        while (machine.smmu.count(org.opensva.api.telemetry.HardwareCounter.PAGE_REQUESTS) == 0) {
            Thread.onSpinWait();
        }
        machine.smmu.write(Register.EVENTQ_CONS.offset(), 4, prod);
        TestMachine.Event event = await();
        assertEquals(0, machine.smmu.read(Register.EVENTQ_PROD.offset(), 4) >>> 31);
        resume(event, false, true);
        assertEquals(DmaStatus.ABORTED, DmaResult.status(read.join()));
    }

    @Test
    void disablingTheSmmuAndUnpluggingTheDeviceEndStalls() {
        CompletableFuture<Long> read = read(VA, new byte[8]);
        await();
        machine.smmu.write(Register.CR0.offset(), 4, TestMachine.EVENTQEN | TestMachine.CMDQEN);
        assertEquals(DmaStatus.ABORTED, DmaResult.status(read.join()));
        machine.smmu.write(
                Register.CR0.offset(),
                4,
                TestMachine.SMMUEN | TestMachine.EVENTQEN | TestMachine.CMDQEN);
        read = read(VA, new byte[8]);
        await();
        machine.smmu.disconnect(new RequesterId(TestMachine.STREAM));
        assertEquals(DmaStatus.ABORTED, DmaResult.status(read.join()));
    }
}
