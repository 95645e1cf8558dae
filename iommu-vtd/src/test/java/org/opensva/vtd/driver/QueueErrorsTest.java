package org.opensva.vtd.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.vtd.driver.PendingWait.State;
import org.opensva.vtd.driver.RecordingUnit.Seen;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.DescriptorType;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.QueueRegisters.Iqercd;
import org.opensva.vtd.layout.Register;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/** The invalidation queue when something goes wrong: each wait ends, and ends as it has to. */
class QueueErrorsTest {

    private static final long SECOND = 1_000_000_000L;
    private static final int SILENT = 0x208;

    /** What somebody was told. */
    private record Told(String text, int source) {}

    private final FlatMemory memory = new FlatMemory();
    private final RecordingUnit unit = new RecordingUnit(memory);
    private final List<Told> errors = new ArrayList<>();
    private final Invalidations invalidations =
            new Invalidations(new Capabilities(RecordingUnit.CAP, RecordingUnit.ECAP));

    private InvalidationQueue queue(LongSupplier nanoTime) {
        InvalidationQueue queue =
                new InvalidationQueue(
                        new RegisterFrame(unit),
                        memory,
                        memory,
                        (text, source) -> errors.add(new Told(text, source)),
                        nanoTime);
        queue.enable();
        return queue;
    }

    private InvalidationQueue queue() {
        return queue(System::nanoTime);
    }

    private void stop() {
        unit.set(Register.FSTS, Fsts.IQE.mask());
    }

    private void goOn() {
        unit.write(Register.FSTS.offset(), 4, Fsts.IQE.mask());
    }

    private DescriptorBatch pages(int count) {
        DescriptorBatch batch = new DescriptorBatch();
        for (int i = 0; i < count; i++) {
            invalidations.iotlb(batch, 7, 5, AddressRange.of(i * 4096L, 4096));
        }
        return batch;
    }

    private DescriptorBatch awaited(DescriptorBatch batch) {
        batch.await(false);
        return batch;
    }

    private DescriptorBatch deviceTlb(int source) {
        DescriptorBatch batch = new DescriptorBatch();
        invalidations.deviceTlb(batch, source, 1, 5, AddressRange.WHOLE);
        return batch;
    }

    /** A clock of ten seconds a look, at whose {@code last} the queue goes on; 0 for never. */
    private LongSupplier untilLook(int last) {
        long[] seen = new long[1];
        return () -> {
            if (++seen[0] == last) {
                unit.set(Register.GSTS, unit.get(Register.GSTS) | Gcmd.QIE.mask());
                unit.write(Register.FSTS.offset(), 4, 0);
            }
            return seen[0] * 10 * SECOND;
        };
    }

    private void disable() {
        unit.set(Register.GSTS, unit.get(Register.GSTS) & ~Gcmd.QIE.mask());
    }

    @Test
    void aWaitIsPatientForHalfAMinute() {
        InvalidationQueue queue = queue(untilLook(4));
        disable();
        assertEquals(State.COMPLETE, queue.submitAndWait(pages(1)).state());
    }

    @Test
    void aQueueThatStandsStillForLongerIsAnErrorThatSaysWhere() {
        InvalidationQueue queue = queue(untilLook(0));
        disable();
        ErrnoException stuck =
                assertThrows(ErrnoException.class, () -> queue.submitAndWait(pages(1)));
        assertEquals(Errno.EIO, stuck.errno());
        assertTrue(stuck.getMessage().contains("IQH 0x0, IQT 0x40"), stuck.getMessage());
    }

    @Test
    void whoFindsTheQueueFullIsAsPatient() {
        InvalidationQueue queue = queue(untilLook(4));
        disable();
        assertEquals(State.COMPLETE, queue.submitAndWait(pages(2000)).state());
        assertEquals(2001, unit.seen.size());
    }

    @Test
    void whoFindsTheQueueFullGivesUpAlike() {
        InvalidationQueue queue = queue(untilLook(0));
        disable();
        ErrnoException stuck =
                assertThrows(ErrnoException.class, () -> queue.submitAndWait(pages(2000)));
        assertEquals(Errno.EIO, stuck.errno());
    }

    @Test
    void aUnitThatHasBeenTakenOutIsAnErrorAtOnceForWhoWaits() {
        InvalidationQueue queue = queue(() -> 0);
        unit.gone = true;
        for (int pages : new int[] {1, 2000}) {
            ErrnoException gone =
                    assertThrows(ErrnoException.class, () -> queue.submitAndWait(pages(pages)));
            assertEquals(Errno.EIO, gone.errno());
        }
        assertEquals(List.of(), errors, "what its registers read as is no error of the queue");
    }

    @Test
    void theQueueBeginsEmptyWhereverAFormerOwnerLeftIt() {
        unit.set(Register.IQT, 0x80);
        InvalidationQueue queue = queue();
        assertEquals(State.COMPLETE, queue.submitAndWait(pages(1)).state());
        assertEquals(List.of(DescriptorType.PASID_IOTLB, DescriptorType.WAIT), unit.types());
    }

    @Test
    void closingWaitsForWhatWasSubmittedAndGivesTheMemoryBack() {
        InvalidationQueue queue = queue();
        queue.submit(pages(7));
        queue.close();
        assertEquals(7, unit.seen.size());
        assertEquals(0, unit.get(Register.GSTS));
        assertEquals(0, memory.allocatedFrames());
    }

    @Test
    void aQueueThatDoesNotEmptyIsStoppedAllTheSame() {
        InvalidationQueue queue = queue();
        stop();
        queue.submit(pages(1));
        ErrnoException stuck = assertThrows(ErrnoException.class, queue::close);
        assertEquals(Errno.EIO, stuck.errno());
        assertEquals(0, unit.get(Register.GSTS));
        assertEquals(0, memory.allocatedFrames());
    }

    @Test
    void aQueueForWhichMemoryIsTooSmallTakesNone() {
        for (int frames = 0; frames < 9; frames++) {
            FlatMemory small = new FlatMemory(frames << 12);
            ErrnoException refused =
                    assertThrows(
                            ErrnoException.class,
                            () ->
                                    new InvalidationQueue(
                                            new RegisterFrame(unit),
                                            small,
                                            small,
                                            (text, source) -> {},
                                            System::nanoTime));
            assertEquals(Errno.ENOMEM, refused.errno());
            assertEquals(0, small.allocatedFrames());
        }
    }

    @Test
    void whatIsRefusedIsReportedAsItWasMeant() {
        InvalidationQueue queue = queue();
        for (int before = 0; before < 1500; before += 499) {
            errors.clear();
            DescriptorBatch batch = pages(before);
            int at = batch.count() * DescriptorBatch.WORDS;
            invalidations.pasidCache(batch, 7, 5);
            unit.refusals = 2;
            assertEquals(State.REFUSED, queue.submitAndWait(batch).state());
            assertEquals(
                    new Told(
                            "invalidation descriptor 0x%x 0x%x is refused: INVALID_TYPE"
                                    .formatted(batch.words()[at], batch.words()[at + 1]),
                            -1),
                    errors.getFirst());
        }
    }

    @Test
    void onlyWhoIssuedTheRefusedIsTold() {
        InvalidationQueue queue = queue();
        stop();
        DescriptorBatch refused = pages(1);
        invalidations.pasidCache(refused, 7, 5);
        PendingWait before = queue.submit(awaited(pages(2))).getLast();
        PendingWait issuer = queue.submit(awaited(refused)).getLast();
        PendingWait after = queue.submit(awaited(pages(2))).getLast();
        unit.refusals = 2;
        goOn();
        assertEquals(State.COMPLETE, queue.await(after).state());
        assertEquals(State.REFUSED, queue.await(issuer).state());
        assertEquals(State.COMPLETE, queue.await(before).state());
    }

    @Test
    void aWaitThatIsRefusedItselfEndsToo() {
        unit.refusable = RecordingUnit.of(DescriptorType.WAIT);
        unit.refusals = 2;
        assertEquals(State.REFUSED, queue().submitAndWait(pages(1)).state());
    }

    @Test
    void insteadOfWhatIsRefusedEverythingGoes() {
        unit.refusals = 2;
        DescriptorBatch batch = new DescriptorBatch();
        invalidations.pasidCache(batch, 7, 5);
        queue().submitAndWait(batch);
        Seen harmless = unit.seen.getFirst();
        assertEquals(DescriptorType.IOTLB, harmless.type());
        assertEquals(
                InvalidationDescriptor.IOTLB_GLOBAL,
                InvalidationDescriptor.granularity(harmless.w0()));
    }

    @Test
    void whatHadCompletedBeforeATimeOutStaysComplete() {
        InvalidationQueue queue = queue();
        stop();
        unit.silentDevices.add(SILENT);
        unit.headWaits = true;
        PendingWait complete = queue.submit(awaited(pages(1))).getLast();
        PendingWait lost = queue.submit(awaited(deviceTlb(SILENT))).getLast();
        goOn();
        assertEquals(State.TIMED_OUT, queue.await(lost).state());
        assertEquals(State.COMPLETE, queue.await(complete).state());
    }

    @Test
    void whatTheHardwareHadNotBegunIsNotGivenUpWithWhatTimedOut() {
        InvalidationQueue queue = queue();
        unit.silentDevices.add(SILENT);
        PendingWait lost = queue.submit(awaited(deviceTlb(SILENT))).getLast();
        PendingWait next = queue.submit(awaited(pages(1))).getLast();
        assertEquals(State.COMPLETE, queue.await(next).state());
        PendingWait.Outcome outcome = queue.await(lost);
        assertEquals(State.TIMED_OUT, outcome.state());
        assertEquals(SILENT, outcome.source());
    }

    @Test
    void aCompletionThatNobodyWaitsForIsReportedWithItsDevice() {
        InvalidationQueue queue = queue();
        unit.set(Register.IQERCD, Iqercd.ICESID.place(SILENT));
        unit.set(Register.FSTS, Fsts.ICE.mask());
        queue.handleErrors();
        assertEquals(List.of(SILENT), errors.stream().map(Told::source).toList());
    }

    @Test
    void whereNothingIsWrongNothingIsCleared() {
        InvalidationQueue queue = queue();
        unit.log.clear();
        queue.handleErrors();
        assertEquals(List.of(), unit.log);
        assertEquals(List.of(), errors);
    }
}
