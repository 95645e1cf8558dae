package org.opensva.conformance.report.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opensva.api.backend.Capability;
import org.opensva.conformance.report.Certificate;
import org.opensva.conformance.report.CertificateReader;
import org.opensva.conformance.report.CertificateWriter;
import org.opensva.conformance.report.WholeBook;
import org.opensva.conformance.report.seal.Keys;
import org.opensva.conformance.report.seal.Seal;
import org.opensva.conformance.report.seal.SigningKey;
import org.opensva.conformance.report.seal.VerifyingKey;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.suite.Verdict;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.security.KeyPair;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;

class CertificateCheckTest {

    private static final RuleBook BOOK = RuleBook.load();
    private static final CertificateCheck CHECK = new CertificateCheck(BOOK);
    private static final KeyPair PAIR = Keys.make("Ed25519");
    private static final Certificate SOUND = WholeBook.certificate(BOOK, Capability.ATS);

    private static List<String> findings(String text) {
        return CHECK.check(text, Optional.empty()).findings();
    }

    /** Changes a sound certificate and seals it again, as somebody who lies would. */
    private static List<String> findings(Consumer<ObjectNode> change) {
        ObjectNode document = CertificateReader.document(CertificateWriter.write(SOUND));
        change.accept(document);
        Seal.put(document, Optional.empty());
        return findings(document.toString());
    }

    private static ObjectNode rule(ObjectNode document, String id) {
        for (var rule : document.path("rules")) {
            if (rule.path("id").stringValue().equals(id)) {
                return (ObjectNode) rule;
            }
        }
        throw new AssertionError(id);
    }

    @Test
    void aSoundCertificateHolds() {
        CertificateCheck.Result result =
                CHECK.check(CertificateWriter.write(SOUND), Optional.empty());
        assertEquals(List.of(), result.findings());
        assertEquals(Optional.of(SOUND), result.certificate());
        assertEquals(Optional.empty(), result.signer());
    }

    @Test
    void howItIsLaidOutDoesNotMatter() {
        ObjectNode document = CertificateReader.document(CertificateWriter.write(SOUND));
        assertEquals(List.of(), findings(document.toString()));
        ObjectNode turned = JsonMapper.shared().createObjectNode();
        for (String name : List.copyOf(document.propertyNames()).reversed()) {
            turned.set(name, document.get(name));
        }
        assertEquals(List.of(), findings(turned.toPrettyString()));
    }

    @Test
    void everyChangedCharacterIsSeen() {
        String good = CertificateWriter.write(SOUND);
        Random random = new Random(7);
        for (int round = 0; round < 60; round++) {
            int at = random.nextInt(good.length());
            char c = good.charAt(at);
            if (!Character.isLetterOrDigit(c)) {
                continue;
            }
            String bad = good.substring(0, at) + (char) (c ^ 1) + good.substring(at + 1);
            assertFalse(findings(bad).isEmpty(), good.substring(Math.max(0, at - 20), at + 1));
        }
    }

    /** The first scalar of each place, where places in the same array are one. */
    private static void scalars(String place, JsonNode node, Map<String, Runnable> changes) {
        if (node instanceof ObjectNode object) {
            for (String name : List.copyOf(object.propertyNames())) {
                JsonNode value = object.get(name);
                String inner = place + "/" + name;
                if (value.isString()) {
                    changes.putIfAbsent(inner, () -> object.put(name, value.stringValue() + "x"));
                } else if (value.isNumber()) {
                    changes.putIfAbsent(inner, () -> object.put(name, value.doubleValue() + 1));
                } else if (value.isBoolean()) {
                    changes.putIfAbsent(inner, () -> object.put(name, !value.booleanValue()));
                } else {
                    scalars(inner, value, changes);
                }
            }
        } else {
            node.forEach(element -> scalars(place + "/*", element, changes));
        }
    }

    @Test
    void everyMemberThatSomebodyChangedIsToldInLines() {
        String good = CertificateWriter.write(SOUND);
        Map<String, Runnable> places = new TreeMap<>();
        scalars("", CertificateReader.document(good), places);
        assertTrue(places.size() > 30, places.keySet().toString());
        for (String place : places.keySet()) {
            ObjectNode document = CertificateReader.document(good);
            Map<String, Runnable> changes = new TreeMap<>();
            scalars("", document, changes);
            Objects.requireNonNull(changes.get(place)).run();
            List<String> findings = findings(document.toString());
            if (!place.startsWith("/seal/canonicalization")) {
                assertTrue(
                        findings.contains("digest: the content is not what was sealed"),
                        place + findings);
            }
            assertFalse(findings.isEmpty(), place);
            findings.forEach(line -> assertEquals(1, line.lines().count(), line));
        }
    }

    @Test
    void theDocumentOfAMachineIsNamedByItsDigest() {
        assertEquals(List.of(), findings(document -> named(document, "ab".repeat(32))));
        List<String> findings = findings(document -> named(document, "AB"));
        assertEquals(1, findings.size(), findings.toString());
        assertTrue(
                findings.getFirst().startsWith("schema: /backend/properties/profile-sha256: "),
                findings.getFirst());
    }

    private static void named(ObjectNode document, String digest) {
        ((ObjectNode) document.path("backend").path("properties")).put("profile-sha256", digest);
    }

    @Test
    void aSignatureIsAskedForByKey() {
        String text =
                CertificateWriter.write(
                        SOUND, Optional.of(SigningKey.ofPem(Keys.privatePem(PAIR))));
        VerifyingKey key = VerifyingKey.ofPem(Keys.publicPem(PAIR));
        VerifyingKey other = VerifyingKey.ofPem(Keys.publicPem(Keys.make("Ed25519")));
        assertEquals(List.of(), CHECK.check(text, Optional.of(key)).findings());
        assertEquals(Optional.of(key), CHECK.check(text, Optional.empty()).signer());
        assertEquals(
                List.of("signature: another key signed it"),
                CHECK.check(text, Optional.of(other)).findings());
        assertEquals(
                List.of("signature: nobody signed it"),
                CHECK.check(CertificateWriter.write(SOUND), Optional.of(key)).findings());
    }

    @Test
    void aVerdictThatTheClaimsDoNotAllowIsSeen() {
        assertEquals(
                List.of(
                        "claims: FORK-01 is not-applicable, but by the claimed capabilities it"
                                + " applies"),
                findings(document ->
                                ((ArrayNode) document.path("backend").path("capabilities"))
                                        .add("fork"))
                        .stream()
                        .filter(line -> line.contains("FORK-01 "))
                        .toList());
        assertTrue(
                findings(document ->
                                ((ArrayNode) document.path("backend").path("capabilities"))
                                        .add("magic"))
                        .contains("claims: unknown capability 'magic'"),
                "unknown");
    }

    @Test
    void aRuleThatIsMissingOrForeignIsSeen() {
        List<String> missing =
                findings(document -> {
                    ArrayNode rules = (ArrayNode) document.path("rules");
                    rules.removeIf(rule -> rule.path("id").stringValue().equals("BIND-01"));
                    ObjectNode summary = (ObjectNode) document.path("summary");
                    summary.put("passed", summary.path("passed").intValue() - 1);
                });
        assertEquals(List.of("rules: without a verdict: BIND-01"), missing);
        assertEquals(
                List.of(
                        "rules: no rule of the contract: BIND-99",
                        "rules: without a verdict: BIND-01"),
                findings(document -> rule(document, "BIND-01").put("id", "BIND-99")));
    }

    @Test
    void aMilderRuleThanTheContractsIsSeen() {
        assertEquals(
                List.of(
                        "rules: BIND-01 is not the MUST rule '"
                                + BOOK.find("BIND-01").orElseThrow().title()
                                + "'"),
                findings(document -> rule(document, "BIND-01").put("level", "MAY")));
    }

    @Test
    void aVerdictThatItsEvidenceDoesNotBearIsSeen() {
        assertEquals(
                List.of("evidence: BIND-01 is passed, and no test of it passed"),
                findings(document -> rule(document, "BIND-01").putArray("evidence")));
        assertEquals(
                List.of("evidence: a test of BIND-01 failed, and its verdict is passed"),
                findings(document ->
                        ((ArrayNode) rule(document, "BIND-01").path("evidence"))
                                .addObject()
                                .put("test", "T.t")
                                .put("sentence", "t")
                                .put("seed", "0x1")
                                .put("verdict", Verdict.FAILED.id())));
    }

    @Test
    void anotherContractIsNamed() {
        List<String> findings =
                findings(document ->
                        ((ObjectNode) document.path("suite")).put("ruleBook", "ab".repeat(32)));
        assertEquals(1, findings.size(), findings.toString());
        assertTrue(findings.getFirst().startsWith("rules: it was made by another contract"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''|not a certificate: it is empty",
                "{|not JSON: line 1",
                "[]|not a certificate: not a JSON object",
                "{\"schema\":1,\"schema\":1}|not JSON: line 1",
                "{} {}|not JSON: line 1",
                "{\"seal\":[]}|schema: ",
            })
    void whatIsNoCertificateIsToldInLines(String text, String complaint) {
        List<String> findings = findings(text);
        assertTrue(findings.getFirst().startsWith(complaint), findings.toString());
        findings.forEach(line -> assertEquals(1, line.lines().count(), line));
    }

    @Test
    void whatExceedsEveryCertificateIsToldAsThat() {
        for (String text : List.of("[".repeat(100_000), "{\"a\":" + "9".repeat(100_000))) {
            assertEquals(
                    List.of("not a certificate: nested deeper, or with longer values, than any"),
                    findings(text));
        }
    }

    @Test
    void hostileDocumentsAreToldInLines() {
        String good = CertificateWriter.write(SOUND);
        for (String bad :
                List.of(
                        "[".repeat(100_000),
                        "{\"a\":".repeat(100_000),
                        good.substring(0, good.length() / 2),
                        good.replace("\"rules\" : [", "\"rules\" : [ 1, null, [], "),
                        good.replace("\"duration\" : 1", "\"duration\" : 1e99999"),
                        good.replace("\"duration\" : 1", "\"duration\" : 1e9999999999999999999"),
                        good.replace("\"timeoutFactor\" : 1", "\"timeoutFactor\" : \"1"),
                        good.replaceFirst("\"sha256\" : \"[0-9a-f]+", "\"sha256\" : \""))) {
            List<String> findings = findings(bad);
            assertFalse(findings.isEmpty(), "found nothing");
            assertTrue(findings.size() < 20, findings.toString());
            findings.forEach(line -> assertEquals(1, line.lines().count(), line));
        }
    }
}
