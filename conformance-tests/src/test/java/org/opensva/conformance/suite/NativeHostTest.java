package org.opensva.conformance.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendVariant;

import java.util.List;
import java.util.Map;

/** Real processes keep the contract, by each of the ways that a host may leave open. */
class NativeHostTest {

    private static final BackendCatalog CATALOG =
            BackendCatalog.load(NativeHostTest.class.getClassLoader());

    /** The machine that builds may be busy with other things. */
    private static final double PATIENCE = 4;

    @Test
    void keepsTheContract() {
        assertEquals(ConformanceResult.Outcome.PASSED, certify("events=auto", "*").outcome());
    }

    /** The rules that depend on how changes are heard of and how bytes travel. */
    @ParameterizedTest
    @ValueSource(strings = {"events=off", "transfers=proc-mem"})
    void keepsTheContractByLesserWays(String option) {
        certify(option, "UNMAP-*,FORK-0*");
    }

    private static ConformanceResult certify(String option, String rules) {
        BackendVariant host =
                CATALOG.providers().stream()
                        .filter(provider -> provider.name().equals("native"))
                        .flatMap(provider -> provider.variants().stream())
                        .filter(variant -> variant.name().equals("host"))
                        .findFirst()
                        .orElseThrow();
        assumeTrue(host.available(), host.reason());
        String[] pair = option.split("=", 2);
        ConformanceResult result =
                ConformanceRun.builder()
                        .catalog(CATALOG)
                        .backend("native:host")
                        .options(Map.of(pair[0], pair[1]))
                        .rules(rules)
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
        return result;
    }
}
