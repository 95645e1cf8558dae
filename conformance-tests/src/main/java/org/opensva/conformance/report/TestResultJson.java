package org.opensva.conformance.report;

import static org.opensva.conformance.report.JsonFields.duration;
import static org.opensva.conformance.report.JsonFields.hex;
import static org.opensva.conformance.report.JsonFields.quote;
import static org.opensva.conformance.report.JsonFields.seconds;
import static org.opensva.conformance.report.JsonFields.seed;
import static org.opensva.conformance.report.JsonFields.text;
import static org.opensva.conformance.report.JsonFields.texts;

import org.opensva.conformance.rules.RuleId;
import org.opensva.conformance.suite.TestResult;
import org.opensva.conformance.suite.Verdict;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The result of one test as JSON: what journals hold and what child JVMs report. */
public final class TestResultJson {

    private TestResultJson() {}

    /**
     * Writes a result.
     *
     * @param node where to; members are added
     * @param result the result
     */
    public static void write(ObjectNode node, TestResult result) {
        node.put("test", result.name()).put("sentence", result.sentence());
        ArrayNode rules = node.putArray("rules");
        result.rules().forEach(rule -> rules.add(rule.id()));
        node.put("verdict", result.verdict().id())
                .put("reason", result.reason())
                .put("message", result.message())
                .put("duration", seconds(result.duration()))
                .put("seed", hex(result.seed()));
        result.evidence().ifPresent(e -> EvidenceJson.write(node.putObject("finding"), e));
        WholeText.mend(node);
    }

    /**
     * Reads a result.
     *
     * @param node what {@link #write} made
     * @return the result
     * @throws CertificateException if it is something else, with one line that says what
     */
    public static TestResult read(JsonNode node) {
        String test = text(node, "test");
        String verdict = text(node, "verdict");
        JsonNode finding = node.path("finding");
        List<RuleId> rules = texts(node, "rules").stream().map(TestResultJson::rule).toList();
        return new TestResult(
                test,
                text(node, "sentence"),
                rules,
                Verdict.ofId(verdict)
                        .orElseThrow(() ->
                                new CertificateException(
                                        "verdict " + quote(verdict) + " is unknown")),
                text(node, "reason"),
                text(node, "message"),
                finding.isObject()
                        ? Optional.of(EvidenceJson.read(test, finding))
                        : Optional.empty(),
                duration(node),
                seed(node));
    }

    private static RuleId rule(String id) {
        return Arrays.stream(RuleId.values())
                .filter(rule -> rule.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new CertificateException("rule " + quote(id) + " is unknown"));
    }
}
