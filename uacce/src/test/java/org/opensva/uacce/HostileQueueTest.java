package org.opensva.uacce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.uacce.lab.Lab.SOON;
import static org.opensva.uacce.lab.Lab.refused;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.uacce.lab.Lab;
import org.opensva.uacce.lab.LabProcess;
import org.opensva.uacce.queue.QueueError;
import org.opensva.uacce.queue.QueueLayout;
import org.opensva.uacce.queue.SharedPage;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A program without the library, which writes what it likes. */
class HostileQueueTest {

    private static final int DEPTH = 16;
    private static final int ENTRY = QueueLayout.ENTRY_SIZE;

    private final Lab lab =
            new Lab(
                    UacceConfig.of("lab-0")
                            .withQueueDepth(DEPTH)
                            .withDrainTimeout(Duration.ofSeconds(1)));
    private final LabProcess process = new LabProcess();
    private final QueueHandle queue = lab.device.open(process);
    private final QueueHandle neighbour = lab.device.open(process);
    private final long doorbell = queue.mapRegion(QueueRegion.MMIO);
    private final long shared = queue.mapRegion(QueueRegion.SHARED);
    private final long submission = process.memory(new byte[DEPTH * ENTRY]);
    private final long completion = process.memory(new byte[DEPTH * ENTRY]);

    @AfterEach
    void close() {
        neighbour.start();
        assertTrue(neighbour.run(Job.nop(), SOON).succeeded(), "a neighbour is never disturbed");
        queue.close();
        neighbour.close();
        lab.close();
        assertEquals(0, lab.endpoint.bonds());
    }

    /** START as a raw ioctl: the descriptor of another handle, whose library has no rings. */
    private void start(long submissionRing, long completionRing, long depth) {
        process.storeLong(shared + SharedPage.SUBMISSION_RING, submissionRing);
        process.storeLong(shared + SharedPage.COMPLETION_RING, completionRing);
        process.storeLong(shared + SharedPage.DEPTH, depth);
        queue.inheritedBy(process).start();
    }

    private int error() {
        return (int) (process.loadLong(shared + SharedPage.STATUS) & SharedPage.STATUS_ERROR_MASK);
    }

    private void awaitError(QueueError error) {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (error() == 0 && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertEquals(error.code(), error());
    }

    private long completionOf(int index, int field) {
        return process.loadLong(completion + (long) (index % DEPTH) * ENTRY + field);
    }

    private JobStatus awaitCompletion(int index) {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (completionOf(index, QueueLayout.COMPLETION_PHASE)
                != QueueLayout.phase(index, DEPTH)) {
            assertTrue(System.nanoTime() < deadline, "completion " + index);
            Thread.onSpinWait();
        }
        return JobStatus.ofCode((int) completionOf(index, QueueLayout.COMPLETION_STATUS));
    }

    private void descriptor(int index, byte[] bytes) {
        process.store(submission + (long) (index % DEPTH) * ENTRY, bytes);
    }

    @Test
    void theFormatWorksWithoutTheLibraryOverManyLaps() {
        start(submission, completion, DEPTH);
        assertEquals(1L << 32, process.loadLong(shared + SharedPage.STATUS));
        long to = process.memory(new byte[8]);
        byte[] bytes = new byte[ENTRY];
        Random random = new Random(1);
        int index = 0;
        while (index < 500) {
            int batch = 1 + random.nextInt(DEPTH);
            for (int i = 0; i < batch; i++) {
                QueueLayout.encode(bytes, index + i, Job.fill(to, 8, index + i));
                descriptor(index + i, bytes);
            }
            process.storeLong(doorbell, index + batch);
            for (int i = 0; i < batch; i++, index++) {
                assertEquals(JobStatus.SUCCESS, awaitCompletion(index));
                assertEquals(index, completionOf(index, QueueLayout.COMPLETION_TAG));
                assertEquals(8, completionOf(index, QueueLayout.COMPLETION_PRODUCED));
            }
            assertEquals(index - 1, process.loadLong(to));
            assertEquals(index, process.loadLong(doorbell));
        }
    }

    @Test
    void everyReservedBitAndUnknownOperationIsABadDescriptor() {
        start(submission, completion, DEPTH);
        int index = 0;
        for (int bit = 0; bit < ENTRY * 8; bit++) {
            int field = bit / 64 * 8;
            // The operation NOP with one bit of the lowest five is another operation.
            boolean reserved =
                    field == QueueLayout.DESCRIPTOR_PARAMETERS
                            || field == QueueLayout.DESCRIPTOR_OPERATION && bit >= 5
                            || field == QueueLayout.DESCRIPTOR_SOURCE_LENGTH && bit % 64 == 63
                            || field == QueueLayout.DESCRIPTOR_CAPACITY && bit % 64 == 63;
            if (reserved) {
                byte[] bytes = new byte[ENTRY];
                QueueLayout.encode(bytes, 5, Job.nop());
                bytes[bit / 8] |= (byte) (1 << bit % 8);
                descriptor(index, bytes);
                process.storeLong(doorbell, index + 1);
                assertEquals(JobStatus.BAD_DESCRIPTOR, awaitCompletion(index), "bit " + bit);
                index++;
            }
        }
        assertEquals(59 + 64 + 2, index);
    }

    @Test
    void aRangeOverTheEndOfTheAddressSpaceIsABadDescriptor() {
        neighbour.start();
        Job[] jobs = {
            Job.copy(-10, 0x1000, 11),
            Job.copy(0x1000, -10, 11),
            Job.fill(-1, 2, 0),
            Job.crc32c(-2, Long.MAX_VALUE),
        };
        for (Job job : jobs) {
            assertEquals(JobStatus.BAD_DESCRIPTOR, neighbour.run(job, SOON).status());
        }
        assertEquals(JobStatus.PAGE_FAULT, neighbour.run(Job.crc32c(-10, 10), SOON).status());
        neighbour.putQueue();
    }

    @Test
    void randomDescriptorsGiveAStatusEachAndNothingElse() {
        start(submission, completion, DEPTH);
        Random random = new Random(2);
        byte[] bytes = new byte[ENTRY];
        for (int index = 0; index < 3_000; index++) {
            random.nextBytes(bytes);
            if (random.nextBoolean()) {
                QueueLayout.put(bytes, QueueLayout.DESCRIPTOR_OPERATION, random.nextInt(10));
                QueueLayout.put(bytes, QueueLayout.DESCRIPTOR_PARAMETERS, 0);
                long length = random.nextLong() >>> (1 + random.nextInt(63));
                QueueLayout.put(bytes, QueueLayout.DESCRIPTOR_SOURCE_LENGTH, length);
                QueueLayout.put(bytes, QueueLayout.DESCRIPTOR_CAPACITY, length);
                QueueLayout.put(
                        bytes,
                        QueueLayout.DESCRIPTOR_SOURCE,
                        submission + random.nextInt(2 * DEPTH * ENTRY));
            }
            descriptor(index, bytes);
            process.storeLong(doorbell, index + 1);
            awaitCompletion(index);
        }
        assertEquals(0, error());
    }

    @Test
    void parametersThatMakeNoSenseAreRefusedAtStart() {
        refused(Errno.EINVAL, () -> start(submission, completion, DEPTH * 2));
        refused(Errno.EINVAL, () -> start(submission, completion, 3));
        refused(Errno.EINVAL, () -> start(submission, completion, -1));
        refused(Errno.EINVAL, () -> start(submission + 8, completion, DEPTH));
        refused(Errno.EINVAL, () -> start(submission, -64, DEPTH));
        assertEquals(QueueState.INIT, queue.state());
        start(submission, completion, DEPTH);
    }

    @Test
    void parametersAreLatchedAtStart() {
        start(submission, completion, DEPTH);
        process.storeLong(shared + SharedPage.SUBMISSION_RING, -1);
        process.storeLong(shared + SharedPage.COMPLETION_RING, -1);
        process.storeLong(shared + SharedPage.DEPTH, -1);
        process.storeLong(doorbell, 1);
        assertEquals(JobStatus.SUCCESS, awaitCompletion(0));
    }

    @Test
    void aDescriptorThatCannotBeReadStopsTheQueueWithItsAddress() {
        start(0x4000, completion, DEPTH);
        process.storeLong(doorbell, 3);
        awaitError(QueueError.DESCRIPTOR_UNREACHABLE);
        assertEquals(0x4000, process.loadLong(shared + SharedPage.FAULT_ADDRESS));
        assertEquals(0, completionOf(0, QueueLayout.COMPLETION_PHASE));
        process.storeLong(doorbell, 4);
        refused(Errno.EIO, () -> queue.submit(Job.nop()));
        queue.putQueue();
        start(submission, completion, DEPTH);
        assertEquals(0, error());
        process.storeLong(doorbell, 1);
        assertEquals(JobStatus.SUCCESS, awaitCompletion(0));
    }

    @Test
    void aCompletionThatCannotBeWrittenStopsTheQueueWithItsAddress() {
        start(submission, 0x8000, DEPTH);
        process.storeLong(doorbell, 2);
        awaitError(QueueError.COMPLETION_UNREACHABLE);
        assertEquals(0x8000, process.loadLong(shared + SharedPage.FAULT_ADDRESS));
    }

    @Test
    void aDoorbellBeyondTheRingOrBackwardsStopsTheQueue() {
        for (long bad : new long[] {DEPTH + 1, -1, 0xffff_ffffL, 0x8000_0000L}) {
            start(submission, completion, DEPTH);
            process.storeLong(doorbell, bad);
            awaitError(QueueError.BAD_DOORBELL);
            queue.putQueue();
        }
        process.store(completion, new byte[DEPTH * ENTRY]);
        start(submission, completion, DEPTH);
        process.storeLong(doorbell, 2);
        awaitCompletion(1);
        process.storeLong(doorbell, 1);
        awaitError(QueueError.BAD_DOORBELL);
    }

    @Test
    void aDoorbellOfAQueueThatDoesNotRunIsIgnored() {
        process.storeLong(doorbell, 5);
        assertEquals(0, error());
        start(0, 0, 0);
        process.storeLong(doorbell, 5);
        assertEquals(0, error());
        assertTrue(queue.run(Job.nop(), SOON).succeeded(), "through the descriptor");
        assertEquals(0, process.loadLong(doorbell));
    }

    @Test
    void anyRegisterAccessIsAnswered() {
        Random random = new Random(3);
        for (int lap = 0; lap < 30; lap++) {
            long depth = random.nextInt(3) == 0 ? random.nextLong() : DEPTH;
            try {
                start(
                        random.nextBoolean() ? submission : random.nextLong() & -64,
                        random.nextBoolean() ? completion : random.nextLong() & -64,
                        depth);
            } catch (ErrnoException e) {
                assertEquals(Errno.EINVAL, e.errno());
            }
            for (int i = 0; i < 200; i++) {
                int width = 1 << random.nextInt(4);
                long offset = random.nextInt(4096 / width) * (long) width;
                long page = random.nextBoolean() ? shared : doorbell;
                byte[] bytes = new byte[width];
                random.nextBytes(bytes);
                if (width == 8 && random.nextBoolean()) {
                    process.storeLong(page + offset, random.nextInt(DEPTH));
                    process.loadLong(page + offset);
                } else {
                    process.store(page + offset, bytes);
                    process.load(page + offset, width);
                }
            }
            queue.putQueue();
        }
    }

    @Test
    void aRingThatTheProcessScribblesOverCostsItsOwnJobsOnly() {
        Random random = new Random(4);
        for (int lap = 0; lap < 20; lap++) {
            LabProcess fool = new LabProcess();
            QueueHandle own = lab.device.open(fool);
            own.start();
            long base = ringsOf(fool);
            List<Long> tickets = new ArrayList<>();
            for (int i = 0; i < DEPTH; i++) {
                try {
                    tickets.add(own.submit(Job.nop()));
                } catch (ErrnoException e) {
                    assertEquals(Errno.EIO, e.errno(), "the library saw the damage");
                }
                byte[] noise = new byte[1 + random.nextInt(2 * DEPTH * ENTRY)];
                random.nextBytes(noise);
                fool.store(base, noise);
            }
            if (lap % 2 == 0) {
                fool.munmap(base, 4096);
            }
            own.putQueue();
            for (long ticket : tickets) {
                own.await(ticket, SOON);
            }
            assertFalse(own.poll(Duration.ZERO));
            own.close();
            fool.exit(0);
        }
    }

    /** The library's rings are the last memory that it mapped. */
    private static long ringsOf(LabProcess process) {
        long probe = process.memory(new byte[1]);
        return probe - 4096 - 4096;
    }

    @Test
    void aProcessThatUnmapsTheLibrarysRingsIsToldSo() {
        LabProcess fool = new LabProcess();
        QueueHandle own = lab.device.open(fool);
        own.start();
        fool.munmap(ringsOf(fool), 4096);
        refused(Errno.EFAULT, () -> own.submit(Job.nop()));
        own.close();
        assertEquals(254, lab.device.availableInstances());
    }

    @Test
    void everyOperationHasTheCodeOfTheFormat() {
        for (Operation operation : Operation.values()) {
            assertEquals(operation.ordinal(), operation.code());
        }
    }
}
