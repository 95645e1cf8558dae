package org.opensva.conformance.report;

import org.opensva.api.backend.Capability;
import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.suite.Verdict;

import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Certificates with a verdict for every rule of the contract. */
public final class WholeBook {

    private WholeBook() {}

    /** One in which every rule that applies passed. */
    public static Certificate certificate(RuleBook book, Capability... claimed) {
        Set<Capability> claims = EnumSet.noneOf(Capability.class);
        claims.addAll(List.of(claimed));
        TreeSet<String> capabilities = new TreeSet<>();
        claims.forEach(claim -> capabilities.add(claim.id()));
        return new Certificate(
                new SuiteIdentity("0.1.0", book.digest()),
                new BackendIdentity(
                        "fake",
                        "good",
                        "1.0",
                        "Fake & Sons",
                        new TreeMap<>(),
                        capabilities,
                        new TreeMap<>(),
                        new TreeMap<>()),
                new Selection("*", true),
                42,
                1,
                1,
                Duration.ofMillis(1_500),
                new RunEnvironment("25.0.1", "A", "Linux", "6.1", "amd64", 2),
                Arrays.stream(Capability.values())
                        .map(capability -> claim(capability, claims.contains(capability)))
                        .toList(),
                List.of(),
                book.rules().stream().map(rule -> verdict(rule, claims)).toList());
    }

    private static ClaimVerdict claim(Capability capability, boolean claimed) {
        return new ClaimVerdict(
                capability.id(), claimed, claimed ? "present" : "absent", "it was asked for");
    }

    private static RuleVerdict verdict(Rule rule, Set<Capability> claims) {
        boolean applies = rule.needs().holds(claims);
        return new RuleVerdict(
                rule.id(),
                rule.level(),
                rule.title(),
                applies ? Verdict.PASSED : Verdict.NOT_APPLICABLE,
                applies ? "" : "not claimed",
                Duration.ofMillis(1),
                applies
                        ? List.of(
                                new TestEvidence(
                                        "SampleTests." + rule.id(),
                                        "a test",
                                        Verdict.PASSED,
                                        "",
                                        "",
                                        42,
                                        Optional.empty()))
                        : List.of());
    }
}
