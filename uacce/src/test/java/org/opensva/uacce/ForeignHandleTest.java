package org.opensva.uacce;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.uacce.lab.Lab.SOON;
import static org.opensva.uacce.lab.Lab.refused;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.process.Advice;
import org.opensva.api.process.Errno;
import org.opensva.api.process.MapRequest;
import org.opensva.uacce.lab.Lab;
import org.opensva.uacce.lab.LabProcess;

import java.time.Duration;
import java.util.List;

class ForeignHandleTest {

    private static Lab lab(ForeignHandlePolicy policy) {
        return new Lab(
                UacceConfig.of("lab-0")
                        .withForeignHandles(policy)
                        .withQueueDepth(4)
                        .withInstances(4));
    }

    @Test
    void aRefusedHandleIsGoodForCloseOnly() {
        try (Lab lab = lab(ForeignHandlePolicy.REFUSE);
                LabProcess parent = new LabProcess()) {
            QueueHandle queue = lab.device.open(parent);
            queue.start();
            LabProcess child = parent.fork();
            LabProcess stranger = new LabProcess();
            for (QueueHandle foreign : List.of(queue.inheritedBy(child), queue.passTo(stranger))) {
                refused(Errno.EPERM, foreign::start);
                refused(Errno.EPERM, foreign::putQueue);
                refused(Errno.EPERM, () -> foreign.control(0));
                refused(Errno.EPERM, () -> foreign.mapRegion(QueueRegion.MMIO));
                refused(Errno.EPERM, () -> foreign.submit(Job.nop()));
                refused(
                        Errno.EPERM,
                        () -> foreign.holder().mmap(MapRequest.sharedFile(foreign.fd(), 0, 4096)));
                assertFalse(foreign.poll(SOON), "at once");
                assertEquals(QueueState.STARTED, foreign.state());
                assertEquals(queue.pasid(), foreign.pasid());
                foreign.close();
                assertEquals(QueueState.ZOMBIE, foreign.state());
            }
            assertTrue(queue.run(Job.nop(), SOON).succeeded(), "the opener is not disturbed");
        }
    }

    @Test
    void anOpenerHandleActsOnTheOpenersMemoryAndNeverOnItsHolders() {
        try (Lab lab = lab(ForeignHandlePolicy.OPENER);
                LabProcess parent = new LabProcess()) {
            QueueHandle queue = lab.device.open(parent);
            long from = parent.memory("shared by fork".getBytes());
            long to = parent.memory(new byte[14]);
            queue.start();
            LabProcess child = parent.fork();
            child.store(from, "of the child!!".getBytes());
            QueueHandle inherited = queue.inheritedBy(child);
            assertTrue(inherited.run(Job.copy(from, to, 14), SOON).succeeded());
            assertArrayEquals(new byte[14], child.load(to, 14));
            assertArrayEquals("shared by fork".getBytes(), parent.load(to, 14));

            long childOnly = child.memory(new byte[10]);
            assertEquals(
                    JobStatus.PAGE_FAULT, inherited.run(Job.fill(childOnly, 10, 1), SOON).status());
        }
    }

    @Test
    void openerAndForeignHandlesShareOneQueueAndKeepTheirResultsApart() {
        try (Lab lab = lab(ForeignHandlePolicy.OPENER);
                LabProcess parent = new LabProcess()) {
            QueueHandle queue = lab.device.open(parent);
            QueueHandle inherited = queue.inheritedBy(parent.fork());
            QueueHandle passed = queue.passTo(new LabProcess());
            passed.start();
            long ticket = inherited.submit(Job.nop());
            assertTrue(inherited.poll(SOON));
            assertFalse(passed.poll(Duration.ZERO));
            assertFalse(queue.poll(Duration.ZERO));
            assertTrue(inherited.await(ticket, SOON).succeeded());
            passed.putQueue();
            queue.start();
            for (int i = 0; i < 20; i++) {
                long a = queue.submit(Job.nop());
                long b = inherited.submit(Job.nop());
                long c = passed.submit(Job.nop());
                assertTrue(passed.await(c, SOON).succeeded());
                assertTrue(queue.await(a, SOON).succeeded());
                assertTrue(inherited.await(b, SOON).succeeded());
            }
            refused(Errno.EINVAL, () -> queue.await(ticket, SOON));
        }
    }

    @Test
    void theDescriptorTakesAsManyJobsAsTheQueueIsDeep() {
        try (Lab lab = lab(ForeignHandlePolicy.OPENER);
                LabProcess parent = new LabProcess()) {
            QueueHandle queue = lab.device.open(parent);
            queue.start();
            QueueHandle inherited = queue.inheritedBy(parent.fork());
            long[] tickets = new long[4];
            for (int lap = 0; lap < 5; lap++) {
                for (int i = 0; i < 4; i++) {
                    tickets[i] = inherited.submit(Job.nop());
                }
                refused(Errno.EAGAIN, () -> inherited.submit(Job.nop()));
                for (int i = 3; i >= 0; i--) {
                    assertTrue(inherited.await(tickets[i], SOON).succeeded());
                }
            }
            inherited.submit(Job.nop());
            inherited.submit(Job.nop());
            inherited.close();
            QueueHandle another = queue.passTo(new LabProcess());
            for (int i = 0; i < 20; i++) {
                assertTrue(another.run(Job.nop(), SOON).succeeded(), "slots came back");
            }
        }
    }

    @Test
    void regionsThatTheParentHasMappedAreTakenForTheChild() {
        try (Lab lab = lab(ForeignHandlePolicy.OPENER);
                LabProcess parent = new LabProcess()) {
            QueueHandle queue = lab.device.open(parent);
            long address = queue.mapRegion(QueueRegion.MMIO);
            QueueHandle inherited = queue.inheritedBy(parent.fork());
            refused(Errno.EEXIST, () -> inherited.mapRegion(QueueRegion.MMIO));
            parent.munmap(address, 4096);
            inherited.mapRegion(QueueRegion.MMIO);
        }
    }

    @Test
    void theChildCanOpenItsOwnQueueAfterTheParentUsedTheLibrary() {
        for (ForeignHandlePolicy policy : ForeignHandlePolicy.values()) {
            try (Lab lab = lab(policy);
                    LabProcess parent = new LabProcess()) {
                QueueHandle queue = lab.device.open(parent);
                queue.start();
                assertTrue(queue.run(Job.nop(), SOON).succeeded());
                LabProcess child = parent.fork();
                QueueHandle own = lab.device.open(child);
                own.start();
                assertTrue(own.run(Job.nop(), SOON).succeeded());
                assertTrue(!own.pasid().equals(queue.pasid()));
            }
        }
    }

    @Test
    void theRingsAreNotCopiedToChildrenSoThatForkTakesNoWritePermissionFromTheDevice() {
        try (Lab lab = lab(ForeignHandlePolicy.REFUSE);
                LabProcess parent = new LabProcess()) {
            QueueHandle queue = lab.device.open(parent);
            queue.start();
            assertEquals(List.of(Advice.DONTFORK), parent.advised());
        }
    }

    @Test
    void theQueueLivesAsLongAsTheLastDescriptor() {
        for (ForeignHandlePolicy policy : ForeignHandlePolicy.values()) {
            try (Lab lab = lab(policy)) {
                LabProcess parent = new LabProcess();
                QueueHandle queue = lab.device.open(parent);
                queue.start();
                QueueHandle inherited = queue.inheritedBy(parent.fork());
                queue.close();
                assertEquals(3, lab.device.availableInstances());
                assertEquals(1, lab.endpoint.bonds());
                assertEquals(QueueState.STARTED, inherited.state());
                inherited.close();
                assertEquals(4, lab.device.availableInstances());
                assertEquals(0, lab.endpoint.bonds());
            }
        }
    }

    @Test
    void theChildsCloseOrExitStopsNothingOfTheParents() {
        try (Lab lab = lab(ForeignHandlePolicy.OPENER);
                LabProcess parent = new LabProcess()) {
            QueueHandle queue = lab.device.open(parent);
            queue.start();
            queue.inheritedBy(parent.fork()).close();
            assertTrue(queue.run(Job.nop(), SOON).succeeded());
            parent.fork().exit(0);
            assertTrue(queue.run(Job.nop(), SOON).succeeded());
        }
    }

    @Test
    void theQueueDiesWithItsOpenersMemoryWhileAChildHoldsIt() {
        try (Lab lab = lab(ForeignHandlePolicy.OPENER)) {
            LabProcess parent = new LabProcess();
            QueueHandle queue = lab.device.open(parent);
            queue.start();
            QueueHandle inherited = queue.inheritedBy(parent.fork());
            parent.exit(0);
            assertEquals(QueueState.ZOMBIE, inherited.state());
            refused(Errno.ENXIO, () -> inherited.submit(Job.nop()));
            refused(Errno.ENXIO, inherited::start);
            assertFalse(inherited.poll(SOON));
            refused(Errno.EBADF, () -> queue.submit(Job.nop()));
            assertEquals(1, lab.endpoint.bonds(), "the PASID stays reserved");
            assertEquals(3, lab.device.availableInstances());
            inherited.close();
            assertEquals(0, lab.endpoint.bonds());
            assertEquals(4, lab.device.availableInstances());
        }
    }

    @Test
    void aVforkChildIsNotForeign() {
        try (Lab lab = lab(ForeignHandlePolicy.REFUSE);
                LabProcess parent = new LabProcess()) {
            QueueHandle queue = lab.device.open(parent);
            queue.start();
            QueueHandle shared = queue.inheritedBy(parent.vfork());
            assertTrue(shared.run(Job.nop(), SOON).succeeded());
        }
    }

    @Test
    void execFreesTheQueueAndAFreshOpenBindsTheNewMemory() {
        try (Lab lab = lab(ForeignHandlePolicy.OPENER);
                LabProcess process = new LabProcess()) {
            QueueHandle queue = lab.device.open(process);
            queue.start();
            long ticket = queue.submit(Job.nop());
            process.exec();
            assertEquals(4, lab.device.availableInstances());
            assertEquals(QueueState.ZOMBIE, queue.state());
            refused(Errno.ENXIO, () -> queue.submit(Job.nop()));
            queue.await(ticket, SOON);
            QueueHandle fresh = lab.device.open(process);
            queue.close();
            fresh.start();
            assertTrue(fresh.run(Job.nop(), SOON).succeeded(), "close hit only its own");
        }
    }

    @Test
    void aHandleThatOutlivesExecAcceptsOnlyClose() {
        for (ForeignHandlePolicy policy : ForeignHandlePolicy.values()) {
            try (Lab lab = lab(policy);
                    LabProcess process = new LabProcess()) {
                QueueHandle queue = lab.device.open(process);
                queue.start();
                process.execKeepingFiles();
                Errno expected = policy == ForeignHandlePolicy.REFUSE ? Errno.EPERM : Errno.ENXIO;
                refused(expected, () -> queue.submit(Job.nop()));
                refused(expected, queue::start);
                refused(expected, () -> queue.mapRegion(QueueRegion.MMIO));
                assertEquals(3, lab.device.availableInstances());
                queue.close();
                assertEquals(4, lab.device.availableInstances());
            }
        }
    }

    @Test
    void aDescriptorOfAnotherFileIsNotInherited() {
        try (Lab lab = lab(ForeignHandlePolicy.OPENER);
                LabProcess process = new LabProcess()) {
            QueueHandle queue = lab.device.open(process);
            LabProcess child = process.fork();
            child.closeFile(queue.fd());
            refused(Errno.EBADF, () -> queue.inheritedBy(child));
            lab.device.open(child);
            refused(Errno.EBADF, () -> queue.inheritedBy(child));
            process.closeFile(queue.fd());
            QueueHandle other = lab.device.open(process);
            assertEquals(queue.fd(), other.fd());
            queue.close();
            other.start();
            assertTrue(other.run(Job.nop(), SOON).succeeded(), "close hit only its own");
        }
    }
}
