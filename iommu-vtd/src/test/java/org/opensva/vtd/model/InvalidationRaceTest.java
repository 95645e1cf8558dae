package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.DescriptorEncoder;
import org.opensva.vtd.layout.EventRegisters.Fsts;
import org.opensva.vtd.layout.InvalidationDescriptor;
import org.opensva.vtd.layout.Register;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/** Devices write while pages are taken away: after the wait the old page never changes again. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class InvalidationRaceTest {

    private static final int ROUNDS = Integer.getInteger("opensva.vtd.races", 200);
    private static final int SOURCE = 0x0208;
    private static final int PASID = 9;
    private static final int DOMAIN = 3;
    private static final int PAGES = 8;
    private static final int WORDS = 512;
    private static final long VA = 0x7f00_0000_0000L;

    private final TestUnit t = new TestUnit(VtdProfile.sva().withCaches(256, 64, 16, 16));
    private final TestDevice device = new TestDevice(t.unit, SOURCE);
    private final AtomicBoolean stop = new AtomicBoolean();
    private final LongAdder written = new LongAdder();

    private Thread writer(int seed) {
        return new Thread(() -> {
            Random random = new Random(seed);
            byte[] data = new byte[8];
            while (!stop.get()) {
                random.nextBytes(data);
                long va = VA + random.nextInt(PAGES * WORDS) * 8L;
                long result = device.port.write(PASID, Access.WRITE, va, data, 0, 8);
                if (DmaResult.isComplete(result)) {
                    written.increment();
                }
            }
        });
    }

    private void invalidate(int way, long va) {
        long[] words = new long[2];
        switch (way) {
            case 0 ->
                    DescriptorEncoder.pasidIotlb(
                            words,
                            0,
                            InvalidationDescriptor.PASID_IOTLB_PAGE,
                            DOMAIN,
                            PASID,
                            va,
                            0,
                            true);
            case 1 ->
                    DescriptorEncoder.pasidIotlb(
                            words,
                            0,
                            InvalidationDescriptor.PASID_IOTLB_PAGE,
                            DOMAIN,
                            PASID,
                            va,
                            4,
                            false);
            case 2 ->
                    DescriptorEncoder.pasidIotlb(
                            words,
                            0,
                            InvalidationDescriptor.PASID_IOTLB_PASID,
                            DOMAIN,
                            PASID,
                            0,
                            0,
                            false);
            case 3 ->
                    DescriptorEncoder.iotlb(
                            words,
                            0,
                            InvalidationDescriptor.IOTLB_DOMAIN,
                            DOMAIN,
                            true,
                            true,
                            0,
                            0,
                            false);
            default ->
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
        }
        t.submit(words);
        t.sync();
    }

    private long[] contents(long frame) {
        long[] words = new long[WORDS];
        for (int i = 0; i < WORDS; i++) {
            words[i] = t.memory.readLong(frame + 8L * i);
        }
        return words;
    }

    @Test
    void afterTheWaitThePageThatWasUnmappedNeverChanges() throws InterruptedException {
        long top = t.firstStage(t.device(SOURCE, false, false), PASID, DOMAIN);
        long[] frames = new long[2 * PAGES];
        for (int i = 0; i < frames.length; i++) {
            frames[i] = t.page();
        }
        for (int i = 0; i < PAGES; i++) {
            t.map(top, VA + i * 4096L, frames[i], true);
        }
        t.scalableMode();
        t.enableQueue();
        List<Thread> writers = new ArrayList<>();
        for (int seed = 0; seed < 3; seed++) {
            Thread writer = writer(seed);
            writer.start();
            writers.add(writer);
        }
        Random random = new Random(99);
        try {
            for (int round = 0; round < ROUNDS; round++) {
                int which = random.nextInt(PAGES);
                long va = VA + which * 4096L;
                long old = frames[which];
                t.unmap(top, va);
                invalidate(random.nextInt(5), va);
                long[] before = contents(old);
                // The frame is ours now. Another one takes its place, so that devices keep going.
                int spare = PAGES + random.nextInt(PAGES);
                frames[which] = frames[spare];
                frames[spare] = old;
                t.map(top, va, frames[which], true);
                for (int i = 0; i < 20; i++) {
                    Thread.onSpinWait();
                }
                long[] after = contents(old);
                for (int i = 0; i < WORDS; i++) {
                    assertEquals(before[i], after[i], "round " + round + ", word " + i);
                }
                while (t.has(Fsts.PPF)) {
                    t.takeFault();
                }
                t.set(Register.FSTS, Fsts.PFO.mask());
            }
        } finally {
            stop.set(true);
            for (Thread writer : writers) {
                writer.join();
            }
            t.close();
        }
        assertTrue(written.sum() > ROUNDS, "the devices hardly ran: " + written.sum());
    }
}
