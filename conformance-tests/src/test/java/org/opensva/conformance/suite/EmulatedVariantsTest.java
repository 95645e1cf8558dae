package org.opensva.conformance.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendVariant;

import java.util.List;
import java.util.stream.Stream;

/** Every machine that comes with the project keeps the whole contract. */
class EmulatedVariantsTest {

    private static final BackendCatalog CATALOG =
            BackendCatalog.load(EmulatedVariantsTest.class.getClassLoader());

    /** The machine that builds may be busy with other things. */
    private static final double PATIENCE = 4;

    static Stream<String> variants() {
        return CATALOG.providers().stream()
                .filter(provider -> provider.name().equals("emulated"))
                .flatMap(provider -> provider.variants().stream())
                .map(BackendVariant::name);
    }

    @ParameterizedTest
    @MethodSource("variants")
    void keepsTheContract(String variant) {
        ConformanceResult result =
                ConformanceRun.builder()
                        .catalog(CATALOG)
                        .backend("emulated:" + variant)
                        .timeoutFactor(PATIENCE)
                        .run();
        assertEquals(
                List.of(),
                result.rules().stream()
                        .filter(rule ->
                                rule.verdict() == Verdict.FAILED
                                        || rule.verdict() == Verdict.INCONCLUSIVE)
                        .map(rule -> rule.rule().id() + " " + rule.reason())
                        .toList());
        assertEquals(ConformanceResult.Outcome.PASSED, result.outcome());
    }
}
