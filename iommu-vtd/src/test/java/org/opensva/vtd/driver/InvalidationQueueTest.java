package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.vtd.driver.PendingWait.State;
import org.opensva.vtd.driver.RecordingUnit.Seen;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.Register;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

class InvalidationQueueTest {

    private final FlatMemory memory = new FlatMemory();
    private final RecordingUnit unit = new RecordingUnit(memory);
    private final List<String> errors = new ArrayList<>();
    private final InvalidationQueue queue =
            new InvalidationQueue(
                    new RegisterFrame(unit),
                    memory,
                    memory,
                    (text, source) -> errors.add(text),
                    System::nanoTime);
    private final Invalidations invalidations =
            new Invalidations(new Capabilities(RecordingUnit.CAP, RecordingUnit.ECAP));

    InvalidationQueueTest() {
        queue.enable();
    }

    private DescriptorBatch pages(int count) {
        DescriptorBatch batch = new DescriptorBatch();
        for (int i = 0; i < count; i++) {
            invalidations.iotlb(batch, 7, 5, AddressRange.of(i * 4096L, 4096));
        }
        return batch;
    }

    @Test
    void moreDescriptorsThanTheQueueHoldsAreNeitherLostNorReordered() {
        assertEquals(State.COMPLETE, queue.submitAndWait(pages(5000)).state());
        assertEquals(5001, unit.seen.size());
        for (int i = 0; i < 5000; i++) {
            assertEquals(i * 4096L, InvalidationDescriptor.firstAddress(unit.seen.get(i).w1()));
        }
    }

    @Test
    void aFullQueueThatStandsStillIsWaitedForAndThenGoesOn() throws Exception {
        unit.set(Register.FSTS, Fsts.ICE.mask());
        unit.set(Register.GSTS, unit.get(Register.GSTS) & ~Gcmd.QIE.mask());
        try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
            Future<PendingWait.Outcome> outcome =
                    executor.submit(() -> queue.submitAndWait(pages(3000)));
            while (unit.get(Register.IQT) == 0) {
                Thread.onSpinWait();
            }
            unit.set(Register.GSTS, unit.get(Register.GSTS) | Gcmd.QIE.mask());
            unit.write(Register.FSTS.offset(), 4, 0);
            assertEquals(State.COMPLETE, outcome.get().state());
        }
        assertEquals(3001, unit.seen.size());
    }

    @Test
    void aTimeOutEndsTheWaitsThatTheHardwareGaveUpWithTheSilentDevicesName() {
        unit.silentDevices.add(0x208);
        DescriptorBatch batch = pages(1);
        invalidations.deviceTlb(batch, 0x208, 1, 5, AddressRange.WHOLE);
        PendingWait.Outcome outcome = queue.submitAndWait(batch);
        assertEquals(State.TIMED_OUT, outcome.state());
        assertEquals(0x208, outcome.source());
        assertEquals(State.COMPLETE, queue.submitAndWait(pages(1)).state(), "it goes on");
    }

    @Test
    void aWaitThatTheHardwareCompletesAfterALostInvalidationIsATimeOutAllTheSame() {
        unit.headWaits = true;
        unit.silentDevices.add(0x208);
        DescriptorBatch batch = new DescriptorBatch();
        invalidations.deviceTlb(batch, 0x208, 1, 5, AddressRange.WHOLE);
        assertEquals(State.TIMED_OUT, queue.submitAndWait(batch).state());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 3})
    void aDescriptorThatMemoryDamagedIsWrittenAgain(int word) {
        unit.set(Register.GSTS, unit.get(Register.GSTS) & ~Gcmd.QIE.mask());
        DescriptorBatch batch = pages(2);
        batch.await(false);
        PendingWait wait = queue.submit(batch).getLast();
        long base = unit.get(Register.IQA) & -4096L;
        memory.writeLong(base + 8L * word, -1L);
        unit.set(Register.GSTS, unit.get(Register.GSTS) | Gcmd.QIE.mask());
        unit.write(Register.FSTS.offset(), 4, 0);
        assertEquals(State.COMPLETE, queue.await(wait).state());
        assertEquals(3, unit.seen.size());
        assertEquals(List.of(), errors);
    }

    @Test
    void aDescriptorThatIsRefusedTwiceIsReportedAndItsIssuerTold() {
        unit.refusals = 2;
        DescriptorBatch batch = new DescriptorBatch();
        invalidations.pasidCache(batch, 7, 5);
        assertEquals(State.REFUSED, queue.submitAndWait(batch).state());
        assertEquals(1, errors.size());
        assertTrue(errors.getFirst().contains("INVALID_TYPE"), errors::toString);
        assertEquals(DescriptorType.IOTLB, unit.seen.getFirst().type(), "a harmless one instead");
        assertEquals(State.COMPLETE, queue.submitAndWait(pages(1)).state(), "it goes on");
    }

    @Test
    void anUnbindWhoseInvalidationIsRefusedDoesNotPretend() {
        DriverBench bench = new DriverBench();
        bench.bind();
        bench.unit.refusals = 2;
        ErrnoException refused =
                assertThrows(ErrnoException.class, () -> bench.device.unbind(DriverBench.PASID));
        assertEquals(Errno.EIO, refused.errno());
    }

    @Test
    void anUnexpectedCompletionIsReportedAndCleared() {
        unit.set(Register.FSTS, Fsts.ICE.mask());
        queue.handleErrors();
        assertEquals(1, errors.size());
        assertEquals(0, unit.get(Register.FSTS));
    }

    @Test
    void manyThreadsEachWaitForTheirOwn() throws InterruptedException, ExecutionException {
        try (ExecutorService executor = Executors.newFixedThreadPool(4)) {
            List<Future<Boolean>> results = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                results.add(
                        executor.submit(() -> {
                            for (int i = 0; i < 3000; i++) {
                                if (queue.submitAndWait(pages(1)).state() != State.COMPLETE) {
                                    return false;
                                }
                            }
                            return true;
                        }));
            }
            for (Future<Boolean> result : results) {
                assertTrue(result.get());
            }
        }
        assertEquals(
                12_000,
                unit.seen.stream().map(Seen::type).filter(DescriptorType.WAIT::equals).count());
    }

    @Test
    void twoSilentDevicesAndTwoThreadsEndInTimeOutsAndNothingElse() throws Exception {
        unit.silentDevices.add(0x208);
        try (ExecutorService executor = Executors.newFixedThreadPool(3)) {
            List<Future<?>> results = new ArrayList<>();
            for (int thread = 0; thread < 3; thread++) {
                boolean silent = thread == 0;
                results.add(
                        executor.submit(() -> {
                            for (int i = 0; i < 500; i++) {
                                DescriptorBatch batch = pages(1);
                                if (silent) {
                                    invalidations.deviceTlb(batch, 0x208, 1, 5, AddressRange.WHOLE);
                                }
                                State state = queue.submitAndWait(batch).state();
                                assertTrue(
                                        state == State.TIMED_OUT || !silent,
                                        "an invalidation that was lost is never reported"
                                                + " as complete");
                            }
                        }));
            }
            for (Future<?> result : results) {
                result.get();
            }
        }
        assertEquals(State.COMPLETE, queue.submitAndWait(pages(1)).state());
    }
}
