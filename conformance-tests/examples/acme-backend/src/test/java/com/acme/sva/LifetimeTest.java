package com.acme.sva;

import static com.acme.sva.Bench.PAGE;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueState;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.process.Errno;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.Signal;
import org.opensva.api.process.SvaProcess;

import java.time.Duration;

/** Who may use a queue, how it ends, and when its PASID may be somebody else's. */
class LifetimeTest {

    private static final int HUGE_PAGES = 4096;

    private final Bench bench = new Bench();
    private final SvaProcess process = bench.process();

    @AfterEach
    void closeEverything() {
        bench.close();
    }

    @Test
    void aChildsInheritedHandleIsRefused() {
        QueueHandle device = bench.device(process, 0);
        SvaProcess child = process.fork();
        QueueHandle inherited = device.inheritedBy(child);
        Bench.refused(Errno.EPERM, () -> inherited.submit(Job.nop()));
        Bench.refused(Errno.EPERM, inherited::putQueue);
        Bench.refused(Errno.EPERM, () -> inherited.control(1));
        assertFalse(inherited.poll(Duration.ZERO));
        inherited.close();
        Bench.refused(Errno.EBADF, inherited::start);
        assertTrue(Bench.run(device, Job.nop()).succeeded());
    }

    @Test
    void aPassedHandleIsRefusedUntilItComesBack() {
        QueueHandle device = bench.device(process, 0);
        SvaProcess other = bench.process();
        QueueHandle passed = device.passTo(other);
        Bench.refused(Errno.EPERM, () -> passed.submit(Job.nop()));
        device.close();
        QueueHandle back = passed.passTo(process);
        assertTrue(Bench.run(back, Job.nop()).succeeded());
    }

    @Test
    void allQueuesOfAProcessHaveOnePasidAndNoTwoProcessesShareOne() {
        QueueHandle first = bench.device(process, 0);
        QueueHandle second = bench.device(process, 1);
        assertEquals(first.pasid(), second.pasid());
        assertNotEquals(first.pasid(), bench.device(bench.process(), 1).pasid());
        Pasid number = first.pasid();
        first.close();
        second.close();
        assertEquals(number, bench.device(process, 0).pasid());
    }

    @Test
    void thePasidOfADeadOpenerStaysTakenWhileItsChildHoldsTheQueue() {
        QueueHandle device = bench.device(process, 0);
        Pasid number = device.pasid();
        Accelerator accelerator = device.accelerator();
        SvaProcess child = process.fork();
        QueueHandle inherited = device.inheritedBy(child);
        process.exit(0);
        assertEquals(QueueState.ZOMBIE, inherited.state());
        assertEquals(3, accelerator.availableInstances());
        assertNotEquals(number, bench.device(child, 1).pasid());
        inherited.close();
        assertEquals(4, accelerator.availableInstances());
        assertEquals(number, bench.device(bench.process(), 1).pasid());
    }

    @Test
    void aKilledProcessesJobsEndAndItsQueueServesOthers() {
        QueueHandle device = bench.device(process, 0);
        long pages = Bench.map(process, HUGE_PAGES);
        long[] tickets = new long[8];
        for (int i = 0; i < tickets.length; i++) {
            tickets[i] = device.submit(Job.fill(pages, (long) HUGE_PAGES * PAGE, i));
        }
        process.kill(Signal.SIGKILL);
        assertTrue(process.awaitTermination(Duration.ofSeconds(30)));
        assertEquals(JobStatus.ABORTED, Bench.await(device, tickets[7]).status());
        assertEquals(4, device.accelerator().availableInstances());
        assertTrue(Bench.run(bench.device(bench.process(), 0), Job.nop()).succeeded());
    }

    @Test
    void execLeavesTheOldAddressSpaceAndItsQueues() {
        QueueHandle device = bench.device(process, 0);
        long page = Bench.map(process, 1);
        Pasid number = device.pasid();
        SvaProcess child = process.fork();
        process.exec();
        assertEquals(QueueState.ZOMBIE, device.state());
        Bench.refused(Errno.EBADF, () -> device.submit(Job.nop()));
        assertNotEquals(number, bench.device(process, 0).pasid());
        assertEquals(0, child.loadLong(page));
    }

    @Test
    void putLeavesNothingRunningAndTheQueueCanStartAgain() {
        QueueHandle device = bench.device(process, 0);
        Bench.refused(Errno.EINVAL, device::start);
        long pages = Bench.map(process, HUGE_PAGES);
        long first = device.submit(Job.fill(pages, (long) HUGE_PAGES * PAGE, 1));
        long second = device.submit(Job.nop());
        device.putQueue();
        JobStatus status = device.await(first, Duration.ZERO).status();
        assertTrue(status == JobStatus.ABORTED || status == JobStatus.SUCCESS);
        device.await(second, Duration.ZERO);
        Bench.refused(Errno.EINVAL, () -> device.submit(Job.nop()));
        assertEquals(3, device.accelerator().availableInstances());
        device.start();
        assertTrue(Bench.run(device, Job.nop()).succeeded());
    }

    @Test
    void aFullQueueRefusesAndTakesNothing() {
        QueueHandle device = bench.device(process, 0);
        int depth = device.accelerator().info().queueDepth();
        long last = 0;
        for (int i = 0; i < depth; i++) {
            last = device.submit(Job.nop());
        }
        Bench.refused(Errno.EAGAIN, () -> device.submit(Job.nop()));
        assertTrue(Bench.await(device, last).succeeded());
        assertTrue(device.poll(Duration.ZERO));
        assertEquals(last + 1, device.submit(Job.nop()));
    }

    @Test
    void aRefusedOpenLeavesNothingBehind() {
        for (int i = 0; i < 4; i++) {
            bench.device(process, 0);
        }
        SvaProcess other = bench.process();
        Accelerator accelerator = bench.backend.accelerators().get(0);
        int pasids = bench.backend.pasidsInUse();
        Bench.refused(Errno.EBUSY, () -> accelerator.open(other));
        assertEquals(pasids, bench.backend.pasidsInUse());
        other.exit(0);
        Bench.refused(Errno.ESRCH, () -> accelerator.open(other));
    }

    @Test
    void memoryOfAnObjectLivesAsLongAsAMapping() {
        int fd = process.createSharedMemory(PAGE);
        long first = process.mmap(MapRequest.sharedFile(fd, 0, PAGE));
        process.storeLong(first, 11);
        SvaProcess child = process.fork();
        process.closeFile(fd);
        child.closeFile(fd);
        process.munmap(first, PAGE);
        assertEquals(11, child.loadLong(first));
        child.exit(0);
        assertEquals(0, bench.backend.framesInUse());
    }
}
