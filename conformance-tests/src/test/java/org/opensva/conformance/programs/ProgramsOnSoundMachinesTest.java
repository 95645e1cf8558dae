package org.opensva.conformance.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.conformance.suite.bench.Limits;
import org.opensva.conformance.suite.testbackend.SoftBackend;
import org.opensva.emulated.EmulatedBackendProvider;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A machine that keeps the contract agrees with the model, whatever the program. */
class ProgramsOnSoundMachinesTest {

    private static final int LENGTH = 80;

    @ParameterizedTest
    @ValueSource(strings = {"emulated:smmuv3", "emulated:smmuv3-stall", "emulated:smmuv3-noats"})
    void anEmulatedMachineAgreesWithTheModel(String name) {
        BackendCatalog catalog = BackendCatalog.of(List.of(new EmulatedBackendProvider()));
        for (String policy : List.of("refuse", "opener")) {
            try (Backend backend =
                    catalog.open(name, Map.of("foreign-handles", policy), OpenTelemetry.noop())) {
                agree(backend, 12);
            }
        }
    }

    @Test
    void theSoftwareMachineAgreesWithTheModel() {
        for (ForeignHandlePolicy policy : ForeignHandlePolicy.values()) {
            BackendCatalog catalog = SoftBackend.catalog(SoftBackend.ALL, policy);
            try (Backend backend = catalog.open("soft", Map.of(), OpenTelemetry.noop())) {
                agree(backend, 12);
            }
        }
    }

    private static void agree(Backend backend, int programs) {
        Claims claims = Claims.of(backend);
        ProgramRunner runner = new ProgramRunner(backend, claims, Limits.NORMAL);
        for (Theme theme : Theme.values()) {
            for (long seed = 1; seed <= programs; seed++) {
                Program program = ProgramGenerator.generate(claims, theme, seed, LENGTH);
                Optional<Finding> finding = runner.run(program).finding();
                assertEquals(
                        "",
                        finding.map(found ->
                                        new Shrinker(p -> runner.run(p).finding(), 200)
                                                .shrink(found))
                                .map(small -> small.summary() + "\n" + small.program().text())
                                .orElse(""),
                        theme + " " + seed);
            }
        }
    }
}
