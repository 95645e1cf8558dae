package org.opensva.conformance.report;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.rules.RuleLevel;
import org.opensva.conformance.suite.Verdict;
import org.opensva.conformance.suite.bench.Evidence;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.math.BigDecimal;
import java.time.Duration;
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
    private static final int NANOSECONDS = 9;
    private static final BigDecimal LONGEST = BigDecimal.valueOf(1_000_000_000L);

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
        try {
            node = JSON.readTree(json);
        } catch (JacksonException e) {
            throw new CertificateException("not JSON" + place(e.getLocation()), e);
        }
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw new CertificateException("not a certificate: not a JSON object");
    }

    private static String place(@Nullable TokenStreamLocation at) {
        // What exceeds a limit of the parser has no place.
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
                        number(root, "timeoutFactor").doubleValue(),
                        duration(root),
                        environment(object(root, "environment")),
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
        JsonNode complete = node.path("complete");
        if (!complete.isBoolean()) {
            throw new CertificateException("complete is missing or neither true nor false");
        }
        return new Selection(text(node, "rules"), complete.booleanValue());
    }

    private static RunEnvironment environment(JsonNode node) {
        BigDecimal processors = number(node, "processors");
        if (processors.signum() <= 0 || processors.compareTo(BigDecimal.valueOf(1 << 20)) > 0) {
            throw new CertificateException("processors is not a sensible number");
        }
        return new RunEnvironment(
                text(node, "javaVersion"),
                text(node, "javaVendor"),
                text(node, "os"),
                text(node, "osVersion"),
                text(node, "arch"),
                processors.intValue());
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
                            finding.isObject()
                                    ? Optional.of(finding(test, finding))
                                    : Optional.empty()));
        }
        return evidence;
    }

    private static Evidence finding(String test, JsonNode node) {
        return new Evidence(
                test,
                text(node, "step"),
                text(node, "expected"),
                text(node, "seen"),
                seed(node),
                texts(node, "steps"));
    }

    private static Verdict verdict(String id, JsonNode node) {
        String verdict = text(node, "verdict");
        return Verdict.ofId(verdict).orElseThrow(() -> unknown(id, "verdict", verdict));
    }

    private static CertificateException unknown(String id, String field, String value) {
        return new CertificateException(
                "%s %s of rule %s is unknown".formatted(field, quote(value), quote(id)));
    }

    private static long seed(JsonNode node) {
        String text = text(node, "seed");
        if (!text.matches("0x[0-9a-f]{1,16}")) {
            throw new CertificateException("seed " + quote(text) + " is not 0x and hexadecimal");
        }
        return Long.parseUnsignedLong(text.substring(2), 16);
    }

    private static Duration duration(JsonNode node) {
        BigDecimal seconds = number(node, "duration");
        if (seconds.signum() < 0 || seconds.compareTo(LONGEST) > 0 || seconds.scale() > 100) {
            throw new CertificateException("duration is not a sensible number of seconds");
        }
        return Duration.ofNanos(seconds.movePointRight(NANOSECONDS).longValue());
    }

    private static SortedMap<String, String> map(JsonNode node) {
        SortedMap<String, String> values = new TreeMap<>();
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            values.put(entry.getKey(), text(node, entry.getKey()));
        }
        return values;
    }

    private static List<String> texts(JsonNode node, String field) {
        List<String> values = new ArrayList<>();
        for (JsonNode element : array(node, field)) {
            if (!element.isString()) {
                throw new CertificateException(field + " has an entry that is not text");
            }
            values.add(element.stringValue());
        }
        return values;
    }

    private static String optional(JsonNode node, String field) {
        return node.has(field) ? text(node, field) : "";
    }

    private static String text(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (!value.isString()) {
            throw new CertificateException(quote(field) + " is missing or not text");
        }
        return value.stringValue();
    }

    private static BigDecimal number(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (!value.isNumber()) {
            throw new CertificateException(field + " is missing or not a number");
        }
        return value.decimalValue();
    }

    private static JsonNode object(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (!value.isObject()) {
            throw new CertificateException(field + " is missing or not an object");
        }
        return value;
    }

    private static JsonNode array(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (!value.isArray()) {
            throw new CertificateException(field + " is missing or not an array");
        }
        return value;
    }

    private static String quote(String text) {
        String shown = text.length() > 60 ? text.substring(0, 60) + "..." : text;
        StringBuilder line = new StringBuilder("'");
        shown.chars().forEach(c -> line.append(Character.isISOControl(c) ? '?' : (char) c));
        return line.append('\'').toString();
    }
}
