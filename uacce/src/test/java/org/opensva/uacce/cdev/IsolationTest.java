package org.opensva.uacce.cdev;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.opensva.uacce.lab.Lab.refused;

import org.junit.jupiter.api.Test;
import org.opensva.api.process.Errno;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

class IsolationTest {

    private static final long SECOND = 1_000_000_000L;

    private final AtomicLong now = new AtomicLong(-5 * SECOND);
    private final Isolation isolation = new Isolation(now::get);

    @Test
    void aThresholdAndOneMoreErrorsIsolate() {
        isolation.setThreshold(3, "test");
        for (int i = 0; i < 3; i++) {
            isolation.record();
            assertFalse(isolation.isIsolated(), "after error " + (i + 1));
        }
        isolation.record();
        assertTrue(isolation.isIsolated());
    }

    @Test
    void zeroIsNever() {
        for (int i = 0; i < 100_000; i++) {
            isolation.record();
        }
        assertFalse(isolation.isIsolated());
    }

    @Test
    void anErrorCountsForAnHourAndNoLonger() {
        for (long age : new long[] {0, 3600 * SECOND, 3601 * SECOND - 1}) {
            Isolation fresh = new Isolation(now::get);
            fresh.setThreshold(1, "test");
            fresh.record();
            now.addAndGet(age);
            fresh.record();
            assertTrue(fresh.isIsolated(), "after " + age);
        }
        isolation.setThreshold(1, "test");
        for (int i = 0; i < 50; i++) {
            isolation.record();
            isolation.advance(Duration.ofSeconds(3601));
        }
        assertFalse(isolation.isIsolated());
    }

    @Test
    void aNewThresholdForgetsTheErrorsSoFar() {
        isolation.setThreshold(2, "test");
        isolation.record();
        isolation.record();
        isolation.setThreshold(2, "test");
        isolation.record();
        isolation.record();
        assertFalse(isolation.isIsolated());
        isolation.record();
        assertTrue(isolation.isIsolated());
    }

    @Test
    void theThresholdHasBoundsAndIsFixedOnceTheDeviceIsIsolated() {
        refused(Errno.EINVAL, () -> isolation.setThreshold(-1, "test"));
        refused(Errno.EINVAL, () -> isolation.setThreshold(65536, "test"));
        isolation.setThreshold(65535, "test");
        assertEquals(65535, isolation.threshold());
        isolation.isolate();
        refused(Errno.EPERM, () -> isolation.setThreshold(0, "test"));
        refused(Errno.EINVAL, () -> isolation.setThreshold(65536, "test"));
        assertEquals(65535, isolation.threshold());
    }

    @Test
    void timeNeverEndsHoweverFarItRuns() {
        isolation.setThreshold(1, "test");
        for (int i = 0; i < 20; i++) {
            isolation.record();
            isolation.advance(Duration.ofSeconds(Long.MAX_VALUE));
        }
        assertFalse(isolation.isIsolated());
    }

    @Test
    void randomErrorsIsolateExactlyWhenAListOfThemSays() {
        SplittableRandom random = new SplittableRandom(7);
        for (int round = 0; round < 500; round++) {
            Isolation one = new Isolation(now::get);
            int threshold = random.nextInt(0, 6);
            one.setThreshold(threshold, "test");
            List<Long> errors = new ArrayList<>();
            boolean expected = false;
            for (int i = 0; i < 40; i++) {
                now.addAndGet(random.nextLong(900) * SECOND);
                long at = now.get();
                long earlier = errors.stream().filter(e -> at - e <= 3600 * SECOND).count();
                expected |= threshold > 0 && earlier >= threshold;
                errors.add(at);
                one.record();
                assertEquals(expected, one.isIsolated(), "round " + round + ", error " + i);
            }
        }
    }
}
