package org.opensva.uacce.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.uacce.client.ContextPoolTest.refused;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.uacce.client.ClientException.Reason;
import org.opensva.uacce.engine.StandardEngines;
import org.opensva.uacce.lab.LabProcess;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/** The library when its process forks, execs or ends (rules FORK-25, FORK-26, LIB-01, LIB-03). */
class ForkTest {

    private static final int LENGTH = 5000;

    @Test
    void aChildsPoolRefusesEverythingUntilItIsReopened() {
        try (Bench bench = new Bench(2);
                ContextPool pool = bench.pool()) {
            long memory = bench.process.memory(Bench.bytes(LENGTH, 1));
            long expected = pool.run(Job.crc32c(memory, LENGTH)).value();
            LabProcess child = bench.process.fork();
            try (ContextPool inherited = pool.inheritedBy(child)) {
                Job job = Job.crc32c(memory, LENGTH);
                refused(Reason.FORKED, () -> inherited.run(job));
                refused(Reason.FORKED, () -> inherited.buffer(1));
                assertEquals(0, inherited.contexts());
                child.store(memory, new byte[] {1, 2, 3}, 0, 3);
                inherited.reopen();
                assertNotEquals(expected, inherited.run(job).value(), "the child's own memory");
                assertEquals(expected, pool.run(job).value(), "the parent's is untouched");
                inherited.reopen();
            }
            child.close();
        }
    }

    /** UADK leaves the descriptors open in the child, and the parent's queues with them. */
    @Test
    void reopeningInTheChildLetsGoOfTheParentsQueues() {
        try (Bench bench = new Bench(1)) {
            ContextPool pool = bench.pool(Bench.config().withContexts(3, 4));
            int files = bench.process.labFiles().count();
            LabProcess child = bench.process.fork();
            ContextPool inherited = pool.inheritedBy(child);
            assertEquals(files, child.labFiles().count());
            inherited.reopen();
            assertEquals(files, child.labFiles().count(), "as many, all of them its own");
            pool.close();
            assertEquals(253, bench.free(), "the parent's are back");
            inherited.close();
            assertEquals(256, bench.free());
            assertEquals(0, child.labFiles().count());
            child.close();
        }
    }

    @Test
    void aPoolThatWasInheritedAndNeverUsedLetsGoWhenItIsClosed() {
        try (Bench bench = new Bench(1)) {
            ContextPool pool = bench.pool();
            LabProcess child = bench.process.fork();
            pool.inheritedBy(child).close();
            pool.close();
            assertEquals(256, bench.free());
            child.close();
        }
    }

    /** FORK-14: the child's copies keep the queues open; what they did before is over anyway. */
    @Test
    void closingStopsTheQueuesEvenIfAChildHoldsThem() {
        try (Bench bench = new Bench(1)) {
            ContextPool pool = bench.pool();
            LabProcess child = bench.process.fork();
            long memory = bench.process.memory(new byte[LENGTH]);
            CompletableFuture<JobResult> last = pool.submit(Job.crc32c(memory, LENGTH));
            pool.close();
            assertTrue(last.isDone() || last.join() != null);
            assertEquals(254, bench.free());
            child.close();
            assertEquals(256, bench.free());
        }
    }

    @Test
    void jobsUnderWaySurviveAFork() throws Exception {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool()) {
            byte[] bytes = Bench.bytes(LENGTH, 4);
            long memory = bench.process.memory(bytes);
            CountDownLatch gate = bench.labs.getFirst().endpoint.gateAt(memory);
            CompletableFuture<JobResult> job = pool.submit(Job.crc32c(memory, LENGTH));
            bench.labs.getFirst().endpoint.waiting().await();
            LabProcess child = bench.process.fork();
            gate.countDown();
            assertTrue(job.join().succeeded());
            child.close();
        }
    }

    @Test
    void afterExecThePoolIsReopenedInTheNewAddressSpace() {
        try (Bench bench = new Bench(2);
                ContextPool pool = bench.pool()) {
            Buffer old = pool.buffer(100);
            bench.process.exec();
            refused(Reason.EXECED, () -> pool.run(Job.nop()));
            refused(Reason.EXECED, () -> old.store(0, new byte[1], 0, 1));
            pool.reopen();
            long memory = bench.process.memory(new byte[64]);
            assertTrue(pool.run(Job.crc32c(memory, 64)).succeeded());
            int pages = bench.process.lastSpace().pageCount();
            old.close();
            assertEquals(pages, bench.process.lastSpace().pageCount(), "not that memory any more");
        }
    }

    @Test
    void execWithDescriptorsThatStayOpenLosesNone() {
        try (Bench bench = new Bench(1)) {
            ContextPool pool = bench.pool();
            bench.process.execKeepingFiles();
            refused(Reason.EXECED, () -> pool.run(Job.nop()));
            pool.reopen();
            assertTrue(pool.run(Job.nop()).succeeded());
            pool.close();
            assertEquals(256, bench.free());
        }
    }

    @Test
    void aProcessThatEndsTakesItsPoolWithIt() {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool(Bench.config().withSoftware(new StandardEngines()))) {
            bench.process.exit(0);
            refused(Reason.PROCESS_ENDED, () -> pool.run(Job.nop()));
            refused(Reason.PROCESS_ENDED, pool::reopen);
            assertEquals(256, bench.free());
        }
    }

    /** FORK-19: a vfork child is in the same address space, and so is its work. */
    @Test
    void aVforkChildWorksInTheParentsAddressSpaceWithAPoolOfItsOwn() {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool()) {
            LabProcess child = bench.process.vfork();
            long memory = bench.process.memory(Bench.bytes(LENGTH, 9));
            try (ContextPool theirs = ContextPool.open(child, bench.devices(), Bench.config())) {
                assertEquals(
                        pool.run(Job.crc32c(memory, LENGTH)),
                        theirs.run(Job.crc32c(memory, LENGTH)));
            }
            assertTrue(pool.run(Job.nop()).succeeded());
        }
    }
}
