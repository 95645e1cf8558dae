package org.opensva.conformance.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.rules.RuleLayer;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** A vendor of one part certifies that part. */
class LayerSuiteTest {

    @ParameterizedTest
    @CsvSource({
        "emulated:smmuv3, IOMMU",
        "emulated:vtd, IOMMU",
        "emulated:smmuv3, ATS",
        "emulated:smmuv3, QUEUE",
    })
    void theProjectsOwnPartsPassTheirLayer(String backend, RuleLayer layer) {
        ConformanceResult result =
                ConformanceRun.builder()
                        .backend(backend)
                        .rules(layer.glob(RuleBook.load()))
                        .timeoutFactor(2)
                        .run();
        assertEquals(
                List.of(),
                result.rules().stream()
                        .filter(rule ->
                                rule.verdict() == Verdict.FAILED
                                        || rule.verdict() == Verdict.INCONCLUSIVE)
                        .map(rule -> rule.rule().id() + " " + rule.reason())
                        .toList());
        assertTrue(
                result.rules().stream().filter(r -> r.verdict() == Verdict.PASSED).count() > 10,
                "a layer whose rules are seen");
    }

    @Test
    void eachLayerHasItsOwnRulesAndNoOthers() {
        RuleBook book = RuleBook.load();
        Set<String> seen =
                EnumSet.allOf(RuleLayer.class).stream()
                        .flatMap(layer -> {
                            List<Rule> rules = book.matching(layer.glob(book));
                            assertFalse(rules.isEmpty(), layer.text());
                            assertEquals(
                                    1,
                                    rules.stream().map(Rule::owner).distinct().count(),
                                    layer.text());
                            return rules.stream().map(Rule::id);
                        })
                        .collect(Collectors.toSet());
        long total =
                EnumSet.allOf(RuleLayer.class).stream()
                        .mapToLong(layer -> book.matching(layer.glob(book)).size())
                        .sum();
        assertEquals(total, seen.size(), "no rule is in two layers");
        assertEquals("iommu, ats, queue", RuleLayer.names());
    }
}
