package org.opensva.uacce.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.uacce.lab.Lab.SOON;
import static org.opensva.uacce.lab.Lab.refused;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.AcceleratorInfo;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.accelerator.SysfsTree;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.uacce.UacceConfig;
import org.opensva.uacce.engine.StandardEngines;
import org.opensva.uacce.lab.Lab;
import org.opensva.uacce.lab.LabProcess;
import org.opensva.uacce.queue.QueueLayout;
import org.opensva.uacce.queue.SharedPage;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** What a library on uacce owes its program: rules LIB-01 to LIB-10, a test for each. */
class LibraryRulesTest {

    private static UacceConfig four() {
        return UacceConfig.of("lab-0").withQueueDepth(4);
    }

    /** LIB-01: UADK {@code wd_request_ctx} opens with {@code O_CLOEXEC}. */
    @Test
    void queuesAreOpenedCloseOnExec() {
        try (Bench bench = new Bench(2);
                ContextPool pool = bench.pool()) {
            assertTrue(pool.contexts() > 0);
            for (int fd = 0; fd < bench.process.labFiles().count(); fd++) {
                assertTrue(bench.process.labFiles().isCloseOnExec(fd));
            }
        }
    }

    /** LIB-02: {@code get_dev_info}; the attribute {@code isolate} may be missing. */
    @Test
    void flagsAndIsolationAreReadFirstAndAMissingAttributeIsNoError() {
        try (Bench bench = new Bench(3)) {
            var withoutSva = new Pretending(bench.labs.get(0).device, false, true);
            var withoutFiles = new Pretending(bench.labs.get(1).device, true, false);
            bench.labs.get(2).device.sysfs().orElseThrow().write("isolate_strategy", "1");
            bench.labs.get(2).device.errorInjection().orElseThrow().hardwareError();
            bench.labs.get(2).device.errorInjection().orElseThrow().hardwareError();
            try (ContextPool pool =
                    ContextPool.open(
                            bench.process,
                            List.of(withoutSva, withoutFiles, bench.labs.get(2).device),
                            Bench.config().withContexts(1, 2))) {
                assertEquals(1, pool.contexts());
                assertEquals(1, withoutFiles.opened);
                assertEquals(0, withoutSva.opened);
            }
        }
    }

    /** LIB-03: nothing of the parent's is taken for the child's own ({@code pthread_atfork}). */
    @Test
    void aChildsLibraryHasForgottenWhatItsParentHad() {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool()) {
            Job job = Job.crc32c(bench.process.memory(new byte[64]), 64);
            assertTrue(pool.run(job).succeeded());
            LabProcess child = bench.process.fork();
            try (ContextPool inherited = pool.inheritedBy(child)) {
                assertThrows(ClientException.class, () -> inherited.run(job));
                inherited.reopen();
                assertTrue(inherited.run(job).succeeded());
            }
            assertTrue(pool.run(job).succeeded());
            child.close();
        }
    }

    /** LIB-04: {@code wd_ctx_mmap_qfr}; each region with its own size, at its own index. */
    @Test
    void regionsAreMappedByIndexWithTheSizeThatTheDeviceTells() {
        try (Lab lab = new Lab(four());
                LabProcess process = new LabProcess()) {
            QueueHandle queue = lab.device.open(process);
            for (QueueRegion region : QueueRegion.values()) {
                long address = queue.mapRegion(region);
                assertEquals(
                        lab.device.info().regionSizes().get(region),
                        process.lastSpace().registersAt(address).size());
            }
            queue.start();
            assertTrue(queue.run(Job.nop(), SOON).succeeded(), "through the regions it had");
            refused(Errno.EEXIST, () -> queue.mapRegion(QueueRegion.MMIO));
            queue.close();
        }
    }

    /** LIB-05: {@code hisi_qm_send} and {@code hisi_qm_recv} look at the status word. */
    @Test
    void aDeviceInTroubleIsAnErrorAndNeverAHang() throws Exception {
        try (Lab lab = new Lab(four().withDrainTimeout(Duration.ofMillis(200)));
                LabProcess process = new LabProcess()) {
            QueueHandle queue = lab.device.open(process);
            long shared = queue.mapRegion(QueueRegion.SHARED);
            queue.start();
            long page = process.memory(new byte[4096]);
            CountDownLatch gate = lab.endpoint.gateAt(page);
            queue.submit(Job.crc32c(page, 64));
            assertTrue(lab.endpoint.waiting().await(20, TimeUnit.SECONDS));
            long behind = queue.submit(Job.nop());
            Thread reset =
                    Thread.ofVirtual()
                            .start(() -> {
                                while ((process.loadLong(shared + SharedPage.STATUS)
                                                & SharedPage.STATUS_ERROR_MASK)
                                        == 0) {
                                    Thread.onSpinWait();
                                }
                                gate.countDown();
                            });
            lab.device.reset();
            reset.join();
            int accesses = lab.endpoint.accesses.get();
            refused(Errno.ENXIO, () -> queue.submit(Job.nop()));
            assertEquals(JobStatus.ABORTED, queue.await(behind, SOON).status());
            assertEquals(accesses, lab.endpoint.accesses.get(), "no doorbell was rung");
            queue.close();
        }
    }

    /** LIB-06: {@code hisi_qm_send}: busy, and nothing queued. */
    @Test
    void severalJobsAreSubmittedTogetherOrNotAtAll() {
        try (Lab lab = new Lab(four());
                LabProcess process = new LabProcess()) {
            QueueHandle queue = lab.device.open(process);
            queue.start();
            long to = process.memory(new byte[8]);
            Job never = Job.fill(to, 8, 1);
            queue.submitAll(List.of(Job.nop(), Job.nop()));
            refused(Errno.EAGAIN, () -> queue.submitAll(List.of(never, never, never)));
            refused(
                    Errno.EINVAL,
                    () -> queue.submitAll(List.of(never, never, never, never, never)));
            long[] rest = queue.submitAll(List.of(Job.nop(), Job.nop()));
            assertTrue(queue.await(rest[1], SOON).succeeded());
            assertEquals(0, process.loadLong(to));
            queue.close();
        }
    }

    /** A process that writes down its stores. */
    private static final class Watched extends LabProcess {
        final List<Long> stores = Collections.synchronizedList(new ArrayList<>());

        @Override
        public void store(long address, byte[] source, int offset, int length) {
            stores.add(address);
            super.store(address, source, offset, length);
        }

        @Override
        public void storeLong(long address, long value) {
            stores.add(address);
            super.storeLong(address, value);
        }
    }

    /** LIB-07: the descriptor is filled before the doorbell, the rest before the phase. */
    @Test
    void theDoorbellComesAfterTheDescriptorAndThePhaseAfterTheRest() {
        List<Long> written = Collections.synchronizedList(new ArrayList<>());
        try (Lab lab = new Lab(four());
                Watched process = new Watched()) {
            QueueHandle queue = lab.device.open(process);
            long doorbell = queue.mapRegion(QueueRegion.MMIO);
            queue.start();
            lab.endpoint.watchWrites(written::add);
            process.stores.clear();
            assertTrue(queue.run(Job.nop(), SOON).succeeded());
            assertEquals(2, process.stores.size());
            assertEquals(doorbell + QueueLayout.DOORBELL, process.stores.getLast());
            assertEquals(2, written.size(), "the completion, and then its phase");
            assertEquals(QueueLayout.COMPLETION_PHASE, written.getLast() - written.getFirst());
            queue.close();
        }
    }

    /** LIB-08: {@code wd_ctx_wait}: 0 is a time-out and no success. */
    @Test
    void aWaitThatEndsInTimeOutSaysSo() throws Exception {
        try (Lab lab = new Lab(four());
                LabProcess process = new LabProcess()) {
            QueueHandle queue = lab.device.open(process);
            queue.start();
            long page = process.memory(new byte[4096]);
            CountDownLatch gate = lab.endpoint.gateAt(page);
            long ticket = queue.submit(Job.crc32c(page, 64));
            assertTrue(lab.endpoint.waiting().await(20, TimeUnit.SECONDS));
            assertFalse(queue.poll(Duration.ZERO));
            assertFalse(queue.poll(Duration.ofMillis(2)));
            refused(Errno.ETIMEDOUT, () -> queue.await(ticket, Duration.ofMillis(2)));
            gate.countDown();
            assertTrue(queue.poll(SOON));
            assertTrue(queue.await(ticket, SOON).succeeded());
            assertFalse(queue.poll(Duration.ZERO), "what was collected is no news");
            queue.close();
        }
    }

    /** LIB-09: {@code wd_release_ctx_force} puts the queue; its descriptor is closed apart. */
    @Test
    void aQueueThatWasPutHasStillToBeClosed() {
        try (Lab lab = new Lab(four());
                LabProcess process = new LabProcess()) {
            int free = lab.device.availableInstances();
            QueueHandle queue = lab.device.open(process);
            queue.start();
            queue.putQueue();
            assertEquals(QueueState.INIT, queue.state());
            assertEquals(free - 1, lab.device.availableInstances());
            assertEquals(1, lab.endpoint.bonds());
            queue.close();
            assertEquals(free, lab.device.availableInstances());
            assertEquals(0, lab.endpoint.bonds());
            assertEquals(0, process.labFiles().count());
        }
    }

    /** LIB-10: what stands in for a device has no queue, and is never asked for one. */
    @Test
    void softwareThatStandsInHasNoQueue() {
        try (Bench bench = new Bench(0)) {
            PoolConfig config = Bench.config().withSoftware(new StandardEngines());
            try (ContextPool pool = ContextPool.open(bench.process, List.of(), config)) {
                assertEquals(0, pool.contexts());
                assertEquals(0, bench.process.labFiles().count());
                assertEquals(Placement.SOFTWARE, pool.placement(Operation.CRC32C));
                assertEquals(Placement.NOBODY, pool.placement(Operation.BATCH));
                long memory = bench.process.memory("123456789".getBytes());
                assertEquals(0xe306_9283L, pool.run(Job.crc32c(memory, 9)).value());
                Job batch = Job.transform(Operation.BATCH, memory, 64, memory, 64);
                ClientException refusal =
                        assertThrows(ClientException.class, () -> pool.run(batch));
                assertEquals(ClientException.Reason.NO_DEVICE, refusal.reason());
                assertEquals(1, pool.statistics().softwareJobs());
            }
        }
    }

    /** A device that says other things about itself than it is. */
    private static final class Pretending implements Accelerator {
        private final Accelerator to;
        private final boolean sva;
        private final boolean files;
        int opened;

        Pretending(Accelerator to, boolean sva, boolean files) {
            this.to = to;
            this.sva = sva;
            this.files = files;
        }

        @Override
        public String name() {
            return to.name();
        }

        @Override
        public RequesterId requester() {
            return to.requester();
        }

        @Override
        public AcceleratorInfo info() {
            var info = to.info();
            return new AcceleratorInfo(
                    info.api(),
                    sva,
                    info.algorithms(),
                    info.operations(),
                    info.instances(),
                    info.regionSizes(),
                    info.queueDepth());
        }

        @Override
        public int availableInstances() {
            return to.availableInstances();
        }

        @Override
        public QueueHandle open(SvaProcess process) {
            opened++;
            return to.open(process);
        }

        @Override
        public Optional<SysfsTree> sysfs() {
            if (files) {
                return to.sysfs();
            }
            throw new ErrnoException(Errno.ENOENT, "sysfs", "no such file");
        }

        @Override
        public void remove() {
            to.remove();
        }
    }
}
