package org.opensva.uacce;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.uacce.lab.Lab.SOON;
import static org.opensva.uacce.lab.Lab.refused;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueRequest;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.memory.EnqueuePortal;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.uacce.lab.Lab;
import org.opensva.uacce.lab.LabProcess;
import org.opensva.uacce.queue.QueueError;
import org.opensva.uacce.queue.QueueLayout;
import org.opensva.uacce.queue.SharedPage;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

class SharedQueueTest {

    private static final int DEPTH = 8;

    private final Lab lab =
            new Lab(
                    UacceConfig.of("lab-0")
                            .withQueueDepth(DEPTH)
                            .withInstances(2)
                            .withForeignHandles(ForeignHandlePolicy.OPENER)
                            .withDrainTimeout(Duration.ofMillis(500)));
    private final LabProcess alice = new LabProcess();
    private final LabProcess bob = new LabProcess();

    @AfterEach
    void nothingIsLeft() {
        alice.close();
        bob.close();
        lab.close();
        assertEquals(0, lab.endpoint.bonds());
    }

    private QueueHandle open(LabProcess process) {
        QueueHandle queue = lab.device.open(process, QueueRequest.SHARED);
        queue.start();
        return queue;
    }

    /** A job that stands still in the device until the gate opens. */
    private CountDownLatch hold(LabProcess process, QueueHandle queue) throws Exception {
        long page = process.memory(new byte[4096]);
        CountDownLatch gate = lab.endpoint.gateAt(page);
        queue.submit(Job.crc32c(page, 64));
        assertTrue(lab.endpoint.waiting().await(20, TimeUnit.SECONDS));
        return gate;
    }

    private static JobResult retried(QueueHandle queue, Job job) {
        while (true) {
            try {
                return queue.run(job, SOON);
            } catch (ErrnoException e) {
                assertEquals(Errno.EAGAIN, e.errno());
                Thread.onSpinWait();
            }
        }
    }

    private static int error(LabProcess process, long shared) {
        return (int) (process.loadLong(shared + SharedPage.STATUS) & SharedPage.STATUS_ERROR_MASK);
    }

    @Test
    void manyProcessesShareOneQueueAndEachReachesItsOwnMemoryOnly() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                byte[] mine = new byte[5000];
                Arrays.fill(mine, (byte) ('a' + i));
                all.add(
                        threads.submit(() -> {
                            try (LabProcess process = new LabProcess();
                                    QueueHandle queue = open(process)) {
                                // The same virtual addresses in every process.
                                long from = process.memory(mine);
                                long to = process.memory(new byte[mine.length]);
                                for (int job = 0; job < 60; job++) {
                                    process.store(to, new byte[mine.length]);
                                    JobResult done =
                                            retried(queue, Job.copy(from, to, mine.length));
                                    assertEquals(JobStatus.SUCCESS, done.status());
                                    assertArrayEquals(mine, process.load(to, mine.length));
                                }
                            }
                        }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        }
        assertEquals(2, lab.device.availableInstances(), "a part takes no queue of the device");
    }

    @Test
    void whoFillsTheQueueIsToldToTryAgainAndKeepsNobodyOut() throws Exception {
        try (QueueHandle greedy = open(alice);
                QueueHandle modest = open(bob)) {
            CountDownLatch gate = hold(alice, greedy);
            int filled = 0;
            Job job = Job.fill(alice.memory(new byte[8]), 8, 7);
            try {
                while (true) {
                    greedy.submit(job);
                    filled++;
                }
            } catch (ErrnoException e) {
                assertEquals(Errno.EAGAIN, e.errno());
            }
            assertEquals(DEPTH - 1, filled, "one place is kept for the other submitter");
            long to = bob.memory(new byte[8]);
            long ticket = modest.submit(Job.fill(to, 8, 0x0102_0304));
            refused(Errno.EAGAIN, () -> greedy.submit(job));
            gate.countDown();
            assertTrue(modest.await(ticket, SOON).succeeded());
            assertEquals(0x0102_0304, bob.loadLong(to));
        }
    }

    @Test
    void aLimitHoldsForItsOwnPart() throws Exception {
        QueueRequest request = QueueRequest.SHARED.withLimit(2);
        try (QueueHandle queue = lab.device.open(alice, request)) {
            queue.start();
            CountDownLatch gate = hold(alice, queue);
            queue.submit(Job.nop());
            refused(Errno.EAGAIN, () -> queue.submit(Job.nop()));
            gate.countDown();
        }
        refused(
                Errno.EINVAL,
                () -> lab.device.open(alice, QueueRequest.SHARED.withLimit(DEPTH + 1)));
        refused(Errno.EINVAL, () -> lab.device.open(alice, QueueRequest.SHARED.withPriority(15)));
    }

    @Test
    void aChildNeedsAPartAndAPasidOfItsOwnUnderEveryPolicy() {
        QueueHandle queue = lab.device.open(alice, QueueRequest.SHARED);
        long portal = queue.mapRegion(QueueRegion.MMIO);
        queue.start();
        long text = alice.memory("the parent's".getBytes());
        long record = alice.memory(new byte[64]);
        LabProcess child = alice.fork();
        QueueHandle inherited = queue.inheritedBy(child);
        refused(Errno.EPERM, () -> inherited.submit(Job.nop()));
        refused(Errno.EPERM, inherited::start);
        refused(Errno.EPERM, () -> inherited.mapRegion(QueueRegion.MMIO));
        byte[] parents = command(queue.pasid().value(), record, text);
        assertThrows(CpuFaultException.class, () -> child.enqueue(portal, parents), "no portal");

        QueueHandle own = lab.device.open(child, QueueRequest.SHARED);
        long window = own.mapRegion(QueueRegion.MMIO);
        own.start();
        assertNotEquals(queue.pasid(), own.pasid());
        child.store(text, "of the child".getBytes());
        byte[] claimed = command(queue.pasid().value(), record, text);
        assertTrue(child.enqueue(window, claimed), "the processor says whose it is");
        long value = awaitRecord(child, record);
        assertEquals(own.run(Job.crc32c(text, 12), SOON).value(), value);
        assertNotEquals(queue.run(Job.crc32c(text, 12), SOON).value(), value);
        assertEquals(0, alice.loadLong(record + QueueLayout.COMPLETION_PHASE));
        own.close();
        child.close();
        queue.close();
    }

    private static long awaitRecord(LabProcess process, long record) {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (process.loadLong(record + QueueLayout.COMPLETION_PHASE) != 1) {
            assertTrue(System.nanoTime() < deadline);
            Thread.onSpinWait();
        }
        assertEquals(0, process.loadLong(record + QueueLayout.COMPLETION_STATUS));
        assertEquals(record, process.loadLong(record + QueueLayout.COMPLETION_TAG));
        return process.loadLong(record + QueueLayout.COMPLETION_VALUE);
    }

    private static byte[] command(int who, long record, long source) {
        byte[] command = new byte[QueueLayout.ENTRY_SIZE];
        QueueLayout.encodeShared(command, record, Job.crc32c(source, 12));
        ByteBuffer.wrap(command).order(ByteOrder.LITTLE_ENDIAN).putInt(0, who);
        return command;
    }

    @Test
    void aPasidThatIsNotAStartedSubmittersOrThatClaimsPrivilegeIsRefusedWithoutAnAccess() {
        QueueHandle queue = lab.device.open(alice, QueueRequest.SHARED);
        long portal = queue.mapRegion(QueueRegion.MMIO);
        EnqueuePortal region = (EnqueuePortal) alice.lastSpace().registersAt(portal);
        long record = alice.memory(new byte[64]);
        int mine = queue.pasid().value();
        assertFalse(region.enqueue(0, command(mine, record, record)), "not started");
        queue.start();
        QueueHandle dedicated = lab.device.open(bob);
        int before = lab.endpoint.accesses.get();
        for (int who : new int[] {0, mine + 1, 0xf_ffff, mine | 1 << 31, mine | 1 << 20, -1}) {
            assertFalse(region.enqueue(0, command(who, record, record)), "0x%x".formatted(who));
        }
        assertFalse(
                region.enqueue(0, command(dedicated.pasid().value(), record, record)),
                "bound to the device, but no part of the queue");
        assertFalse(region.enqueue(32, command(mine, record, record)));
        assertFalse(region.enqueue(-64, command(mine, record, record)));
        assertFalse(region.enqueue(region.size(), command(mine, record, record)));
        assertFalse(region.enqueue(0, new byte[63]));
        assertEquals(before, lab.endpoint.accesses.get());
        queue.putQueue();
        assertFalse(region.enqueue(0, command(mine, record, record)), "stopped");
        dedicated.close();
        queue.close();
    }

    @Test
    void aCompletionThatCannotBeWrittenFailsItsSubmitterAndNobodyElse() {
        QueueHandle queue = lab.device.open(alice, QueueRequest.SHARED);
        long portal = queue.mapRegion(QueueRegion.MMIO);
        long status = queue.mapRegion(QueueRegion.SHARED);
        queue.start();
        QueueHandle other = open(bob);
        long text = alice.memory(new byte[4096]);
        for (long bad : new long[] {0, text + 8, 0x7fff_0000, -64}) {
            assertTrue(alice.enqueue(portal, command(0, bad, text)));
            long deadline = System.nanoTime() + SOON.toNanos();
            while (error(alice, status) == 0) {
                assertTrue(System.nanoTime() < deadline);
                Thread.onSpinWait();
            }
            assertEquals(QueueError.COMPLETION_UNREACHABLE.code(), error(alice, status));
            assertEquals(bad, alice.loadLong(status + SharedPage.FAULT_ADDRESS));
            refused(Errno.EIO, () -> queue.submit(Job.nop()));
            assertTrue(other.run(Job.nop(), SOON).succeeded());
            queue.putQueue();
            queue.start();
            assertTrue(queue.run(Job.nop(), SOON).succeeded());
        }
        other.close();
        queue.close();
    }

    @Test
    void anErrorIsTheJobsAlone() {
        try (QueueHandle queue = open(alice);
                QueueHandle other = open(bob)) {
            long known = bob.memory("123456789".getBytes());
            for (int i = 0; i < 20; i++) {
                long bad = queue.submit(Job.crc32c(0x7fff_0000L, 64));
                assertEquals(0xe306_9283L, retried(other, Job.crc32c(known, 9)).value());
                JobResult fault = queue.await(bad, SOON);
                assertEquals(JobStatus.PAGE_FAULT, fault.status());
                assertEquals(0x7fff_0000L, fault.faultAddress());
            }
        }
    }

    @Test
    void whatWaitsOfAnAddressSpaceThatDiesIsNotDoneAndTheOthersGoOn() throws Exception {
        QueueHandle survivor = open(bob);
        QueueHandle victim = open(alice);
        CountDownLatch gate = hold(bob, survivor);
        long page = alice.memory(new byte[64]);
        long[] lost = new long[3];
        for (int i = 0; i < lost.length; i++) {
            lost[i] = victim.submit(Job.crc32c(page, 64));
        }
        long behind = survivor.submit(Job.nop());
        alice.close();
        assertEquals(QueueState.ZOMBIE, victim.state());
        assertTrue(lab.endpoint.log.contains("stop " + victim.pasid().value()));
        int accesses = lab.endpoint.accesses.get();
        gate.countDown();
        assertTrue(survivor.await(behind, SOON).succeeded());
        for (long ticket : lost) {
            assertEquals(JobStatus.ABORTED, victim.await(ticket, SOON).status());
        }
        // The held job has its read and two writes left, the one behind it two writes.
        assertTrue(lab.endpoint.accesses.get() - accesses <= 5, "nothing of the dead was done");
        survivor.close();
        victim.close();
    }

    @Test
    void stoppingFinishesWhatWasTakenAndTheOthersDoNotNotice() throws Exception {
        try (QueueHandle queue = open(alice);
                QueueHandle other = open(bob)) {
            long to = alice.memory(new byte[8]);
            long ticket = queue.submit(Job.fill(to, 8, 42));
            queue.putQueue();
            assertTrue(queue.await(ticket, SOON).succeeded());
            assertEquals(42, alice.loadLong(to));
            refused(Errno.EINVAL, () -> queue.submit(Job.nop()));
            assertTrue(other.run(Job.nop(), SOON).succeeded());
            refused(Errno.EINVAL, other::start);
            queue.start();
            assertTrue(queue.run(Job.nop(), SOON).succeeded());
        }
    }

    @Test
    void partsOfOneProcessHaveOnePasidAndEndsOfTheirOwn() {
        QueueHandle first = open(alice);
        QueueHandle second = open(alice);
        assertEquals(first.pasid(), second.pasid());
        first.close();
        assertTrue(second.run(Job.nop(), SOON).succeeded());
        second.putQueue();
        second.start();
        assertTrue(second.run(Job.nop(), SOON).succeeded());
        QueueHandle dedicated = lab.device.open(alice);
        dedicated.start();
        second.close();
        assertFalse(lab.endpoint.log.contains("stop " + dedicated.pasid().value()), "still in use");
        assertTrue(dedicated.run(Job.nop(), SOON).succeeded());
        dedicated.close();
    }

    @Test
    void aThreadOfTheProcessWithoutAPortalOfItsOwnSubmitsThroughTheDescriptor() {
        QueueHandle queue = open(alice);
        LabProcess thread = alice.vfork();
        QueueHandle same = queue.inheritedBy(thread);
        assertTrue(same.run(Job.nop(), SOON).succeeded());
        alice.munmap(alice.lastSpace().firstDevice(), 4096);
        assertTrue(queue.run(Job.nop(), SOON).succeeded(), "the portal is unmapped");
        same.close();
        queue.close();
    }

    @Test
    void jobsComeOneByOneAndRingsMakeNoSense() {
        QueueHandle queue = lab.device.open(alice, QueueRequest.SHARED);
        long status = queue.mapRegion(QueueRegion.SHARED);
        alice.storeLong(status + SharedPage.DEPTH, 4);
        refused(Errno.EINVAL, queue::start);
        alice.storeLong(status + SharedPage.DEPTH, 0);
        queue.start();
        refused(Errno.EOPNOTSUPP, () -> queue.submitAll(List.of(Job.nop(), Job.nop())));
        assertEquals(1, queue.submitAll(List.of(Job.nop())).length);
        queue.close();
    }

    @Test
    void noStreamIsKept() {
        try (QueueHandle queue = open(alice)) {
            long text = alice.memory(new byte[100]);
            long digest = alice.memory(new byte[32]);
            JobParameters begin =
                    JobParameters.EMPTY.withSession(3).withOptions(JobParameters.BEGIN);
            Job job = Job.transform(Operation.DIGEST, Algorithm.SHA_256, text, 100, digest, 32);
            long block = alice.memory(begin.encode());
            assertEquals(
                    JobStatus.UNSUPPORTED, queue.run(job.withParameters(block), SOON).status());
            assertTrue(queue.run(job, SOON).succeeded());
        }
    }

    @Test
    void aResetKillsThePartsAndTheQueueCanBeOpenedAgain() throws Exception {
        QueueHandle queue = open(alice);
        CountDownLatch gate = hold(alice, queue);
        long waiting = queue.submit(Job.nop());
        Thread opener = Thread.ofVirtual().start(() -> openOnceDead(queue, gate));
        lab.device.reset();
        opener.join();
        assertEquals(QueueState.ZOMBIE, queue.state());
        refused(Errno.ENXIO, () -> queue.submit(Job.nop()));
        // At once, and not when its patience ends: nobody would wait as long as this.
        assertEquals(JobStatus.ABORTED, queue.await(waiting, Duration.ofDays(1)).status());
        try (QueueHandle again = open(alice)) {
            assertTrue(again.run(Job.nop(), SOON).succeeded());
            queue.close();
            assertTrue(again.run(Job.nop(), SOON).succeeded(), "the dead part takes nothing along");
        }
    }

    private static void openOnceDead(QueueHandle queue, CountDownLatch gate) {
        while (queue.state() != QueueState.ZOMBIE) {
            Thread.onSpinWait();
        }
        gate.countDown();
    }

    @Test
    void aRemovedDeviceLeavesPartsThatOnlyClose() throws Exception {
        QueueHandle queue = open(alice);
        CountDownLatch gate = hold(alice, queue);
        long waiting = queue.submit(Job.nop());
        Thread opener = Thread.ofVirtual().start(() -> openOnceDead(queue, gate));
        lab.device.remove();
        opener.join();
        refused(Errno.ENXIO, () -> queue.submit(Job.nop()));
        assertEquals(JobStatus.ABORTED, queue.await(waiting, SOON).status());
        refused(Errno.ENODEV, () -> lab.device.open(alice, QueueRequest.SHARED));
        queue.close();
    }

    @Test
    void aJobThatDoesNotEndCostsItsAddressSpaceThePartsAndNobodyElse() throws Exception {
        QueueHandle queue = open(alice);
        QueueHandle other = open(bob);
        CountDownLatch gate = hold(alice, queue);
        long behind = other.submit(Job.nop());
        refused(Errno.ENXIO, queue::putQueue);
        assertEquals(QueueState.ZOMBIE, queue.state());
        gate.countDown();
        assertTrue(other.await(behind, SOON).succeeded());
        queue.close();
        try (QueueHandle again = open(alice)) {
            assertTrue(again.run(Job.nop(), SOON).succeeded());
        }
        other.close();
    }

    @Test
    void whateverProcessesDoAtOnceEveryJobIsDoneRightOrNotAtAll() throws Exception {
        long seed = Long.getLong("opensva.seed", 7);
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Random random = new Random(seed * 31 + i);
                all.add(
                        threads.submit(() -> {
                            for (int life = 0; life < 12; life++) {
                                live(random);
                            }
                        }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        }
        QueueHandle last = open(alice);
        assertTrue(last.run(Job.nop(), SOON).succeeded());
        last.close();
    }

    private void live(Random random) {
        LabProcess process = new LabProcess();
        byte[] text = new byte[1 + random.nextInt(9000)];
        random.nextBytes(text);
        long from = process.memory(text);
        long to = process.memory(new byte[text.length]);
        List<QueueHandle> parts = new ArrayList<>();
        for (int step = 0; step < 30; step++) {
            if (parts.isEmpty() || random.nextInt(10) == 0) {
                parts.add(open(process));
            }
            QueueHandle part = parts.get(random.nextInt(parts.size()));
            switch (random.nextInt(8)) {
                case 0 -> {
                    part.putQueue();
                    part.start();
                }
                case 1 -> {
                    part.close();
                    parts.remove(part);
                }
                case 2 ->
                        assertEquals(
                                JobStatus.PAGE_FAULT,
                                retried(part, Job.crc32c(0x7fff_0000L, 1)).status());
                default -> {
                    process.store(to, new byte[text.length]);
                    assertTrue(retried(part, Job.copy(from, to, text.length)).succeeded());
                    assertArrayEquals(text, process.load(to, text.length));
                }
            }
        }
        if (random.nextBoolean()) {
            parts.forEach(QueueHandle::close);
        }
        process.close();
        assertEquals(0, process.labFiles().count());
    }
}
