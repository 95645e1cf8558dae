package com.acme.sva;

import static com.acme.sva.Bench.PAGE;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.api.accelerator.Operation.GUNZIP;
import static org.opensva.api.accelerator.Operation.GZIP;

import static java.nio.charset.StandardCharsets.US_ASCII;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.Advice;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/** A change of a mapping returns after every device has forgotten it. */
class InvalidationTest {

    private final Bench bench = new Bench();
    private final SvaProcess process = bench.process();
    private final QueueHandle device = bench.device(process, 0);

    @AfterEach
    void closeEverything() {
        bench.close();
    }

    private int cached() {
        return bench.cache(0).size(device.pasid());
    }

    @Test
    void theDeviceUsesWhatItHasCachedWithoutAskingAgain() {
        long page = Bench.map(process, 1);
        assertTrue(Bench.write(device, page, 1).succeeded());
        assertEquals(1, cached());
        AtomicBoolean touched = new AtomicBoolean();
        assertTrue(
                bench.cache(0)
                        .use(
                                device.pasid(),
                                page + 8,
                                Access.WRITE,
                                (frame, offset) -> touched.set(offset == 8)));
        assertTrue(touched.get());
    }

    @Test
    void unmapDropsTheCachedTranslationBeforeItReturns() {
        long pages = Bench.map(process, 3);
        for (int i = 0; i < 3; i++) {
            assertTrue(Bench.write(device, pages + (long) i * PAGE, i + 1).succeeded());
        }
        process.munmap(pages + PAGE, PAGE);
        assertEquals(2, cached(), "only the page that went is forgotten");
        JobResult result = Bench.write(device, pages + PAGE + 16, 9);
        assertEquals(JobStatus.PAGE_FAULT, result.status());
        assertEquals(pages + PAGE + 16, result.faultAddress());
        assertEquals(3, process.loadLong(pages + 2 * PAGE));
    }

    @Test
    void anInvalidationWaitsForTheAccessThatUsesTheEntry() throws Exception {
        long page = Bench.map(process, 1);
        Bench.write(device, page, 1);
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch leave = new CountDownLatch(1);
        AtomicBoolean left = new AtomicBoolean();
        Thread user =
                Thread.ofPlatform()
                        .start(() ->
                                bench.cache(0)
                                        .use(
                                                device.pasid(),
                                                page,
                                                Access.WRITE,
                                                (frame, offset) -> {
                                                    inside.countDown();
                                                    awaitQuietly(leave);
                                                    left.set(true);
                                                }));
        inside.await();
        AtomicBoolean leftBeforeUnmapReturned = new AtomicBoolean();
        Thread unmapping =
                Thread.ofPlatform()
                        .start(() -> {
                            process.munmap(page, PAGE);
                            leftBeforeUnmapReturned.set(left.get());
                        });
        while (unmapping.getState() != Thread.State.WAITING) {
            assertTrue(unmapping.isAlive(), "munmap returned with an access under way");
            Thread.onSpinWait();
        }
        leave.countDown();
        user.join();
        unmapping.join();
        assertTrue(leftBeforeUnmapReturned.get());
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aPageThatMayNotBeWrittenAnyMoreIsNotWritten() {
        long page = Bench.map(process, 1);
        Bench.write(device, page, 1);
        process.mprotect(page, PAGE, Protection.READ);
        assertEquals(JobStatus.PAGE_FAULT, Bench.write(device, page, 2).status());
        assertEquals(1, process.loadLong(page));
        process.mprotect(page, PAGE, Protection.READ_WRITE);
        assertTrue(Bench.write(device, page, 3).succeeded());
        assertEquals(3, process.loadLong(page));
    }

    @Test
    void aDiscardedPageReadsAsZeroes() {
        long page = Bench.map(process, 1);
        Bench.write(device, page, 7);
        process.madvise(page, PAGE, Advice.DONTNEED);
        assertEquals(0, process.loadLong(page));
        assertTrue(Bench.write(device, page, 8).succeeded());
        assertEquals(8, process.loadLong(page));
    }

    @Test
    void aMovedMappingTakesTheDevicesWritesAlong() {
        long old = Bench.map(process, 1);
        Bench.map(process, 1);
        Bench.write(device, old, 5);
        long moved = process.mremap(old, PAGE, 2 * PAGE, true);
        assertFalse(moved == old);
        assertEquals(5, process.loadLong(moved));
        assertEquals(JobStatus.PAGE_FAULT, Bench.write(device, old, 6).status());
        assertTrue(Bench.write(device, moved, 6).succeeded());
    }

    @Test
    void whatATruncationTookIsOutOfReach() {
        int fd = process.createSharedMemory(2 * PAGE);
        long pages = process.mmap(MapRequest.sharedFile(fd, 0, 2 * PAGE));
        Bench.write(device, pages + PAGE, 5);
        process.truncate(fd, PAGE);
        assertEquals(JobStatus.PAGE_FAULT, Bench.write(device, pages + PAGE, 6).status());
        process.truncate(fd, 2 * PAGE);
        assertEquals(0, process.loadLong(pages + PAGE));
    }

    @Test
    void afterForkTheDeviceWritesToTheParentOnly() {
        long page = Bench.map(process, 1);
        Bench.write(device, page, 1);
        SvaProcess child = process.fork();
        assertEquals(0, cached());
        assertTrue(Bench.write(device, page, 2).succeeded());
        assertEquals(1, child.loadLong(page));
        assertEquals(2, process.loadLong(page));
    }

    @Test
    void gzipThereAndBackGivesTheSameBytes() {
        byte[] text = "one address space, two devices; ".repeat(1000).getBytes(US_ASCII);
        long source = Bench.map(process, 16);
        long packed = Bench.map(process, 16);
        long target = Bench.map(process, 16);
        process.store(source + 3, text);
        JobResult zip =
                Bench.run(
                        device,
                        Job.transform(GZIP, source + 3, text.length, packed + 5, 16 * PAGE - 5));
        assertTrue(zip.succeeded());
        JobResult unzip =
                Bench.run(
                        device,
                        Job.transform(GUNZIP, packed + 5, zip.produced(), target, 16 * PAGE));
        assertTrue(unzip.succeeded());
        assertArrayEquals(text, process.load(target, (int) unzip.produced()));
        assertEquals(
                JobStatus.BAD_DATA,
                Bench.run(device, Job.transform(GUNZIP, source, 64, target, PAGE)).status());
        process.munmap(packed, PAGE);
        JobResult fault =
                Bench.run(device, Job.transform(GZIP, source, text.length, packed + 5, 16 * PAGE));
        assertEquals(JobStatus.PAGE_FAULT, fault.status());
        assertEquals(packed + 5, fault.faultAddress());
        JobResult full = Bench.run(device, Job.transform(GZIP, source, text.length, target, 20));
        assertEquals(JobStatus.DESTINATION_FULL, full.status());
        assertEquals(20, full.produced());
    }
}
