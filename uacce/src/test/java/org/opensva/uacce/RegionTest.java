package org.opensva.uacce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.uacce.lab.Lab.SOON;
import static org.opensva.uacce.lab.Lab.refused;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.Signal;
import org.opensva.uacce.lab.Lab;
import org.opensva.uacce.lab.LabProcess;
import org.opensva.uacce.queue.SharedPage;

class RegionTest {

    private final Lab lab = new Lab();
    private final LabProcess process = new LabProcess();
    private final QueueHandle queue = lab.device.open(process);

    @AfterEach
    void close() {
        queue.close();
        lab.close();
    }

    private long map(long offset, long length) {
        return process.mmap(MapRequest.sharedFile(queue.fd(), offset, length));
    }

    @Test
    void thePageOffsetSelectsTheRegion() {
        long mmio = map(0, 4096);
        long shared = map(4096, 4096);
        process.storeLong(shared + SharedPage.DEPTH, 77);
        assertEquals(77, process.loadLong(shared + SharedPage.DEPTH));
        assertEquals(0, process.loadLong(mmio + SharedPage.DEPTH));
    }

    @Test
    void noOtherOffsetIsARegion() {
        for (long offset : new long[] {8192, 1, 4095, -4096, Long.MIN_VALUE, Long.MAX_VALUE}) {
            refused(Errno.EINVAL, () -> map(offset, 4096));
        }
    }

    @Test
    void aRegionIsNoLargerThanItIs() {
        refused(Errno.EINVAL, () -> map(0, 8192));
        refused(Errno.EINVAL, () -> map(4096, 8192));
        map(0, 100);
    }

    @Test
    void aRegionIsMappedOnceAndAgainAfterItWasUnmapped() {
        for (QueueRegion region : QueueRegion.values()) {
            long first = queue.mapRegion(region);
            refused(Errno.EEXIST, () -> queue.mapRegion(region));
            process.munmap(first, 4096);
            long second = queue.mapRegion(region);
            assertNotEquals(first, second);
            assertThrows(CpuFaultException.class, () -> process.loadLong(first));
        }
    }

    @Test
    void twoQueuesHaveRegionsOfTheirOwn() {
        QueueHandle other = lab.device.open(process);
        long first = queue.mapRegion(QueueRegion.SHARED);
        long second = other.mapRegion(QueueRegion.SHARED);
        process.storeLong(first + SharedPage.DEPTH, 1);
        assertEquals(0, process.loadLong(second + SharedPage.DEPTH));
    }

    @Test
    void theLibraryUsesRegionsThatWereMappedBefore() {
        long doorbell = queue.mapRegion(QueueRegion.MMIO);
        queue.mapRegion(QueueRegion.SHARED);
        queue.start();
        assertTrue(queue.run(Job.nop(), SOON).succeeded());
        assertEquals(1, process.loadLong(doorbell), "the doorbell was rung");
    }

    @Test
    void jobsGoThroughTheDescriptorWhereSomebodyElseHasTheRegions() {
        map(0, 4096);
        queue.start();
        assertTrue(queue.run(Job.nop(), SOON).succeeded());
    }

    @Test
    void jobsGoThroughTheDescriptorAfterTheDoorbellWasUnmapped() {
        long doorbell = queue.mapRegion(QueueRegion.MMIO);
        queue.start();
        assertTrue(queue.run(Job.nop(), SOON).succeeded());
        process.munmap(doorbell, 4096);
        assertTrue(queue.run(Job.nop(), SOON).succeeded());
        queue.putQueue();
        queue.start();
        assertTrue(queue.run(Job.nop(), SOON).succeeded());
        assertNotEquals(0, lab.device.info().regionSizes().size());
    }

    @Test
    void aRemovedDeviceIsABusError() {
        long doorbell = queue.mapRegion(QueueRegion.MMIO);
        lab.device.remove();
        assertEquals(
                Signal.SIGBUS,
                assertThrows(CpuFaultException.class, () -> process.loadLong(doorbell)).signal());
        refused(Errno.ENXIO, () -> queue.mapRegion(QueueRegion.SHARED));
    }

    @Test
    void aMappingKeepsTheQueueAliveWithoutADescriptor() {
        long doorbell = queue.mapRegion(QueueRegion.MMIO);
        int left = lab.device.availableInstances();
        process.closeFile(queue.fd());
        assertEquals(left, lab.device.availableInstances());
        process.munmap(doorbell, 4096);
        assertEquals(left + 1, lab.device.availableInstances());
    }

    @Test
    void aClosedHandleLeavesNoMappingBehind() {
        int left = lab.device.availableInstances();
        queue.start();
        queue.close();
        assertEquals(left + 1, lab.device.availableInstances());
    }
}
