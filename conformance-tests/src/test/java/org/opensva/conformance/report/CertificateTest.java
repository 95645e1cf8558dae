package org.opensva.conformance.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opensva.conformance.report.check.CertificateSchema;
import org.opensva.conformance.rules.RuleLevel;
import org.opensva.conformance.suite.Verdict;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.List;
import java.util.Random;
import java.util.stream.StreamSupport;

class CertificateTest {

    private static RuleVerdict rule(String id, RuleLevel level, Verdict verdict) {
        return Samples.verdict(id, level, verdict, "why");
    }

    @ParameterizedTest
    @CsvSource({
        "true, MUST, PASSED, CERTIFIED",
        "true, MUST, NOT_APPLICABLE, CERTIFIED",
        "true, MUST, NOT_OBSERVABLE, CERTIFIED",
        "true, MUST, FAILED, FAILED",
        "false, MUST, FAILED, FAILED",
        "true, MUST, INCONCLUSIVE, INCONCLUSIVE",
        "false, MUST, INCONCLUSIVE, INCONCLUSIVE",
        "true, SHOULD, FAILED, CERTIFIED",
        "true, SHOULD, INCONCLUSIVE, CERTIFIED",
        "false, MUST, PASSED, PARTIAL",
    })
    void theConclusionFollowsFromTheVerdicts(
            boolean complete, RuleLevel level, Verdict verdict, Conclusion conclusion) {
        assertEquals(
                conclusion,
                Samples.certificate(
                                complete,
                                rule("BIND-01", RuleLevel.MUST, Verdict.PASSED),
                                rule("BIND-02", level, verdict))
                        .conclusion());
    }

    @Test
    void aBrokenRuleWeighsMoreThanAnOpenOne() {
        assertEquals(Conclusion.FAILED, Samples.every("why").conclusion());
    }

    @Test
    void whatIsWrittenIsReadBack() {
        for (String words : List.of("why", Samples.HOSTILE.replace("\ud800", ""))) {
            Certificate certificate = Samples.every(words);
            assertEquals(certificate, CertificateReader.read(CertificateWriter.write(certificate)));
        }
    }

    @Test
    void theSameCertificateGivesTheSameBytesAndRulesAreSorted() {
        String json = CertificateWriter.write(Samples.every("why"));
        assertEquals(json, CertificateWriter.write(Samples.every("why")));
        assertTrue(json.endsWith("}\n"), "ends a line");
        assertFalse(json.contains("\r"), "line feeds only");
        List<String> ids =
                StreamSupport.stream(
                                CertificateReader.document(json).path("rules").spliterator(), false)
                        .map(rule -> rule.path("id").stringValue())
                        .toList();
        assertEquals(ids.stream().sorted().toList(), ids);
    }

    @Test
    void whatIsWrittenFollowsTheSchema() {
        CertificateSchema schema = new CertificateSchema();
        for (Certificate certificate :
                List.of(
                        Samples.every("why"),
                        Samples.every(Samples.HOSTILE),
                        Samples.certificate(false))) {
            assertEquals(
                    List.of(),
                    schema.violations(
                            CertificateReader.document(CertificateWriter.write(certificate))));
        }
    }

    @Test
    void theSchemaRefusesWhatIsMissingUnknownOrOutOfRange() {
        CertificateSchema schema = new CertificateSchema();
        String good = CertificateWriter.write(Samples.every("why"));
        for (String field : CertificateReader.document(good).propertyNames()) {
            ObjectNode document = CertificateReader.document(good);
            document.remove(field);
            assertFalse(schema.violations(document).isEmpty(), field + " is required");
        }
        ObjectNode extra = CertificateReader.document(good);
        extra.put("host", "build-7");
        assertFalse(schema.violations(extra).isEmpty(), "unknown fields");
        for (String change :
                List.of(
                        "\"verdict\" : \"passed\"|\"verdict\" : \"fine\"",
                        "\"processors\" : 2|\"processors\" : 0",
                        "\"passed\" : 1|\"passed\" : -1",
                        "\"seed\" : \"0xfe|\"seed\" : \"fe",
                        "\"conclusion\" : \"failed\"|\"conclusion\" : \"good\"")) {
            String[] parts = change.split("\\|", -1);
            assertTrue(good.contains(parts[0]), parts[0]);
            JsonNode document = CertificateReader.document(good.replace(parts[0], parts[1]));
            assertFalse(schema.violations(document).isEmpty(), change);
        }
    }

    @Test
    void namesInTheSchemaAreThoseOfTheCode() {
        JsonNode schema = new CertificateSchema().document();
        assertEquals(
                List.of("passed", "failed", "not-applicable", "not-observable", "inconclusive"),
                texts(schema.at("/$defs/rule/properties/verdict/enum")));
        assertEquals(
                java.util.Arrays.stream(Verdict.values()).map(Verdict::id).toList(),
                texts(schema.at("/$defs/rule/properties/verdict/enum")));
        assertEquals(
                java.util.Arrays.stream(Conclusion.values()).map(Conclusion::text).toList(),
                texts(schema.at("/properties/conclusion/enum")));
        assertEquals(
                java.util.Arrays.stream(RuleLevel.values()).map(RuleLevel::name).toList(),
                texts(schema.at("/$defs/rule/properties/level/enum")));
        assertEquals(Certificate.SCHEMA, schema.at("/properties/schema/const").stringValue());
    }

    private static List<String> texts(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).map(JsonNode::stringValue).toList();
    }

    @Test
    void aCertificateThatContradictsItselfIsRefused() {
        String good = CertificateWriter.write(Samples.every("why"));
        refused(
                good.replace("\"conclusion\" : \"failed\"", "\"conclusion\" : \"certified\""),
                "conclusion is 'certified', but the verdicts say failed");
        refused(
                good.replace("\"passed\" : 1", "\"passed\" : 2"),
                "summary says 2 rules are passed, but there are 1");
        refused(good.replace("\"UACCE-10\"", "\"ATS-01\""), "rule ATS-01 has two verdicts");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''|not",
                "{|not JSON: line 1, column",
                "[]|not a certificate: not a JSON object",
                "{}|'schema' is missing or not text",
                "{\"schema\":\"opensva-certificate/2\"}|schema is 'opensva-certificate/2'; this"
                        + " version reads opensva-certificate/1",
                "{\"schema\":\"a\\u001b\\nb\"}|schema is 'a??b'; this version reads",
                "{\"schema\":\"opensva-certificate/1\"}|suite is missing or not an object",
            })
    void whatIsNoCertificateIsToldInOneLine(String json, String complaint) {
        CertificateException e =
                assertThrows(CertificateException.class, () -> CertificateReader.read(json));
        assertTrue(String.valueOf(e.getMessage()).startsWith(complaint), e.getMessage());
        assertEquals(1, String.valueOf(e.getMessage()).lines().count());
    }

    private static void refused(String json, String complaint) {
        CertificateException e =
                assertThrows(CertificateException.class, () -> CertificateReader.read(json));
        assertEquals(complaint, e.getMessage());
    }

    @Test
    void damagedCertificatesGiveTheSameCertificateOrOneLine() {
        String good = CertificateWriter.write(Samples.every("why"));
        Random random = new Random(42);
        for (int round = 0; round < 3000; round++) {
            StringBuilder text = new StringBuilder(good);
            for (int i = random.nextInt(3); i >= 0; i--) {
                int at = random.nextInt(text.length());
                switch (random.nextInt(3)) {
                    case 0 -> text.setCharAt(at, "{}[]\",:0129eE-.x".charAt(random.nextInt(16)));
                    case 1 -> text.delete(at, Math.min(text.length(), at + random.nextInt(40)));
                    default -> text.insert(at, text.substring(at, Math.min(text.length(), at + 9)));
                }
            }
            try {
                CertificateReader.read(text.toString());
            } catch (CertificateException e) {
                assertEquals(1, String.valueOf(e.getMessage()).lines().count(), e.getMessage());
            }
        }
    }

    @Test
    void theEnvironmentNamesNoPersonHostOrPath() {
        RunEnvironment environment = RunEnvironment.current();
        String all = environment.toString();
        for (String secret :
                List.of(
                        System.getProperty("user.name"),
                        System.getProperty("user.home"),
                        System.getProperty("java.home"))) {
            assertFalse(all.contains("/" + secret) || all.contains(secret + "/"), all);
        }
        assertFalse(all.contains("/"), all);
        assertTrue(environment.processors() > 0, all);
    }
}
