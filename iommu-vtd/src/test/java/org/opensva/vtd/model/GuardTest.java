package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.ControlRegisters.Gcmd;
import org.opensva.vtd.layout.DescriptorEncoder;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.Register;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** A write that is held up in the middle, and what goes on around it meanwhile. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class GuardTest {

    private static final int SOURCE = 0x0208;
    private static final int PASID = 9;
    private static final int DOMAIN = 3;
    private static final long VA = 0x7f00_0000_0000L;
    private static final long PAGE = 0x800_0000;
    private static final int LOOKS = 2000;

    private final TestUnit t = new TestUnit();
    private final TestDevice device = new TestDevice(t.unit, SOURCE);
    private final CountDownLatch inside = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final AtomicLong result = new AtomicLong(-1);
    private final Thread writer = new Thread(() -> result.set(write()));

    @BeforeEach
    void holdUpTheWrite() throws InterruptedException {
        t.map(t.firstStage(t.device(SOURCE, true, true), PASID, DOMAIN), VA, PAGE, true);
        t.scalableMode();
        t.enableQueue();
        t.memory.beforeWrite =
                address -> {
                    if (address == PAGE && inside.getCount() > 0) {
                        inside.countDown();
                        try {
                            goOn.await();
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        }
                    }
                };
        writer.start();
        inside.await();
    }

    @AfterEach
    void close() {
        goOn.countDown();
        t.close();
    }

    private long write() {
        return device.port.write(PASID, Access.WRITE, VA, new byte[8], 0, 8);
    }

    private static long[] invalidation(int way) {
        long[] words = new long[2];
        switch (way) {
            case 0 ->
                    DescriptorEncoder.pasidIotlb(
                            words,
                            0,
                            InvalidationDescriptor.PASID_IOTLB_PAGE,
                            DOMAIN,
                            PASID,
                            VA,
                            0,
                            true);
            case 1 ->
                    DescriptorEncoder.pasidIotlb(
                            words,
                            0,
                            InvalidationDescriptor.PASID_IOTLB_PASID,
                            DOMAIN,
                            PASID,
                            0,
                            0,
                            false);
            case 2 ->
                    DescriptorEncoder.iotlb(
                            words,
                            0,
                            InvalidationDescriptor.IOTLB_GLOBAL,
                            0,
                            true,
                            true,
                            0,
                            0,
                            false);
            case 3 ->
                    DescriptorEncoder.iotlb(
                            words,
                            0,
                            InvalidationDescriptor.IOTLB_DOMAIN,
                            DOMAIN,
                            false,
                            false,
                            0,
                            0,
                            false);
            case 4 ->
                    DescriptorEncoder.pasidCache(
                            words, 0, InvalidationDescriptor.PC_PASID, DOMAIN, PASID);
            case 5 ->
                    DescriptorEncoder.contextCache(
                            words, 0, InvalidationDescriptor.CC_GLOBAL, 0, 0, 0);
            default -> throw new IllegalArgumentException("way " + way);
        }
        return words;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5})
    void aWaitCompletesAfterAWriteThatUsedWhatWasInvalidated(int way) throws InterruptedException {
        t.put(0, invalidation(way));
        t.put(32, TestUnit.wait(1));
        Thread driver = new Thread(() -> t.set(Register.IQT, 64));
        driver.start();
        while (t.get(Register.IQH) == 0) {
            Thread.yield(); // the invalidation itself waits for nobody
        }
        for (int i = 0; i < LOOKS; i++) {
            assertEquals(0, t.status(), "the wait completed before the write");
            Thread.yield();
        }
        goOn.countDown();
        driver.join();
        writer.join();
        assertEquals(1, t.status());
        assertEquals(DmaResult.complete(8), result.get());
    }

    @Test
    void aWaitWithoutAnInvalidationWaitsForNobody() throws InterruptedException {
        t.submit(TestUnit.wait(1));
        assertEquals(1, t.status());
        goOn.countDown();
        writer.join();
    }

    @Test
    void turningTranslationOffWaitsForTheWrite() throws InterruptedException {
        Thread driver = new Thread(() -> t.command(Gcmd.TE, false));
        driver.start();
        for (int i = 0; i < LOOKS; i++) {
            assertNotEquals(0, t.get(Register.GSTS) >>> 31);
            Thread.yield();
        }
        goOn.countDown();
        driver.join();
        writer.join();
        assertEquals(0, t.get(Register.GSTS) >>> 31);
    }

    @Test
    void otherRequestsGoOnMeanwhile() throws InterruptedException {
        assertEquals(DmaResult.complete(8), write());
        goOn.countDown();
        writer.join();
    }
}
