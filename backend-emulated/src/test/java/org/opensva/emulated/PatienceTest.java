package org.opensva.emulated;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.opensva.emulated.profile.BuiltInProfiles;
import org.opensva.uacce.UacceConfig;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** A machine that has to share a computer waits longer until it gives up. */
class PatienceTest {

    private static EmulatedModule machine(Map<String, String> options) {
        return new EmulatedModule(EmulatedOptions.parse(BuiltInProfiles.all().getFirst(), options));
    }

    @Test
    void everyLimitIsMultiplied() {
        assertEquals(Duration.ofSeconds(25), new Patience(2.5).of(Duration.ofSeconds(10)));
        assertEquals(Duration.ofSeconds(10), new Patience(1).of(Duration.ofSeconds(10)));
    }

    @Test
    void theTimeOfAPatientMachineIsSlow() {
        AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
        LongSupplier slow = new Patience(4).clock(now::get);
        LongSupplier usual = new Patience(1).clock(now::get);
        long slowBegin = slow.getAsLong();
        long usualBegin = usual.getAsLong();
        now.addAndGet(40_000_000_000L);
        assertEquals(10_000_000_000L, slow.getAsLong() - slowBegin);
        assertEquals(40_000_000_000L, usual.getAsLong() - usualBegin);
    }

    @Test
    void aQueueIsGivenMoreTimeToComeToRest() {
        Duration usual = UacceConfig.of("zip-0").drainTimeout();
        assertEquals(usual, machine(Map.of()).config("zip-0", 4096).drainTimeout());
        assertEquals(
                usual.multipliedBy(30),
                machine(Map.of("timeout-factor", "30.0")).config("zip-0", 4096).drainTimeout());
    }
}
