package org.opensva.uacce;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.uacce.lab.Lab;
import org.opensva.uacce.lab.LabProcess;
import org.opensva.uacce.lab.ScriptedEngine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

class TeardownTest {

    private static final UacceConfig CONFIG =
            UacceConfig.of("lab-0").withInstances(4).withDrainTimeout(Duration.ofSeconds(1));

    @Test
    void closeStopsTheUseOfThePasidBeforeItUnbindsAndOnlyWithTheLastQueue() {
        try (Lab lab = new Lab(CONFIG)) {
            LabProcess process = new LabProcess();
            QueueHandle first = lab.device.open(process);
            QueueHandle second = lab.device.open(process);
            first.close();
            assertEquals(List.of("bind 1", "bind 1", "unbind 1"), List.copyOf(lab.endpoint.log));
            second.close();
            assertEquals(
                    List.of("bind 1", "bind 1", "unbind 1", "stop 1", "unbind 1"),
                    List.copyOf(lab.endpoint.log));
            assertEquals(0, process.lastSpace().subscribers());
            QueueHandle again = lab.device.open(process);
            again.start();
            assertTrue(again.run(Job.nop(), SOON).succeeded());
        }
    }

    @Test
    void manyQueuesOfOneProcessListenOnce() {
        try (Lab lab = new Lab(CONFIG)) {
            LabProcess process = new LabProcess();
            List<QueueHandle> queues = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                queues.add(lab.device.open(process));
                assertEquals(1, process.lastSpace().subscribers());
            }
            queues.forEach(QueueHandle::close);
            assertEquals(0, process.lastSpace().subscribers());
        }
    }

    @Test
    void closeFinishesWorkThatWasAccepted() {
        try (Lab lab = new Lab(CONFIG);
                LabProcess process = new LabProcess()) {
            QueueHandle queue = lab.device.open(process);
            queue.start();
            long from = process.memory("farewell".getBytes());
            long to = process.memory(new byte[8]);
            queue.submit(Job.copy(from, to, 8));
            queue.close();
            assertArrayEquals("farewell".getBytes(), process.load(to, 8));
        }
    }

    @Test
    void deathBeforeCloseAndCloseBeforeDeathEndInTheSameState() {
        for (boolean graceful : new boolean[] {true, false}) {
            try (Lab lab = new Lab(CONFIG)) {
                LabProcess process = new LabProcess();
                QueueHandle queue = lab.device.open(process);
                queue.start();
                queue.submit(Job.nop());
                if (graceful) {
                    queue.close();
                }
                process.exit(0);
                assertEquals(QueueState.ZOMBIE, queue.state());
                assertEquals(4, lab.device.availableInstances());
                assertEquals(0, lab.endpoint.bonds());
                assertEquals(0, process.lastSpace().subscribers());
                queue.close();
                assertEquals("unbind 1", lab.endpoint.log.getLast());
            }
        }
    }

    @Test
    void deathDoesNotWaitForTheJobUnderWayAndAbortsIt() throws InterruptedException {
        try (Lab lab = new Lab(CONFIG.withForeignHandles(ForeignHandlePolicy.OPENER))) {
            LabProcess process = new LabProcess();
            QueueHandle queue = lab.device.open(process);
            queue.start();
            QueueHandle inherited = queue.inheritedBy(process.fork());
            long from = process.memory(new byte[200_000]);
            CountDownLatch gate = lab.endpoint.gateAt(from + 100_000);
            long direct = inherited.submit(Job.crc32c(from, 200_000));
            lab.endpoint.waiting().await();
            long ring = queue.submit(Job.nop());
            long waiting = inherited.submit(Job.nop());
            // The child keeps the file: exit is the death of the memory, without a release.
            process.exit(0);
            assertEquals(QueueState.ZOMBIE, queue.state());
            assertEquals(JobStatus.ABORTED, inherited.await(waiting, SOON).status());
            assertEquals(JobStatus.ABORTED, queue.await(ring, SOON).status());
            gate.countDown();
            assertEquals(JobStatus.ABORTED, inherited.await(direct, SOON).status());
            inherited.close();
            assertEquals(4, lab.device.availableInstances());
        }
    }

    @Test
    void aJobWhoseMemoryDiesUnderItIsAbortedAndNotFaulted() throws InterruptedException {
        try (Lab lab = new Lab(CONFIG)) {
            LabProcess process = new LabProcess();
            QueueHandle queue = lab.device.open(process);
            queue.start();
            long from = process.memory(new byte[100]);
            CountDownLatch gate = lab.endpoint.gateAt(from);
            long ticket = queue.submit(Job.crc32c(from, 100));
            lab.endpoint.waiting().await();
            Thread opener = Thread.ofVirtual().start(gate::countDown);
            process.exit(0);
            opener.join();
            assertEquals(JobStatus.ABORTED, queue.await(ticket, SOON).status());
            assertEquals(4, lab.device.availableInstances());
        }
    }

    @Test
    void aWaiterIsWokenByDeathAndByRemoval() throws InterruptedException {
        for (boolean removal : new boolean[] {true, false}) {
            try (Lab lab = new Lab(CONFIG, OpenTelemetry.noop(), ScriptedEngine::new)) {
                LabProcess process = new LabProcess();
                QueueHandle queue = lab.device.open(process);
                queue.start();
                long ticket = queue.submit(Job.fill(0, 0, ScriptedEngine.UNTIL_CANCELLED));
                JobStatus[] seen = new JobStatus[1];
                AtomicBoolean polled = new AtomicBoolean(true);
                QueueHandle idle = lab.device.open(process);
                idle.start();
                Thread waiter =
                        Thread.ofPlatform()
                                .start(() -> seen[0] = queue.await(ticket, SOON).status());
                Thread poller = Thread.ofPlatform().start(() -> polled.set(idle.poll(SOON)));
                if (removal) {
                    lab.device.remove();
                } else {
                    process.exit(0);
                }
                waiter.join();
                poller.join();
                assertEquals(JobStatus.ABORTED, seen[0]);
                assertFalse(polled.get());
            }
        }
    }

    @Test
    void survivorsOfARemovalAcceptOnlyClose() {
        Lab lab = new Lab(CONFIG);
        LabProcess process = new LabProcess();
        QueueHandle started = lab.device.open(process);
        QueueHandle initial = lab.device.open(process);
        QueueHandle other = lab.device.open(new LabProcess());
        started.start();
        assertTrue(started.run(Job.nop(), SOON).succeeded());
        lab.device.remove();
        assertEquals(
                List.of("unbind 1", "stop 1", "unbind 1", "stop 2", "unbind 2", "unplug"),
                lab.endpoint.log.subList(3, lab.endpoint.log.size()));
        for (QueueHandle queue : List.of(started, initial, other)) {
            assertEquals(QueueState.ZOMBIE, queue.state());
            refused(Errno.ENXIO, queue::start);
            refused(Errno.ENXIO, queue::putQueue);
            refused(Errno.ENXIO, () -> queue.control(0));
            refused(Errno.ENXIO, () -> queue.mapRegion(QueueRegion.SHARED));
            refused(Errno.ENXIO, () -> queue.submit(Job.nop()));
            assertFalse(queue.poll(SOON));
            queue.close();
        }
        assertEquals(9, lab.endpoint.log.size(), "closing undid nothing twice");
        process.exit(0);
    }

    @Test
    void removalEndsAlsoAJobThatTheBusHolds() throws InterruptedException {
        Lab lab = new Lab(CONFIG.withDrainTimeout(Duration.ofMillis(50)));
        LabProcess process = new LabProcess();
        QueueHandle queue = lab.device.open(process);
        queue.start();
        long from = process.memory(new byte[100]);
        lab.endpoint.gateAt(from);
        long ticket = queue.submit(Job.crc32c(from, 100));
        lab.endpoint.waiting().await();
        lab.device.remove();
        assertEquals(JobStatus.ABORTED, queue.await(ticket, SOON).status());
        queue.close();
    }

    @Test
    void anUnpluggedFunctionFailsTheQueueAndHangsNobody() {
        try (Lab lab = new Lab(CONFIG)) {
            LabProcess process = new LabProcess();
            QueueHandle queue = lab.device.open(process);
            queue.start();
            lab.endpoint.faultAs(DmaStatus.ABORTED);
            lab.endpoint.close();
            refused(Errno.ENXIO, () -> queue.submit(Job.nop()));
            queue.close();
        }
    }

    @Test
    void removalRacingWithEverythingLeavesNothing() throws InterruptedException {
        for (int seed = 0; seed < 60; seed++) {
            Lab lab = new Lab(CONFIG);
            int delay = new Random(seed).nextInt(300);
            List<Throwable> bad = Collections.synchronizedList(new ArrayList<>());
            List<Thread> threads = new ArrayList<>();
            List<LabProcess> processes = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                LabProcess process = new LabProcess();
                processes.add(process);
                int kind = i;
                threads.add(
                        Thread.ofPlatform()
                                .start(() -> {
                                    try {
                                        use(lab, process, kind);
                                    } catch (ErrnoException e) {
                                        // Refused in the middle: that is the point.
                                    } catch (Throwable e) {
                                        bad.add(e);
                                    }
                                }));
            }
            for (int i = 0; i < delay * 100; i++) {
                Thread.onSpinWait();
            }
            lab.device.remove();
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(List.of(), bad);
            processes.forEach(process -> process.exit(0));
            assertEquals(0, lab.endpoint.bonds(), "seed " + seed);
            assertFalse(lab.endpoint.log.toString().contains("double"), "seed " + seed);
            for (LabProcess process : processes) {
                assertEquals(0, process.lastSpace().subscribers());
            }
        }
    }

    private static void use(Lab lab, LabProcess process, int kind) {
        for (int i = 0; i < 200; i++) {
            QueueHandle queue = lab.device.open(process);
            queue.start();
            long ticket = queue.submit(Job.nop());
            if (kind == 0) {
                queue.putQueue();
            }
            queue.await(ticket, SOON);
            if (kind != 2) {
                queue.close();
            } else {
                process.closeFile(queue.fd());
                queue.close();
            }
        }
    }
}
