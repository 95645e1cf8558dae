package org.opensva.uacce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.uacce.lab.Lab.SOON;
import static org.opensva.uacce.lab.Lab.refused;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.uacce.lab.Lab;
import org.opensva.uacce.lab.LabProcess;
import org.opensva.uacce.lab.ScriptedEngine;
import org.opensva.uacce.queue.QueueError;
import org.opensva.uacce.queue.SharedPage;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

class ResetTest {

    private static final UacceConfig CONFIG =
            UacceConfig.of("lab-0").withInstances(4).withDrainTimeout(Duration.ofSeconds(1));

    private static Job untilCancelled() {
        return Job.fill(0x1000, 8, ScriptedEngine.UNTIL_CANCELLED);
    }

    @Test
    void aResetTellsTheUsersAbortsTheirJobsAndWakesWhoeverWaits() throws Exception {
        try (Lab lab = new Lab(CONFIG, OpenTelemetry.noop(), ScriptedEngine::new)) {
            LabProcess process = new LabProcess();
            QueueHandle queue = lab.device.open(process);
            long shared = queue.mapRegion(QueueRegion.SHARED);
            queue.start();
            long first = queue.submit(untilCancelled());
            long second = queue.submit(Job.nop());
            CompletableFuture<JobStatus> waiter =
                    CompletableFuture.supplyAsync(() -> queue.await(second, SOON).status());
            lab.device.reset();
            assertEquals(JobStatus.ABORTED, queue.await(first, SOON).status());
            assertEquals(JobStatus.ABORTED, waiter.get());
            assertEquals(QueueState.ZOMBIE, queue.state());
            assertEquals(
                    QueueError.DEVICE_RESET.code(),
                    process.loadLong(shared + SharedPage.STATUS) & SharedPage.STATUS_ERROR_MASK);
            refused(Errno.ENXIO, () -> queue.submit(Job.nop()));
            refused(Errno.ENXIO, queue::start);
            assertFalse(queue.poll(Duration.ZERO));
            assertEquals(3, lab.device.availableInstances(), "the queue is open still");
            try (QueueHandle again = lab.device.open(process)) {
                again.start();
                assertTrue(again.run(Job.nop(), SOON).succeeded());
            }
            queue.close();
            assertEquals(4, lab.device.availableInstances());
            assertEquals(0, lab.endpoint.bonds());
        }
    }

    @Test
    void theDeviceForgetsEachPasidOnce() {
        try (Lab lab = new Lab(CONFIG)) {
            LabProcess one = new LabProcess();
            LabProcess other = new LabProcess();
            List<QueueHandle> queues =
                    List.of(lab.device.open(one), lab.device.open(one), lab.device.open(other));
            lab.endpoint.log.clear();
            lab.device.reset();
            assertEquals(List.of("stop 1", "stop 2"), List.copyOf(lab.endpoint.log));
            queues.forEach(QueueHandle::close);
        }
    }

    @Test
    void aWorkerThatDoesNotLetGoFailsTheResetAndIsolatesTheDevice() throws Exception {
        try (Lab lab = new Lab(CONFIG.withDrainTimeout(Duration.ofMillis(50)))) {
            LabProcess process = new LabProcess();
            QueueHandle queue = lab.device.open(process);
            queue.start();
            long from = process.memory(new byte[4096]);
            CountDownLatch gate = lab.endpoint.gateAt(from);
            queue.submit(Job.crc32c(from, 4096));
            lab.endpoint.waiting().await();
            refused(Errno.EIO, lab.device::reset);
            assertEquals("1\n", lab.device.sysfs().orElseThrow().read("isolate"));
            refused(Errno.EPERM, () -> lab.device.open(process));
            gate.countDown();
            queue.close();
        }
    }

    @Test
    void aResetThatIsToFailFailsOnce() {
        try (Lab lab = new Lab(CONFIG)) {
            lab.device.errorInjection().orElseThrow().failNextReset();
            refused(Errno.EIO, lab.device::reset);
            refused(Errno.EPERM, () -> lab.device.open(new LabProcess()));
            lab.device.reset();
            refused(Errno.EPERM, () -> lab.device.open(new LabProcess()));
        }
    }

    @Test
    void aDeviceThatIsGoneIsNotReset() {
        Lab lab = new Lab(CONFIG);
        lab.close();
        refused(Errno.ENODEV, lab.device::reset);
        refused(Errno.ENODEV, lab.device.errorInjection().orElseThrow()::hardwareError);
    }

    @Test
    void resetsBesideOpensClosesAndJobsLeaveNothingBehind() {
        try (Lab lab = new Lab(CONFIG)) {
            AtomicInteger turns = new AtomicInteger();
            List<CompletableFuture<Void>> users =
                    List.of(user(lab, turns), user(lab, turns), user(lab, turns));
            while (!users.stream().allMatch(CompletableFuture::isDone)) {
                int seen = turns.get();
                lab.device.reset();
                while (turns.get() == seen && !users.stream().allMatch(CompletableFuture::isDone)) {
                    Thread.onSpinWait();
                }
            }
            users.forEach(CompletableFuture::join);
            assertEquals(4, lab.device.availableInstances());
            assertEquals(0, lab.endpoint.bonds());
        }
    }

    private static CompletableFuture<Void> user(Lab lab, AtomicInteger turns) {
        return CompletableFuture.runAsync(
                () -> use(lab, turns), user -> Thread.ofPlatform().daemon().start(user));
    }

    /** Only a job that ended is a turn: whoever resets waits for one, and so all get on. */
    private static void use(Lab lab, AtomicInteger turns) {
        LabProcess process = new LabProcess();
        int done = 0;
        while (done < 50) {
            try (QueueHandle queue = lab.device.open(process)) {
                queue.start();
                JobStatus status = queue.run(Job.nop(), SOON).status();
                assertTrue(
                        status == JobStatus.SUCCESS || status == JobStatus.ABORTED,
                        status.toString());
                done++;
                turns.incrementAndGet();
            } catch (ErrnoException e) {
                assertTrue(
                        List.of(Errno.EPERM, Errno.ENXIO, Errno.EBUSY).contains(e.errno()),
                        e.getMessage());
            }
        }
    }
}
