package org.opensva.uacce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.uacce.lab.Lab.SOON;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.uacce.lab.Lab;
import org.opensva.uacce.lab.LabProcess;
import org.opensva.uacce.lab.ScriptedEngine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

class VendorEngineTest {

    private final Lab lab =
            new Lab(
                    UacceConfig.of("lab-0").withWorkers(1),
                    OpenTelemetry.noop(),
                    ScriptedEngine::new);
    private final LabProcess process = new LabProcess();
    private final QueueHandle queue = lab.device.open(process);

    @AfterEach
    void close() {
        queue.close();
        lab.close();
    }

    private JobResult run(long script) {
        return queue.run(Job.fill(0, 0, script), SOON);
    }

    @Test
    void whatAnEngineThrowsEndsItsJobAndNothingElse() {
        queue.start();
        for (long script :
                new long[] {
                    ScriptedEngine.THROW, ScriptedEngine.THROW_ERROR, ScriptedEngine.FORGET
                }) {
            assertEquals(JobStatus.DEVICE_ERROR, run(script).status());
            assertTrue(run(0).succeeded());
        }
    }

    @Test
    void aFaultThatTeardownCausedIsAnAbortAlsoWhereTheEngineDoesNotKnow() {
        try (Lab impatient =
                        new Lab(
                                UacceConfig.of("lab-2").withDrainTimeout(Duration.ofMillis(50)),
                                OpenTelemetry.noop(),
                                ScriptedEngine::new);
                QueueHandle other = impatient.device.open(process)) {
            other.start();
            long script = ScriptedEngine.FAULT_ONCE_CANCELLED;
            long ticket = other.submit(Job.fill(0, 0, script));
            other.putQueue();
            assertEquals(new JobResult(JobStatus.ABORTED, 0, 0, 0, 0), other.await(ticket, SOON));
        }
    }

    @Test
    void onlyTheFirstCompletionCounts() {
        queue.start();
        assertEquals(new JobResult(JobStatus.SUCCESS, 1, 2, 3, 4), run(ScriptedEngine.TWICE));
    }

    @Test
    void anOperationThatTheEngineDoesNotHaveIsUnsupported() {
        queue.start();
        assertEquals(JobStatus.UNSUPPORTED, queue.run(Job.crc32c(0, 10), SOON).status());
        assertEquals(
                Set.of(Operation.NOP, Operation.FILL, Operation.BATCH),
                lab.device.info().operations());
        assertEquals(List.of("fill"), lab.device.info().algorithms());
    }

    @Test
    void aQueueWithMuchToDoDoesNotStarveAnother() throws InterruptedException {
        List<Integer> order = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        class Recorder implements Engine {
            @Override
            public Set<Operation> operations() {
                return Set.of(Operation.values());
            }

            @Override
            public void execute(JobExecution job) {
                begun.countDown();
                try {
                    go.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                order.add(job.pasid());
                job.complete(JobStatus.SUCCESS, 0, 0, 0, 0);
            }
        }
        try (Lab recorded =
                        new Lab(
                                UacceConfig.of("lab-1").withWorkers(1).withQueueDepth(128),
                                OpenTelemetry.noop(),
                                Recorder::new);
                QueueHandle busy = recorded.device.open(process);
                QueueHandle quiet = recorded.device.open(new LabProcess())) {
            busy.start();
            quiet.start();
            List<Long> tickets = new ArrayList<>();
            for (int i = 0; i < 128; i++) {
                tickets.add(busy.submit(Job.nop()));
            }
            begun.await();
            long one = quiet.submit(Job.nop());
            go.countDown();
            assertTrue(quiet.await(one, SOON).succeeded());
            for (long ticket : tickets) {
                assertTrue(busy.await(ticket, SOON).succeeded());
            }
            assertTrue(order.indexOf(quiet.pasid().value()) <= 16, order.toString());
        }
    }
}
