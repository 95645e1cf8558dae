package org.opensva.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.opensva.api.backend.BackendException;

import java.time.Duration;
import java.util.List;
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

    @Test
    void whatMakesNoSenseGetsOneLine() {
        for (Map<String, String> options :
                List.of(
                        Map.of("timeout-factor", "0.5"),
                        Map.of("timeout-factor", "1001"),
                        Map.of("timeout-factor", "NaN"),
                        Map.of("timeout-factor", "long"),
                        Map.of("queues", "0"),
                        Map.of("atc-entries", "3"),
                        Map.of("events", "on"),
                        Map.of("transfers", "by hand"))) {
            BackendException refused =
                    assertThrows(
                            BackendException.class,
                            () -> HostOptions.parse(options),
                            options::toString);
            assertFalse(String.valueOf(refused.getMessage()).contains("\n"));
        }
    }
}
