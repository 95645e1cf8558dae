package org.opensva.conformance.report;

import static org.opensva.conformance.report.JsonFields.array;
import static org.opensva.conformance.report.JsonFields.count;
import static org.opensva.conformance.report.JsonFields.duration;
import static org.opensva.conformance.report.JsonFields.flag;
import static org.opensva.conformance.report.JsonFields.number;
import static org.opensva.conformance.report.JsonFields.object;
import static org.opensva.conformance.report.JsonFields.optional;
import static org.opensva.conformance.report.JsonFields.quote;
import static org.opensva.conformance.report.JsonFields.seed;
import static org.opensva.conformance.report.JsonFields.text;
import static org.opensva.conformance.report.JsonFields.texts;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.rules.RuleLevel;
import org.opensva.conformance.suite.Shard;
import org.opensva.conformance.suite.Verdict;
import org.opensva.conformance.suite.profile.Latency;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Reads certificates. A document that is not one, or whose conclusion or summary does not follow
 * from its verdicts, is refused with one line that names the field. Fields that this version does
 * not know are ignored.
 */
public final class CertificateReader {

    private static final JsonMapper JSON =
            JsonMapper.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                    .build();

    /** More than an hour, in nanoseconds. */
    private static final BigDecimal LONGEST_SAMPLE = BigDecimal.valueOf(1L << 42);

    private CertificateReader() {}

    /**
     * Reads a certificate.
     *
     * @param json the document
     * @return the certificate
     * @throws CertificateException if it is not one, with one line that says why
     */
    public static Certificate read(String json) {
        return read(document(json));
    }

    /**
     * The text of a certificate as a document. Two members of one name are refused: they would let
     * two readers see two certificates.
     *
     * @param json the text
     * @return the document, of which nothing is checked but that it is a JSON object
     * @throws CertificateException if it is none, with one line that says why
     */
    public static ObjectNode document(String json) {
        JsonNode node;
        if (json.isBlank()) {
            throw new CertificateException("not a certificate: it is empty");
        }
        try {
            node = JSON.readTree(json);
        } catch (StreamConstraintsException e) {
            throw new CertificateException(
                    "not a certificate: nested deeper, or with longer values, than any", e);
        } catch (JacksonException e) {
            throw new CertificateException("not JSON" + place(e.getLocation()), e);
        } catch (NumberFormatException e) {
            // The parser lets an exponent out that no BigDecimal can have.
            throw new CertificateException("not JSON: a number is out of every range", e);
        }
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw new CertificateException("not a certificate: not a JSON object");
    }

    private static String place(@Nullable TokenStreamLocation at) {
        // Not every problem has a place.
        return at == null
                ? ""
                : ": line %d, column %d"
                        .formatted(Math.max(1, at.getLineNr()), Math.max(1, at.getColumnNr()));
    }

    /**
     * Reads a certificate.
     *
     * @param root the document
     * @return the certificate
     * @throws CertificateException if it is not one, with one line that says why
     */
    public static Certificate read(ObjectNode root) {
        String schema = text(root, "schema");
        if (!schema.equals(Certificate.SCHEMA)) {
            throw new CertificateException(
                    "schema is " + quote(schema) + "; this version reads " + Certificate.SCHEMA);
        }
        Certificate certificate =
                new Certificate(
                        suite(object(root, "suite")),
                        backend(object(root, "backend")),
                        selection(object(root, "selection")),
                        seed(root),
                        count(root, "runs", Integer.MAX_VALUE),
                        number(root, "timeoutFactor").doubleValue(),
                        duration(root),
                        environment(object(root, "environment")),
                        claims(array(root, "claims")),
                        profile(array(root, "profile")),
                        rules(array(root, "rules")));
        check(certificate, root);
        return certificate;
    }

    private static void check(Certificate certificate, JsonNode root) {
        String conclusion = text(root, "conclusion");
        if (!conclusion.equals(certificate.conclusion().text())) {
            throw new CertificateException(
                    "conclusion is %s, but the verdicts say %s"
                            .formatted(quote(conclusion), certificate.conclusion().text()));
        }
        JsonNode summary = object(root, "summary");
        for (Map.Entry<Verdict, Integer> count : certificate.summary().entrySet()) {
            String name = count.getKey().id();
            if (number(summary, name).compareTo(BigDecimal.valueOf(count.getValue())) != 0) {
                throw new CertificateException(
                        "summary says %s rules are %s, but there are %d"
                                .formatted(number(summary, name), name, count.getValue()));
            }
        }
    }

    private static SuiteIdentity suite(JsonNode node) {
        return new SuiteIdentity(text(node, "version"), text(node, "ruleBook"));
    }

    private static BackendIdentity backend(JsonNode node) {
        return new BackendIdentity(
                text(node, "name"),
                text(node, "variant"),
                text(node, "version"),
                text(node, "vendor"),
                map(object(node, "options")),
                capabilities(node),
                map(object(node, "policies")),
                map(object(node, "properties")));
    }

    private static SortedSet<String> capabilities(JsonNode node) {
        return new TreeSet<>(texts(node, "capabilities"));
    }

    private static Selection selection(JsonNode node) {
        String shard = text(node, "shard");
        try {
            return new Selection(text(node, "rules"), flag(node, "complete"), Shard.of(shard));
        } catch (IllegalArgumentException e) {
            throw new CertificateException("shard %s is not K/N".formatted(quote(shard)), e);
        }
    }

    private static List<Latency> profile(JsonNode array) {
        List<Latency> profile = new ArrayList<>();
        for (JsonNode node : array) {
            profile.add(
                    new Latency(
                            text(node, "operation"),
                            text(node, "what"),
                            count(node, "samples", Integer.MAX_VALUE),
                            nanoseconds(node, "p50"),
                            nanoseconds(node, "p90"),
                            nanoseconds(node, "p99"),
                            nanoseconds(node, "p999"),
                            nanoseconds(node, "max"),
                            optional(node, "reason")));
        }
        return profile;
    }

    private static long nanoseconds(JsonNode node, String field) {
        BigDecimal value = node.has(field) ? number(node, field) : BigDecimal.ZERO;
        if (value.signum() < 0 || value.compareTo(LONGEST_SAMPLE) > 0) {
            throw new CertificateException("field '" + field + "' is not a time of a sample");
        }
        return value.longValue();
    }

    private static List<ClaimVerdict> claims(JsonNode array) {
        List<ClaimVerdict> claims = new ArrayList<>();
        for (JsonNode node : array) {
            claims.add(
                    new ClaimVerdict(
                            text(node, "capability"),
                            flag(node, "claimed"),
                            text(node, "found"),
                            text(node, "how")));
        }
        return claims;
    }

    private static RunEnvironment environment(JsonNode node) {
        return new RunEnvironment(
                text(node, "javaVersion"),
                text(node, "javaVendor"),
                text(node, "os"),
                text(node, "osVersion"),
                text(node, "arch"),
                count(node, "processors", 1 << 20));
    }

    private static List<RuleVerdict> rules(JsonNode array) {
        List<RuleVerdict> rules = new ArrayList<>();
        for (JsonNode node : array) {
            String id = text(node, "id");
            String level = text(node, "level");
            rules.add(
                    new RuleVerdict(
                            id,
                            Arrays.stream(RuleLevel.values())
                                    .filter(value -> value.name().equals(level))
                                    .findFirst()
                                    .orElseThrow(() -> unknown(id, "level", level)),
                            text(node, "title"),
                            verdict(id, node),
                            text(node, "reason"),
                            duration(node),
                            evidence(id, array(node, "evidence"))));
        }
        return rules;
    }

    private static List<TestEvidence> evidence(String id, JsonNode array) {
        List<TestEvidence> evidence = new ArrayList<>();
        for (JsonNode node : array) {
            String test = text(node, "test");
            JsonNode finding = node.path("finding");
            evidence.add(
                    new TestEvidence(
                            test,
                            text(node, "sentence"),
                            verdict(id, node),
                            optional(node, "reason"),
                            optional(node, "message"),
                            seed(node),
                            finding.isObject()
                                    ? Optional.of(EvidenceJson.read(test, finding))
                                    : Optional.empty()));
        }
        return evidence;
    }

    private static Verdict verdict(String id, JsonNode node) {
        String verdict = text(node, "verdict");
        return Verdict.ofId(verdict).orElseThrow(() -> unknown(id, "verdict", verdict));
    }

    private static CertificateException unknown(String id, String field, String value) {
        return new CertificateException(
                "%s %s of rule %s is unknown".formatted(field, quote(value), quote(id)));
    }

    private static SortedMap<String, String> map(JsonNode node) {
        SortedMap<String, String> values = new TreeMap<>();
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            values.put(entry.getKey(), text(node, entry.getKey()));
        }
        return values;
    }
}
