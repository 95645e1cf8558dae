package org.opensva.uacce;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.uacce.lab.Lab.SOON;
import static org.opensva.uacce.lab.Lab.refused;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.process.Errno;
import org.opensva.uacce.lab.Lab;
import org.opensva.uacce.lab.LabProcess;
import org.opensva.uacce.lab.ScriptedEngine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

class QueueStateTest {

    private static final int DEPTH = 8;

    private final Lab lab =
            new Lab(
                    UacceConfig.of("lab-0")
                            .withQueueDepth(DEPTH)
                            .withDrainTimeout(Duration.ofMillis(200)));
    private final LabProcess process = new LabProcess();
    private final QueueHandle queue = lab.device.open(process);

    @AfterEach
    void close() {
        queue.close();
        lab.close();
    }

    @Test
    void aQueueStartsOnce() {
        queue.start();
        assertEquals(QueueState.STARTED, queue.state());
        refused(Errno.EINVAL, queue::start);
        assertEquals(JobStatus.SUCCESS, queue.run(Job.nop(), SOON).status());
    }

    @Test
    void aQueueThatIsNotStartedTakesNoJobs() {
        refused(Errno.EINVAL, () -> queue.submit(Job.nop()));
        queue.start();
        queue.putQueue();
        refused(Errno.EINVAL, () -> queue.submit(Job.nop()));
    }

    @Test
    void putReturnsAQueueToInitAndItCanBeStartedAgain() {
        for (int lap = 0; lap < 20; lap++) {
            queue.start();
            for (int i = 0; i <= lap % DEPTH; i++) {
                assertTrue(queue.run(Job.nop(), SOON).succeeded());
            }
            queue.putQueue();
            assertEquals(QueueState.INIT, queue.state());
            queue.putQueue();
        }
    }

    @Test
    void putFinishesWorkThatWasAccepted() {
        queue.start();
        long from = process.memory("accepted".getBytes());
        long to = process.memory(new byte[8]);
        List<Long> tickets = new ArrayList<>();
        for (int i = 0; i < DEPTH - 1; i++) {
            tickets.add(queue.submit(Job.nop()));
        }
        tickets.add(queue.submit(Job.copy(from, to, 8)));
        queue.putQueue();
        assertArrayEquals("accepted".getBytes(), process.load(to, 8));
        for (long ticket : tickets) {
            assertEquals(JobStatus.SUCCESS, queue.await(ticket, Duration.ZERO).status());
        }
    }

    @Test
    void resultsSurviveARestart() {
        queue.start();
        long ticket = queue.submit(Job.nop());
        queue.putQueue();
        queue.start();
        assertTrue(queue.run(Job.nop(), SOON).succeeded());
        assertTrue(queue.await(ticket, SOON).succeeded());
    }

    @Test
    void putAbortsWhatCannotBeFinishedInTime() {
        try (Lab endless =
                        new Lab(
                                UacceConfig.of("lab-1").withDrainTimeout(Duration.ofMillis(50)),
                                OpenTelemetry.noop(),
                                ScriptedEngine::new);
                QueueHandle other = endless.device.open(process)) {
            other.start();
            long stuck = other.submit(Job.fill(0, 0, ScriptedEngine.UNTIL_CANCELLED));
            long behind = other.submit(Job.nop());
            other.putQueue();
            assertEquals(JobStatus.ABORTED, other.await(stuck, SOON).status());
            assertEquals(JobStatus.ABORTED, other.await(behind, SOON).status());
            assertEquals(QueueState.INIT, other.state());
            other.start();
            assertTrue(other.run(Job.nop(), SOON).succeeded());
        }
    }

    @Test
    void aDeviceThatNeverLetsGoCostsTheQueueButNoWaiting() throws InterruptedException {
        queue.start();
        long from = process.memory(new byte[10]);
        CountDownLatch gate = lab.endpoint.gateAt(from);
        long stuck = queue.submit(Job.crc32c(from, 10));
        lab.endpoint.waiting().await();
        refused(Errno.ENXIO, queue::putQueue);
        assertEquals(QueueState.ZOMBIE, queue.state());
        assertEquals(JobStatus.ABORTED, queue.await(stuck, Duration.ZERO).status());
        int left = lab.device.availableInstances();
        queue.close();
        assertEquals(left, lab.device.availableInstances(), "the device still uses it");
        gate.countDown();
        long deadline = System.nanoTime() + SOON.toNanos();
        while (lab.device.availableInstances() == left && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertEquals(left + 1, lab.device.availableInstances());
    }

    @Test
    void anUnknownCommandIsInvalid() {
        refused(Errno.EINVAL, () -> queue.control(0x5702));
        queue.start();
        refused(Errno.EINVAL, () -> queue.control(-1));
    }

    @Test
    void aClosedHandleAnswersNothing() {
        queue.start();
        long ticket = queue.submit(Job.nop());
        queue.close();
        queue.close();
        assertEquals(QueueState.ZOMBIE, queue.state());
        refused(Errno.EBADF, queue::start);
        refused(Errno.EBADF, queue::putQueue);
        refused(Errno.EBADF, () -> queue.control(1));
        refused(Errno.EBADF, () -> queue.submit(Job.nop()));
        refused(Errno.EBADF, () -> queue.passTo(process));
        assertEquals(JobStatus.SUCCESS, queue.await(ticket, SOON).status(), "it was done before");
        assertFalse(queue.poll(SOON));
    }

    @Test
    void aTicketIsGoodOnce() {
        queue.start();
        long ticket = queue.submit(Job.nop());
        assertTrue(queue.await(ticket, SOON).succeeded());
        refused(Errno.EINVAL, () -> queue.await(ticket, SOON));
        refused(Errno.EINVAL, () -> queue.await(-1, SOON));
        refused(Errno.EINVAL, () -> queue.await(Long.MAX_VALUE, SOON));
        refused(Errno.EINVAL, () -> queue.await(0, SOON));
    }

    @Test
    void submissionIsRefusedExactlyAtTheDepthAndNothingIsQueued() {
        queue.start();
        long counter = process.memory(new byte[8 * DEPTH + 8]);
        List<Long> tickets = new ArrayList<>();
        for (int i = 0; i < DEPTH; i++) {
            tickets.add(queue.submit(Job.fill(counter + 8 * i, 8, 1)));
        }
        refused(Errno.EAGAIN, () -> queue.submit(Job.fill(counter + 8 * DEPTH, 8, 1)));
        for (long ticket : tickets) {
            assertTrue(queue.await(ticket, SOON).succeeded());
        }
        assertEquals(0, process.loadLong(counter + 8 * DEPTH));
        assertTrue(queue.run(Job.nop(), SOON).succeeded());
    }

    @Test
    void pollSeesWhatWasNotCollected() {
        queue.start();
        assertFalse(queue.poll(Duration.ZERO));
        long ticket = queue.submit(Job.nop());
        assertTrue(queue.poll(SOON));
        assertTrue(queue.poll(Duration.ZERO));
        queue.await(ticket, Duration.ZERO);
        assertFalse(queue.poll(Duration.ofMillis(1)));
    }

    @Test
    void waitingEndsWithTheTimeoutAndTheJobCanStillBeCollected() throws InterruptedException {
        queue.start();
        long from = process.memory(new byte[10]);
        CountDownLatch gate = lab.endpoint.gateAt(from);
        long ticket = queue.submit(Job.crc32c(from, 10));
        refused(Errno.ETIMEDOUT, () -> queue.await(ticket, Duration.ofMillis(5)));
        refused(Errno.ETIMEDOUT, () -> queue.await(ticket, Duration.ofSeconds(-1)));
        assertFalse(queue.poll(Duration.ofMillis(5)));
        gate.countDown();
        assertTrue(queue.await(ticket, Duration.ofSeconds(Long.MAX_VALUE)).succeeded());
    }

    @Test
    void anInterruptedWaiterSaysSoAndStaysInterrupted() {
        queue.start();
        long from = process.memory(new byte[10]);
        CountDownLatch gate = lab.endpoint.gateAt(from);
        long ticket = queue.submit(Job.crc32c(from, 10));
        Thread.currentThread().interrupt();
        refused(Errno.EINTR, () -> queue.await(ticket, SOON));
        assertTrue(Thread.interrupted());
        gate.countDown();
        assertTrue(queue.await(ticket, SOON).succeeded());
    }

    @Test
    void aFaultStopsTheJobAndNotTheQueue() {
        queue.start();
        long from = process.memory(new byte[4096]);
        long to = process.memory(new byte[8192]);
        JobResult result = queue.run(Job.copy(from, to, 8192), SOON);
        assertEquals(new JobResult(JobStatus.PAGE_FAULT, 4096, 4096, 0, from + 4096), result);
        assertTrue(queue.run(Job.nop(), SOON).succeeded());
    }
}
