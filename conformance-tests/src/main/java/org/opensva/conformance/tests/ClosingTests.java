package org.opensva.conformance.tests;

import static org.opensva.conformance.rules.RuleId.EXIT_22;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.Covers;
import org.opensva.conformance.suite.RuleTests;
import org.opensva.conformance.suite.bench.BoundDevice;
import org.opensva.conformance.suite.bench.Memory;
import org.opensva.conformance.suite.bench.TestBench;

/**
 * The end of a backend. What these tests open they do not give to the bench: to end it is the
 * backend's part. The suite looks for threads that are left when a test is over.
 */
@RuleTests
class ClosingTests {

    /** A device of the first accelerators that has worked already. */
    private static BoundDevice working(TestBench bench, SvaProcess process, int index) {
        QueueHandle handle = bench.accelerator(index).open(process);
        if (bench.claims(Capability.QUEUE_STATES)) {
            handle.start();
        }
        BoundDevice device = bench.use(handle, process);
        bench.memory(process, 2, "memory").writeBy(device, "by the device");
        return device;
    }

    @Test
    @Covers(EXIT_22)
    void aBackendThatIsClosedAfterItsUseLeavesNothingRunning(TestBench bench) {
        bench.step("a process that uses a device, closes it and exits");
        SvaProcess process = bench.backend().processes().spawn("left to the backend");
        working(bench, process, 0).close();
        process.exit(0);
        process.close();
        bench.step("the backend is closed");
        bench.closeBackend();
    }

    @Test
    @Covers(EXIT_22)
    void aBackendThatIsClosedInUseLeavesNothingRunning(TestBench bench) {
        bench.step("processes with open queues, and a job under way on each device");
        SvaProcess process = bench.backend().processes().spawn("left to the backend");
        int pages = 256;
        for (int index = 0; index < bench.backend().accelerators().size(); index++) {
            BoundDevice device = working(bench, process, index);
            // With page requests on the way, where the backend serves them.
            Memory absent = bench.view(process, bench.map(process, pages), pages);
            device.submit(Job.fill(absent.page(0), bench.pages(pages), bench.token("filled")));
        }
        if (bench.claims(Capability.FORK)) {
            process.fork();
        }
        bench.backend()
                .memoryPressure()
                .ifPresent(pressure -> pressure.torment(bench.random().nextLong()));
        bench.step("the backend is closed with all of it");
        bench.closeBackend();
    }
}
