package org.opensva.conformance.report.check;

import org.opensva.conformance.report.Certificate;
import org.opensva.conformance.report.CertificateException;
import org.opensva.conformance.report.ClaimVerdict;
import org.opensva.conformance.report.RuleVerdict;
import org.opensva.conformance.report.Selection;
import org.opensva.conformance.report.TestEvidence;
import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.suite.Shard;
import org.opensva.conformance.suite.Verdict;
import org.opensva.conformance.suite.profile.Latency;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Makes one certificate of those of all shards of a campaign. */
public final class CertificateMerge {

    private final RuleBook book;

    /**
     * Prepares merging.
     *
     * @param book the contract
     */
    public CertificateMerge(RuleBook book) {
        this.book = book;
    }

    /**
     * Merges.
     *
     * @param shards the certificates, in any order
     * @return the certificate of the campaign: with the environment of the first shard and the time
     *     of all
     * @throws CertificateException if they are not exactly the shards of one campaign, with one
     *     line that says why
     */
    public Certificate merge(List<Certificate> shards) {
        if (shards.isEmpty()) {
            throw new CertificateException("there is nothing to merge");
        }
        Certificate first = shards.getFirst();
        for (Certificate other : shards) {
            same("suite", Certificate::suite, first, other);
            same("backend", Certificate::backend, first, other);
            same("selection of rules", c -> c.selection().rules(), first, other);
            same("seed", c -> "0x" + Long.toHexString(c.seed()), first, other);
            same("number of runs", Certificate::runs, first, other);
            same("time-out factor", Certificate::timeoutFactor, first, other);
            same("number of shards", c -> c.selection().shard().count(), first, other);
        }
        all(shards);
        Map<String, List<RuleVerdict>> byRule = new TreeMap<>();
        shards.forEach(shard ->
                shard.rules()
                        .forEach(rule ->
                                byRule.computeIfAbsent(rule.id(), id -> new ArrayList<>())
                                        .add(rule)));
        List<RuleVerdict> rules = byRule.values().stream().map(CertificateMerge::one).toList();
        boolean complete =
                byRule.keySet()
                        .containsAll(
                                book.rules().stream().map(Rule::id).collect(Collectors.toSet()));
        return new Certificate(
                first.suite(),
                first.backend(),
                new Selection(first.selection().rules(), complete),
                first.seed(),
                first.runs(),
                first.timeoutFactor(),
                shards.stream().map(Certificate::duration).reduce(Duration.ZERO, Duration::plus),
                first.environment(),
                claims(shards),
                profile(shards),
                rules);
    }

    /** Probed by one shard, whichever place it has in the list. */
    private static List<ClaimVerdict> claims(List<Certificate> shards) {
        return shards.stream()
                .map(Certificate::claims)
                .filter(claims -> !claims.isEmpty())
                .findFirst()
                .orElse(List.of());
    }

    /** What the first shard measured that measured anything. */
    private static List<Latency> profile(List<Certificate> shards) {
        return shards.stream()
                .map(Certificate::profile)
                .filter(profile -> !profile.isEmpty())
                .findFirst()
                .orElse(List.of());
    }

    private static void same(
            String what, Function<Certificate, Object> of, Certificate a, Certificate b) {
        if (!of.apply(a).equals(of.apply(b))) {
            throw new CertificateException("they are not of one campaign: another " + what);
        }
    }

    private static void all(List<Certificate> shards) {
        int count = shards.getFirst().selection().shard().count();
        SortedSet<Integer> missing = new TreeSet<>();
        for (int i = 1; i <= count; i++) {
            missing.add(i);
        }
        for (Certificate certificate : shards) {
            Shard shard = certificate.selection().shard();
            if (!missing.remove(shard.number())) {
                throw new CertificateException("shard " + shard + " is there twice");
            }
        }
        if (!missing.isEmpty()) {
            throw new CertificateException(
                    "missing: "
                            + missing.stream()
                                    .map(number -> number + "/" + count)
                                    .collect(Collectors.joining(", ")));
        }
    }

    private static RuleVerdict one(List<RuleVerdict> parts) {
        Verdict verdict =
                Verdict.decisive(parts.stream().map(RuleVerdict::verdict).toList())
                        .orElse(Verdict.NOT_OBSERVABLE);
        RuleVerdict decisive =
                parts.stream().filter(p -> p.verdict() == verdict).findFirst().orElseThrow();
        Map<String, TestEvidence> evidence = new LinkedHashMap<>();
        parts.forEach(part -> part.evidence().forEach(e -> evidence.putIfAbsent(e.test(), e)));
        return new RuleVerdict(
                decisive.id(),
                decisive.level(),
                decisive.title(),
                verdict,
                decisive.reason(),
                parts.stream().map(RuleVerdict::duration).reduce(Duration.ZERO, Duration::plus),
                List.copyOf(evidence.values()));
    }
}
