package org.opensva.conformance.zoo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.opensva.conformance.rules.RuleId.*;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendVariant;
import org.opensva.conformance.suite.ConformanceResult;
import org.opensva.conformance.suite.ConformanceRun;
import org.opensva.conformance.suite.Verdict;
import org.opensva.conformance.suite.claims.ClaimResult;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Every machine that comes with the project keeps the whole contract, and the suite keeps the rules
 * of using one: each runs behind {@link Strict}, which writes down what its user does wrong.
 */
class SoundMachinesTest {

    private static final BackendCatalog CATALOG =
            BackendCatalog.load(SoundMachinesTest.class.getClassLoader());

    /** Every rule on every machine; without it, that is for one machine of each architecture. */
    private static final boolean ALL = Boolean.getBoolean("opensva.sound.all");

    /** The machines that are always asked for every rule, as they are selected. */
    static final Set<String> WHOLE = Set.of("emulated:smmuv3", "emulated:vtd");

    /** What the build asks of the others: the first rules of each chapter. */
    private static final String FIRST = "BIND-0*,FORK-0*,UNMAP-0*,FAULT-0*,EXIT-0*,UACCE-0*,ATS-0*";

    /**
     * The machine that builds may be busy with other things. The least patient of all are the
     * machines' own limits of one and two seconds, which this multiplies, too.
     */
    private static final double PATIENCE = 2;

    static Stream<String> variants() {
        return CATALOG.providers().stream()
                .filter(provider -> provider.name().equals("emulated"))
                .flatMap(provider -> provider.variants().stream())
                .map(BackendVariant::name);
    }

    private static ConformanceResult certify(Supplier<Defect> decoration, String rules) {
        BrokenBackend sound =
                BrokenBackend.breaking("sound", UNMAP_01)
                        .as("none")
                        .because("nothing")
                        .by(decoration);
        return ConformanceRun.builder()
                .catalog(ZooProvider.catalog(sound))
                .backend(ZooProvider.NAME)
                .rules(rules)
                .timeoutFactor(PATIENCE)
                .run();
    }

    private static void mustHold(ConformanceResult result) {
        assertEquals(
                List.of(),
                result.rules().stream()
                        .filter(rule ->
                                rule.verdict() == Verdict.FAILED
                                        || rule.verdict() == Verdict.INCONCLUSIVE)
                        .map(rule -> rule.rule().id() + " " + rule.reason())
                        .toList());
        assertEquals(
                List.of(), result.claims().stream().filter(ClaimResult::isContradicted).toList());
        assertEquals(ConformanceResult.Outcome.PASSED, result.outcome());
    }

    @ParameterizedTest
    @MethodSource("variants")
    void keepsTheContractAndIsUsedAsItAllows(String variant) {
        List<String> misuse = Collections.synchronizedList(new ArrayList<>());
        String machine = "emulated:" + variant;
        boolean whole = ALL || WHOLE.contains(machine);
        mustHold(certify(() -> new Strict(machine, misuse), whole ? "*" : FIRST));
        assertEquals(List.of(), misuse.stream().distinct().limit(20).toList());
    }

    /** Late, scattered, full for a moment: all of that is allowed. */
    @Test
    void aMachineThatHelpsNobodyIsAsSound() {
        mustHold(certify(Awkward::new, ALL ? "BIND-*,FORK-*,UNMAP-*,UACCE-*" : "FORK-0*,UNMAP-0*"));
    }
}
