package org.opensva.uacce;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.uacce.lab.Lab.SOON;
import static org.opensva.uacce.lab.Lab.refused;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueRequest;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.process.Errno;
import org.opensva.uacce.lab.Lab;
import org.opensva.uacce.lab.LabProcess;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

class BatchSubmitTest {

    private static List<Job> nops(int count) {
        return Collections.nCopies(count, Job.nop());
    }

    private static void collect(QueueHandle queue, long[] tickets) {
        for (long ticket : tickets) {
            assertTrue(queue.await(ticket, SOON).succeeded());
        }
    }

    @Test
    void aBatchIsSubmittedWholeOrNotAtAllAndRingsOnce() {
        try (Lab lab = new Lab(UacceConfig.of("lab-0").withQueueDepth(8));
                LabProcess process = new LabProcess()) {
            QueueHandle queue = lab.device.open(process);
            long doorbell = queue.mapRegion(QueueRegion.MMIO);
            queue.start();
            long[] tickets = queue.submitAll(nops(6));
            assertEquals(6, process.loadLong(doorbell));
            refused(Errno.EAGAIN, () -> queue.submitAll(nops(3)));
            assertEquals(6, process.loadLong(doorbell));
            assertEquals(0, queue.submitAll(List.of()).length);
            refused(Errno.EINVAL, () -> queue.submitAll(nops(9)));
            collect(queue, queue.submitAll(nops(2)));
            collect(queue, tickets);
            for (int i = 0; i < 50; i++) {
                collect(queue, queue.submitAll(nops(1 + i % 8)));
            }
            queue.close();
        }
    }

    @Test
    void jobsOfABatchAreDoneInOrder() {
        try (Lab lab = new Lab();
                LabProcess process = new LabProcess()) {
            QueueHandle queue = lab.device.open(process);
            queue.start();
            long memory = process.memory(new byte[64]);
            List<Job> jobs = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                jobs.add(Job.fill(memory, 64 - i, 0x0101_0101_0101_0101L * i));
            }
            collect(queue, queue.submitAll(jobs));
            byte[] expected = new byte[64];
            for (int i = 0; i < 64; i++) {
                expected[i] = (byte) (63 - i);
            }
            assertArrayEquals(expected, process.load(memory, 64));
            queue.close();
        }
    }

    @Test
    void theDescriptorTakesABatchWholeToo() {
        UacceConfig config =
                UacceConfig.of("lab-0")
                        .withQueueDepth(4)
                        .withForeignHandles(ForeignHandlePolicy.OPENER);
        try (Lab lab = new Lab(config)) {
            LabProcess process = new LabProcess();
            QueueHandle queue = lab.device.open(process);
            queue.start();
            QueueHandle theirs = queue.inheritedBy(process.fork());
            long[] tickets = theirs.submitAll(nops(3));
            refused(Errno.EAGAIN, () -> theirs.submitAll(nops(2)));
            long last = theirs.submit(Job.nop());
            collect(theirs, tickets);
            collect(theirs, new long[] {last});
            theirs.close();
            queue.close();
        }
    }

    @Test
    void aLimitHoldsForTheLibraryAndForTheHardware() {
        try (Lab lab = new Lab();
                LabProcess process = new LabProcess()) {
            refused(
                    Errno.EINVAL,
                    () -> lab.device.open(process, QueueRequest.DEDICATED.withLimit(65)));
            QueueHandle queue = lab.device.open(process, QueueRequest.DEDICATED.withLimit(3));
            long doorbell = queue.mapRegion(QueueRegion.MMIO);
            queue.start();
            long[] tickets = queue.submitAll(nops(3));
            refused(Errno.EAGAIN, () -> queue.submit(Job.nop()));
            collect(queue, tickets);
            process.storeLong(doorbell, 3 + 4);
            refused(Errno.EIO, () -> queue.submit(Job.nop()));
            queue.close();
        }
    }

    @Test
    void aQueueMayBeDeeperThanSixteenBitsCount() {
        int depth = 1 << 17;
        try (Lab lab = new Lab(UacceConfig.of("lab-0").withQueueDepth(depth));
                LabProcess process = new LabProcess()) {
            QueueHandle queue = lab.device.open(process);
            queue.start();
            for (int lap = 0; lap < 2; lap++) {
                long[] tickets = queue.submitAll(nops(depth));
                refused(Errno.EAGAIN, () -> queue.submit(Job.nop()));
                long[] result = new long[4];
                for (long ticket : tickets) {
                    assertEquals(JobStatus.SUCCESS, queue.await(ticket, SOON.toNanos(), result));
                }
            }
            queue.close();
        }
    }
}
