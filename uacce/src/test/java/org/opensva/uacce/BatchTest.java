package org.opensva.uacce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.opensva.uacce.lab.Lab.SOON;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.uacce.lab.Lab;
import org.opensva.uacce.lab.LabProcess;
import org.opensva.uacce.queue.QueueLayout;

import java.util.List;

class BatchTest {

    private static final int ENTRY = QueueLayout.ENTRY_SIZE;
    private static final int MOST = 8;

    private final Lab lab = new Lab(UacceConfig.of("lab-0").withWorkers(1));
    private final LabProcess process = new LabProcess();
    private final QueueHandle queue = lab.device.open(process);
    private long descriptors;
    private long completions;
    private long data;

    @BeforeEach
    void start() {
        queue.start();
        descriptors = process.memory(new byte[4096]);
        completions = process.memory(new byte[4096]);
        data = process.memory(new byte[4096]);
    }

    @AfterEach
    void close() {
        queue.close();
        lab.close();
    }

    private JobResult run(List<Job> jobs) {
        byte[] entry = new byte[ENTRY];
        process.store(completions, new byte[4096]);
        for (int i = 0; i < jobs.size(); i++) {
            QueueLayout.encode(entry, 100 + i, jobs.get(i));
            process.store(descriptors + i * ENTRY, entry);
        }
        return queue.run(batch((long) jobs.size() * ENTRY), SOON);
    }

    private Job batch(long size) {
        return Job.transform(Operation.BATCH, descriptors, size, completions, size);
    }

    private JobStatus status(int index) {
        long at = completions + index * ENTRY;
        assertEquals(100 + index, process.loadLong(at + QueueLayout.COMPLETION_TAG));
        assertEquals(1, process.loadLong(at + QueueLayout.COMPLETION_PHASE));
        return JobStatus.ofCode((int) process.loadLong(at + QueueLayout.COMPLETION_STATUS));
    }

    private long phase(int index) {
        return process.loadLong(completions + index * ENTRY + QueueLayout.COMPLETION_PHASE);
    }

    @Test
    void jobsOfABatchAreDoneInOrderAndEachHasItsCompletion() {
        JobResult result =
                run(
                        List.of(
                                Job.fill(data, 64, 0x0101010101010101L),
                                Job.copy(data, data + 100, 64),
                                Job.crc32c(data + 100, 64).withFence(),
                                Job.compare(data, data + 100, 64),
                                new Job(Operation.DRAIN, 0, 0, 0, 0, 0)));
        assertEquals(new JobResult(JobStatus.SUCCESS, 5 * ENTRY, 5 * ENTRY, 5, 0), result);
        for (int i = 0; i < 5; i++) {
            assertEquals(JobStatus.SUCCESS, status(i));
        }
        long crc = process.loadLong(completions + 2 * ENTRY + QueueLayout.COMPLETION_VALUE);
        assertEquals(queue.run(Job.crc32c(data, 64), SOON).value(), crc);
        assertEquals(64, process.loadLong(completions + 3 * ENTRY + 0x10));
    }

    @Test
    void aFailedJobFailsTheBatchAndTheFenceKeepsBackWhatFollows() {
        Job bad = Job.transform(Operation.GUNZIP, data, 10, data + 100, 10);
        List<Job> jobs = List.of(Job.nop(), bad, Job.nop(), Job.nop().withFence(), Job.nop());
        JobResult result = run(jobs);
        assertEquals(new JobResult(JobStatus.BATCH_FAILED, 3 * ENTRY, 3 * ENTRY, 2, 0), result);
        assertEquals(JobStatus.BAD_DATA, status(1));
        assertEquals(JobStatus.SUCCESS, status(2));
        assertEquals(0, phase(3));
        assertEquals(0, phase(4));
    }

    @Test
    void aBatchInABatchAndAFenceOutsideOneAreBadDescriptors() {
        JobResult result = run(List.of(batch(ENTRY), Job.nop()));
        assertEquals(JobStatus.BATCH_FAILED, result.status());
        assertEquals(JobStatus.BAD_DESCRIPTOR, status(0));
        assertEquals(JobStatus.SUCCESS, status(1));
        assertEquals(JobStatus.BAD_DESCRIPTOR, queue.run(Job.nop().withFence(), SOON).status());
    }

    @Test
    void sizesAndPlacesThatABatchCannotHaveAreBadDescriptors() {
        long longest = (long) QueueLayout.MAX_BATCH * ENTRY;
        long[] sizes = {0, 1, ENTRY - 1, ENTRY + 1, longest + ENTRY, 1L << 32, 1L << 62};
        for (long size : sizes) {
            assertEquals(JobStatus.BAD_DESCRIPTOR, queue.run(batch(size), SOON).status());
        }
        Job[] bad = {
            Job.transform(Operation.BATCH, descriptors + 1, ENTRY, completions, ENTRY),
            Job.transform(Operation.BATCH, descriptors, ENTRY, completions + 8, ENTRY),
            Job.transform(Operation.BATCH, descriptors, ENTRY, completions, ENTRY - 1),
        };
        for (Job job : bad) {
            assertEquals(JobStatus.BAD_DESCRIPTOR, queue.run(job, SOON).status());
        }
    }

    @Test
    void aHoleInTheDescriptorsOrCompletionsIsReportedAtItsByte() {
        process.munmap(completions, 4096);
        JobResult noAnswer = queue.run(batch(2 * ENTRY), SOON);
        assertEquals(new JobResult(JobStatus.PAGE_FAULT, ENTRY, 0, 1, completions), noAnswer);
        completions = process.memory(new byte[4096]);
        process.munmap(descriptors, 4096);
        JobResult nothing = queue.run(batch(2 * ENTRY), SOON);
        assertEquals(new JobResult(JobStatus.PAGE_FAULT, 0, 0, 0, descriptors), nothing);
    }

    @Test
    void aStreamBelongsToItsQueueAndEndsWhenTheQueueStops() {
        byte[] begin = JobParameters.EMPTY.withSession(7).withOptions(JobParameters.BEGIN).encode();
        byte[] end = JobParameters.EMPTY.withSession(7).withOptions(JobParameters.END).encode();
        long first = process.memory(begin);
        long last = process.memory(end);
        Job digest = Job.transform(Operation.DIGEST, Algorithm.SHA_256, data, 64, data + 512, 32);
        try (QueueHandle other = lab.device.open(process)) {
            other.start();
            assertEquals(JobStatus.SUCCESS, queue.run(digest.withParameters(first), SOON).status());
            assertEquals(
                    JobStatus.NO_SESSION, other.run(digest.withParameters(last), SOON).status());
            assertEquals(JobStatus.SUCCESS, queue.run(digest.withParameters(last), SOON).status());
        }
        for (int lap = 0; lap < 300; lap++) {
            // As many streams as the device can hold, and more: those of a stopped queue are free.
            assertEquals(JobStatus.SUCCESS, queue.run(digest.withParameters(first), SOON).status());
            queue.putQueue();
            queue.start();
            assertEquals(
                    JobStatus.NO_SESSION, queue.run(digest.withParameters(last), SOON).status());
        }
    }
}
