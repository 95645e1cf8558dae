package org.opensva.uacce.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.iommu.DmaPort;
import org.opensva.api.iommu.DmaResult;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** How queues with work share one worker. */
class SharesTest {

    private static final int DEPTH = 1024;
    private static final int RING = DEPTH * QueueLayout.ENTRY_SIZE;
    private static final int LONGEST = 100_000;

    private record Done(int queue, long cost) {}

    /** Memory from address 0 on, the rings of each queue behind those of the one before. */
    private static final class Memory implements DmaPort {
        private final byte[] bytes;

        Memory(int queues) {
            bytes = new byte[queues * 2 * RING];
        }

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
    }

    /** Writes down what it is given, once it is let go. */
    private static final class Ledger implements Engine {
        final List<Done> done = new ArrayList<>();
        final CountDownLatch go = new CountDownLatch(1);
        private final CountDownLatch left;

        Ledger(int jobs) {
            left = new CountDownLatch(jobs);
        }

        @Override
        public Set<Operation> operations() {
            return Set.of(Operation.CRC32C);
        }

        @Override
        public void execute(JobExecution job) {
            try {
                go.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            done.add(new Done(job.pasid(), job.sourceLength() + ServedQueue.JOB_COST));
            job.complete(JobStatus.SUCCESS, 0, 0, 0, 0);
            left.countDown();
        }
    }

    private static List<Done> run(int[] weights, long[][] lengths) throws InterruptedException {
        Memory memory = new Memory(weights.length);
        Ledger ledger = new Ledger(weights.length * DEPTH);
        QueueScheduler scheduler =
                new QueueScheduler("shares", 1, weights.length, memory, () -> ledger);
        List<HardwareQueue> queues = new ArrayList<>();
        for (int i = 0; i < weights.length; i++) {
            HardwareQueue queue =
                    new HardwareQueue(
                            i,
                            DEPTH,
                            4096,
                            () -> true,
                            scheduler,
                            weights[i],
                            DEPTH,
                            JobObserver.NONE);
            queues.add(queue);
            int ring = i * 2 * RING;
            for (int j = 0; j < DEPTH; j++) {
                byte[] entry = new byte[QueueLayout.ENTRY_SIZE];
                QueueLayout.encode(entry, j, Job.crc32c(0, lengths[i][j]));
                memory.write(i, 0, ring + j * QueueLayout.ENTRY_SIZE, entry, 0, entry.length);
            }
            queue.sharedPage().write(SharedPage.SUBMISSION_RING, 8, ring);
            queue.sharedPage().write(SharedPage.COMPLETION_RING, 8, ring + RING);
            queue.sharedPage().write(SharedPage.DEPTH, 8, DEPTH);
            assertTrue(queue.start());
        }
        for (HardwareQueue queue : queues) {
            queue.doorbellPage().write(QueueLayout.DOORBELL, 4, DEPTH);
        }
        ledger.go.countDown();
        assertTrue(ledger.left.await(60, TimeUnit.SECONDS));
        queues.forEach(queue -> assertTrue(queue.stop(10_000_000_000L)));
        assertTrue(scheduler.shutDown(10_000_000_000L));
        return ledger.done;
    }

    /** The jobs until the first queue had no more. */
    private static List<Done> contended(List<Done> all, int queues) {
        int[] seen = new int[queues];
        for (int i = 0; i < all.size(); i++) {
            if (++seen[all.get(i).queue()] == DEPTH) {
                return all.subList(0, i);
            }
        }
        throw new AssertionError("no queue came to its end");
    }

    @Test
    void eachQueueGetsItsShareOfTheBytesWhateverTheSizesOfItsJobs() throws Exception {
        SplittableRandom random = new SplittableRandom(11);
        for (int round = 0; round < 12; round++) {
            int count = random.nextInt(2, 7);
            int[] weights = new int[count];
            long[][] lengths = new long[count][DEPTH];
            long total = 0;
            for (int i = 0; i < count; i++) {
                weights[i] = random.nextInt(1, 16);
                total += weights[i];
                int longest = 1 << random.nextInt(0, 17);
                for (int j = 0; j < DEPTH; j++) {
                    lengths[i][j] = random.nextInt(Math.min(longest, LONGEST) + 1);
                }
            }
            List<Done> jobs = contended(run(weights, lengths), count);
            long[] got = new long[count];
            long all = 0;
            for (Done job : jobs) {
                got[job.queue()] += job.cost();
                all += job.cost();
            }
            // A round more or less, and a job beyond the credit.
            long slack = 2 * (total * ServedQueue.GRANT + (long) count * LONGEST);
            for (int i = 0; i < count; i++) {
                long due = all / total * weights[i];
                assertTrue(
                        Math.abs(got[i] - due) < slack,
                        "round %d: queue %d got %d of %d".formatted(round, i, got[i], due));
            }
        }
    }

    @Test
    void noQueueStarvesBesideHeavyOnes() throws Exception {
        int[] weights = {1, 15, 15, 15};
        long[][] lengths = new long[4][DEPTH];
        for (int i = 1; i < 4; i++) {
            Arrays.fill(lengths[i], LONGEST);
        }
        List<Done> jobs = contended(run(weights, lengths), 4);
        long gap = 0;
        long longest = 0;
        int light = 0;
        for (Done job : jobs) {
            gap = job.queue() == 0 ? 0 : gap + job.cost();
            light += job.queue() == 0 ? 1 : 0;
            longest = Math.max(longest, gap);
        }
        assertTrue(light > 0);
        long round = 3 * (15 * ServedQueue.GRANT + LONGEST + ServedQueue.JOB_COST);
        // Not before the light queue was there.
        assertTrue(longest <= 2 * round, longest + " bytes without a turn");
    }

    @Test
    void jobsOfAQueueStayInOrderAcrossTurns() throws Exception {
        int[] weights = {3, 3};
        long[][] lengths = new long[2][DEPTH];
        for (int j = 0; j < DEPTH; j++) {
            lengths[0][j] = j;
            lengths[1][j] = 2 * j;
        }
        int[] next = new int[2];
        for (Done job : run(weights, lengths)) {
            int j = next[job.queue()]++;
            assertEquals(lengths[job.queue()][j] + ServedQueue.JOB_COST, job.cost());
        }
    }
}
