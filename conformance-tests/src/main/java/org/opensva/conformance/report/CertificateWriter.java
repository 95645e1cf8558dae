package org.opensva.conformance.report;

import static org.opensva.conformance.report.JsonFields.hex;
import static org.opensva.conformance.report.JsonFields.seconds;

import org.opensva.conformance.report.seal.Seal;
import org.opensva.conformance.report.seal.SigningKey;
import org.opensva.conformance.suite.Verdict;
import org.opensva.conformance.suite.profile.Latency;

import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

import java.util.Optional;
import java.util.SortedMap;

/**
 * Renders a certificate as JSON: fields in a fixed order, two spaces of indentation, line feeds, so
 * that two certificates can be compared line by line on any machine.
 */
public final class CertificateWriter {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private CertificateWriter() {}

    /**
     * Renders a certificate.
     *
     * @param certificate the certificate
     * @return the document, with a line feed at the end
     */
    public static String write(Certificate certificate) {
        return write(certificate, Optional.empty());
    }

    /**
     * Renders a certificate, signed.
     *
     * @param certificate the certificate
     * @param key who signs, or empty for nobody
     * @return the document, with a line feed at the end
     */
    public static String write(Certificate certificate, Optional<SigningKey> key) {
        ObjectNode document = tree(certificate);
        WholeText.mend(document);
        Seal.put(document, key);
        DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
        DefaultPrettyPrinter printer =
                new DefaultPrettyPrinter().withObjectIndenter(indenter).withArrayIndenter(indenter);
        return JSON.writer().with(printer).writeValueAsString(document) + "\n";
    }

    private static ObjectNode tree(Certificate certificate) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("schema", Certificate.SCHEMA);
        root.put("conclusion", certificate.conclusion().text());
        root.putObject("suite")
                .put("version", certificate.suite().version())
                .put("ruleBook", certificate.suite().ruleBook());
        backend(root.putObject("backend"), certificate.backend());
        root.putObject("selection")
                .put("rules", certificate.selection().rules())
                .put("complete", certificate.selection().complete())
                .put("shard", certificate.selection().shard().toString());
        root.put("seed", hex(certificate.seed()));
        root.put("runs", certificate.runs());
        root.put("timeoutFactor", certificate.timeoutFactor());
        root.put("duration", seconds(certificate.duration()));
        RunEnvironment environment = certificate.environment();
        root.putObject("environment")
                .put("javaVersion", environment.javaVersion())
                .put("javaVendor", environment.javaVendor())
                .put("os", environment.os())
                .put("osVersion", environment.osVersion())
                .put("arch", environment.arch())
                .put("processors", environment.processors());
        ObjectNode summary = root.putObject("summary");
        for (Verdict verdict : Verdict.values()) {
            summary.put(verdict.id(), certificate.summary().getOrDefault(verdict, 0));
        }
        ArrayNode claims = root.putArray("claims");
        for (ClaimVerdict claim : certificate.claims()) {
            claims.addObject()
                    .put("capability", claim.capability())
                    .put("claimed", claim.claimed())
                    .put("found", claim.found())
                    .put("how", claim.how());
        }
        ArrayNode profile = root.putArray("profile");
        certificate.profile().forEach(each -> latency(profile.addObject(), each));
        ArrayNode rules = root.putArray("rules");
        certificate.rules().forEach(rule -> rule(rules.addObject(), rule));
        return root;
    }

    private static void latency(ObjectNode node, Latency latency) {
        node.put("operation", latency.operation())
                .put("what", latency.what())
                .put("samples", latency.samples());
        if (latency.isMeasured()) {
            node.put("p50", latency.p50())
                    .put("p90", latency.p90())
                    .put("p99", latency.p99())
                    .put("p999", latency.p999())
                    .put("max", latency.max());
        } else {
            node.put("reason", latency.reason());
        }
    }

    private static void backend(ObjectNode node, BackendIdentity backend) {
        node.put("name", backend.name())
                .put("variant", backend.variant())
                .put("version", backend.version())
                .put("vendor", backend.vendor());
        map(node.putObject("options"), backend.options());
        ArrayNode capabilities = node.putArray("capabilities");
        backend.capabilities().forEach(capabilities::add);
        map(node.putObject("policies"), backend.policies());
        map(node.putObject("properties"), backend.properties());
    }

    private static void map(ObjectNode node, SortedMap<String, String> values) {
        values.forEach(node::put);
    }

    private static void rule(ObjectNode node, RuleVerdict rule) {
        node.put("id", rule.id())
                .put("level", rule.level().name())
                .put("title", rule.title())
                .put("verdict", rule.verdict().id())
                .put("reason", rule.reason())
                .put("duration", seconds(rule.duration()));
        ArrayNode evidence = node.putArray("evidence");
        for (TestEvidence test : rule.evidence()) {
            ObjectNode entry =
                    evidence.addObject()
                            .put("test", test.test())
                            .put("sentence", test.sentence())
                            .put("verdict", test.verdict().id())
                            .put("seed", hex(test.seed()));
            if (!test.reason().isEmpty()) {
                entry.put("reason", test.reason());
            }
            if (!test.message().isEmpty()) {
                entry.put("message", test.message());
            }
            test.finding()
                    .ifPresent(finding -> EvidenceJson.write(entry.putObject("finding"), finding));
        }
    }
}
