package org.opensva.emulated;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/** One seed, one schedule, one event log. */
class DeterministicTest {

    private static String run(String variant, int seed) throws IOException, InterruptedException {
        Process machine =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                                "-Dguice_bytecode_gen_option=DISABLED",
                                "--sun-misc-unsafe-memory-access=allow",
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                System.getProperty("java.class.path"),
                                RepeatedRun.class.getName(),
                                variant,
                                Integer.toString(seed))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        String log = new String(machine.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, machine.waitFor());
        return log;
    }

    @ParameterizedTest
    @ValueSource(strings = {"smmuv3", "smmuv3-stall", "vtd"})
    void oneSeedGivesOneEventLogAndAnotherSeedAnother(String variant)
            throws IOException, InterruptedException {
        String first = run(variant, 1);
        assertTrue(first.lines().count() > 200, () -> "little happened: " + first);
        assertEquals(first, run(variant, 1));
        assertNotEquals(first, run(variant, 2));
    }

    @Test
    void withoutAccessToTheSchedulerOfThreadsTheOptionIsRefusedInOneLine() {
        if (Thread.class.getModule().isOpen("java.lang", DeterministicTest.class.getModule())) {
            return;
        }
        BackendException refusal =
                assertThrows(
                        BackendException.class,
                        () ->
                                BackendCatalog.load(DeterministicTest.class.getClassLoader())
                                        .open(
                                                "emulated",
                                                Map.of("deterministic", "1"),
                                                OpenTelemetry.noop()));
        assertTrue(String.valueOf(refusal.getMessage()).contains("--add-opens"));
    }
}
