package org.opensva.conformance.report.check;

import org.opensva.api.backend.Capability;
import org.opensva.conformance.report.Certificate;
import org.opensva.conformance.report.CertificateException;
import org.opensva.conformance.report.CertificateReader;
import org.opensva.conformance.report.ClaimVerdict;
import org.opensva.conformance.report.RuleVerdict;
import org.opensva.conformance.report.seal.Seal;
import org.opensva.conformance.report.seal.SealException;
import org.opensva.conformance.report.seal.VerifyingKey;
import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.suite.Verdict;

import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Checks a certificate offline: its form, its seal, its signature, and whether it says of every
 * rule of the contract what its own claims allow.
 *
 * <p>Immutable.
 */
public final class CertificateCheck {

    /** So many lines say enough about a document that is far from the schema. */
    private static final int MANY = 8;

    private final RuleBook book;
    private final CertificateSchema schema = new CertificateSchema();

    /**
     * Prepares checks.
     *
     * @param book the contract of this version of the suite
     */
    public CertificateCheck(RuleBook book) {
        this.book = book;
    }

    /**
     * What was found about a file.
     *
     * @param certificate the certificate, or empty if the file holds none
     * @param signer the key whose signature holds, or empty
     * @param findings what is wrong, a line each; empty if the certificate holds
     */
    public record Result(
            Optional<Certificate> certificate,
            Optional<VerifyingKey> signer,
            List<String> findings) {

        /** Copies the findings. */
        public Result {
            findings = List.copyOf(findings);
        }
    }

    /**
     * Checks a certificate.
     *
     * @param text the file
     * @param expected the key that must have signed it, or empty if any or none will do
     * @return what was found; no text of a file makes this fail
     */
    public Result check(String text, Optional<VerifyingKey> expected) {
        List<String> findings = new ArrayList<>();
        ObjectNode document;
        try {
            document = CertificateReader.document(text);
        } catch (CertificateException e) {
            findings.add(String.valueOf(e.getMessage()));
            return new Result(Optional.empty(), Optional.empty(), findings);
        }
        List<String> violations = schema.violations(document);
        violations.stream().limit(MANY).map(line -> "schema: " + line).forEach(findings::add);
        if (violations.size() > MANY) {
            findings.add("schema: and " + (violations.size() - MANY) + " more");
        }
        Optional<VerifyingKey> signer = seal(document, expected, findings);
        Optional<Certificate> certificate = Optional.empty();
        try {
            certificate = Optional.of(CertificateReader.read(document));
        } catch (CertificateException e) {
            if (violations.isEmpty()) {
                findings.add(String.valueOf(e.getMessage()));
            }
        }
        certificate.ifPresent(value -> rules(value, findings));
        return new Result(certificate, signer, findings);
    }

    private static Optional<VerifyingKey> seal(
            ObjectNode document, Optional<VerifyingKey> expected, List<String> findings) {
        try {
            if (!Seal.isIntact(document)) {
                findings.add("digest: the content is not what was sealed");
            }
            Optional<VerifyingKey> signer = Seal.signer(document);
            if (expected.isPresent() && signer.isEmpty()) {
                findings.add("signature: nobody signed it");
            } else if (expected.isPresent() && !signer.equals(expected)) {
                findings.add("signature: another key signed it");
            }
            return signer;
        } catch (SealException e) {
            findings.add("seal: " + e.getMessage());
            return Optional.empty();
        }
    }

    private void rules(Certificate certificate, List<String> findings) {
        if (!certificate.suite().ruleBook().equals(book.digest())) {
            findings.add(
                    "rules: it was made by another contract: suite %s, rule book %.12s; this is %.12s"
                            .formatted(
                                    certificate.suite().version(),
                                    certificate.suite().ruleBook(),
                                    book.digest()));
            return;
        }
        Map<String, RuleVerdict> said =
                certificate.rules().stream()
                        .collect(Collectors.toMap(RuleVerdict::id, Function.identity()));
        Set<String> foreign = new TreeSet<>(said.keySet());
        List<String> missing = new ArrayList<>();
        Set<Capability> claims = claims(certificate, findings);
        probed(certificate, claims, findings);
        for (Rule rule : book.rules()) {
            RuleVerdict verdict = said.get(rule.id());
            foreign.remove(rule.id());
            if (verdict == null) {
                missing.add(rule.id());
            } else {
                rule(rule, verdict, claims, findings);
            }
        }
        if (!foreign.isEmpty()) {
            findings.add("rules: no rule of the contract: " + String.join(", ", foreign));
        }
        if (certificate.selection().complete() && !missing.isEmpty()) {
            findings.add("rules: without a verdict: " + String.join(", ", missing));
        }
        if (!certificate.selection().complete() && missing.isEmpty()) {
            findings.add("rules: all have a verdict, and the certificate says that some have not");
        }
    }

    private static Set<Capability> claims(Certificate certificate, List<String> findings) {
        Set<Capability> claims = EnumSet.noneOf(Capability.class);
        for (String id : certificate.backend().capabilities()) {
            Capability.ofId(id)
                    .ifPresentOrElse(
                            claims::add,
                            () -> findings.add("claims: unknown capability '" + id + "'"));
        }
        return claims;
    }

    /** A certificate of every rule says what was found about every capability. */
    private static void probed(
            Certificate certificate, Set<Capability> claims, List<String> findings) {
        Set<Capability> asked = EnumSet.noneOf(Capability.class);
        for (ClaimVerdict claim : certificate.claims()) {
            Optional<Capability> known = Capability.ofId(claim.capability());
            if (known.isEmpty() || !asked.add(known.get())) {
                findings.add(
                        "claims: '%s' is %s"
                                .formatted(
                                        claim.capability(),
                                        known.isEmpty() ? "no capability" : "there twice"));
            } else if (claim.claimed() != claims.contains(known.get())) {
                findings.add(
                        "claims: '%s' is %s, and the backend says otherwise"
                                .formatted(
                                        claim.capability(),
                                        claim.claimed() ? "claimed" : "not claimed"));
            }
        }
        if (certificate.selection().complete() && asked.size() < Capability.values().length) {
            Set<Capability> missing = EnumSet.allOf(Capability.class);
            missing.removeAll(asked);
            findings.add(
                    "claims: not asked for: "
                            + missing.stream()
                                    .map(Capability::id)
                                    .collect(Collectors.joining(", ")));
        }
    }

    private static void rule(
            Rule rule, RuleVerdict verdict, Set<Capability> claims, List<String> findings) {
        if (verdict.level() != rule.level() || !verdict.title().equals(rule.title())) {
            findings.add(
                    "rules: %s is not the %s rule '%s'"
                            .formatted(rule.id(), rule.level(), rule.title()));
        }
        boolean applies = rule.needs().holds(claims);
        if (applies == (verdict.verdict() == Verdict.NOT_APPLICABLE)) {
            findings.add(
                    "claims: %s is %s, but by the claimed capabilities it %s"
                            .formatted(
                                    rule.id(),
                                    verdict.verdict().id(),
                                    applies ? "applies" : "does not apply"));
        }
        boolean passed = verdict.verdict() == Verdict.PASSED;
        if (passed && verdict.evidence().stream().noneMatch(e -> e.verdict() == Verdict.PASSED)) {
            findings.add("evidence: " + rule.id() + " is passed, and no test of it passed");
        }
        if (verdict.verdict() != Verdict.FAILED
                && verdict.verdict() != Verdict.NOT_APPLICABLE
                && verdict.evidence().stream().anyMatch(e -> e.verdict() == Verdict.FAILED)) {
            findings.add(
                    "evidence: a test of %s failed, and its verdict is %s"
                            .formatted(rule.id(), verdict.verdict().id()));
        }
    }
}
