package org.opensva.uacce.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.iommu.DmaPort;
import org.opensva.api.iommu.DmaResult;

import java.lang.management.ManagementFactory;
import java.util.Set;

class HardwareQueueAllocationTest {

    private static final int DEPTH = 64;
    private static final int RING = DEPTH * QueueLayout.ENTRY_SIZE;

    /** Memory from address 0 on. */
    private static final class Memory implements DmaPort {
        private final byte[] bytes = new byte[2 * RING];

        @Override
        public synchronized long read(
                int pasid, int access, long address, byte[] target, int offset, int length) {
            System.arraycopy(bytes, (int) address, target, offset, length);
            return DmaResult.complete(length);
        }

        @Override
        public synchronized long write(
                int pasid, int access, long address, byte[] source, int offset, int length) {
            System.arraycopy(source, offset, bytes, (int) address, length);
            return DmaResult.complete(length);
        }

        synchronized long phase(int index) {
            return QueueLayout.get(
                    bytes,
                    RING
                            + (index & DEPTH - 1) * QueueLayout.ENTRY_SIZE
                            + QueueLayout.COMPLETION_PHASE);
        }
    }

    private static final class Nothing implements Engine {
        static volatile long thread;

        @Override
        public Set<Operation> operations() {
            return Set.of(Operation.NOP);
        }

        @Override
        public void execute(JobExecution job) {
            thread = Thread.currentThread().threadId();
            job.complete(JobStatus.SUCCESS, 0, 0, 0, 0);
        }
    }

    @Test
    void aWarmQueueAllocatesNothingForAJobAlsoWhenItsWorkerSleepsInBetween() {
        Memory memory = new Memory();
        QueueScheduler scheduler = new QueueScheduler("test", 1, 1, memory, Nothing::new);
        HardwareQueue queue =
                new HardwareQueue(
                        1, DEPTH, 4096, () -> true, scheduler, 8, DEPTH, JobObserver.NONE);
        queue.sharedPage().write(SharedPage.COMPLETION_RING, 8, RING);
        queue.sharedPage().write(SharedPage.DEPTH, 8, DEPTH);
        byte[] nop = new byte[QueueLayout.ENTRY_SIZE];
        QueueLayout.encode(nop, 0, Job.nop());
        assertTrue(queue.start());

        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        run(queue, memory, 0, 20_000);
        long before = threads.getThreadAllocatedBytes(Nothing.thread);
        run(queue, memory, 20_000, 40_000);
        long each = (threads.getThreadAllocatedBytes(Nothing.thread) - before) / 20_000;
        assertTrue(each < 8, each + " bytes for each job");
        assertTrue(queue.stop(1_000_000_000L));
        assertTrue(scheduler.shutDown(10_000_000_000L));
    }

    private static void run(HardwareQueue queue, Memory memory, int from, int to) {
        for (int index = from; index < to; index++) {
            long seen = queue.event().count();
            queue.doorbellPage().write(QueueLayout.DOORBELL, 4, index + 1);
            long deadline = System.nanoTime() + 20_000_000_000L;
            while (memory.phase(index) != QueueLayout.phase(index, DEPTH)) {
                assertTrue(queue.event().await(seen, deadline), "job " + index);
                seen = queue.event().count();
            }
        }
        assertEquals(to, queue.doorbellPage().read(QueueLayout.DOORBELL, 4));
    }
}
