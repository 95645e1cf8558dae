package org.opensva.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.Map;

/** What is asked of the backend. */
class HostOptionsTest {

    @Test
    void limitsAreMultiplied() {
        Duration usual = Duration.ofSeconds(10);
        assertEquals(usual, HostOptions.parse(Map.of()).patient(usual));
        assertEquals(
                Duration.ofSeconds(25),
                HostOptions.parse(Map.of("timeout-factor", "2.5")).patient(usual));
    }
}
