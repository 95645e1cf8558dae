package org.opensva.conformance.report.check;

import org.opensva.conformance.report.BackendIdentity;
import org.opensva.conformance.report.Certificate;
import org.opensva.conformance.report.RuleVerdict;
import org.opensva.conformance.report.RunEnvironment;
import org.opensva.conformance.suite.Verdict;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * How two certificates differ, in what matters: verdicts, claims and policies, and what the
 * verdicts were reached with and on. Durations never differ.
 *
 * @param verdicts the rules whose verdicts are not the same, by id
 * @param facts everything else
 */
public record CertificateDiff(List<VerdictChange> verdicts, List<Change> facts) {

    /** Copies the lists. */
    public CertificateDiff {
        verdicts = List.copyOf(verdicts);
        facts = List.copyOf(facts);
    }

    /**
     * A rule whose verdict changed.
     *
     * @param id the rule
     * @param title its short sentence
     * @param before the verdict in the first certificate, or empty if it does not have the rule
     * @param after the verdict in the second
     * @param reason why the second is not {@link Verdict#PASSED}; otherwise empty
     */
    public record VerdictChange(
            String id,
            String title,
            Optional<Verdict> before,
            Optional<Verdict> after,
            String reason) {

        /**
         * Tells whether something got lost.
         *
         * @return true if it was passed and is not any more, or is failed now
         */
        public boolean isWorse() {
            return after.equals(Optional.of(Verdict.FAILED))
                    || before.equals(Optional.of(Verdict.PASSED));
        }
    }

    /**
     * Something else that changed.
     *
     * @param name what it is, such as {@code capability ats}
     * @param before what the first certificate says; empty if nothing
     * @param after what the second says; empty if nothing
     */
    public record Change(String name, String before, String after) {}

    /**
     * Compares.
     *
     * @param before the first certificate
     * @param after the second
     * @return the differences
     */
    public static CertificateDiff between(Certificate before, Certificate after) {
        List<Change> facts = new ArrayList<>();
        fact(facts, "conclusion", c -> c.conclusion().text(), before, after);
        fact(facts, "backend", c -> c.backend().qualifiedName(), before, after);
        fact(facts, "version", c -> c.backend().version(), before, after);
        fact(facts, "vendor", c -> c.backend().vendor(), before, after);
        claims(facts, before.backend().capabilities(), after.backend().capabilities());
        facts(facts, "policy", BackendIdentity::policies, before, after);
        facts(facts, "option", BackendIdentity::options, before, after);
        fact(facts, "machine profile", c -> c.backend().profile().orElse(""), before, after);
        facts(facts, "property", CertificateDiff::otherProperties, before, after);
        fact(facts, "rules", c -> c.selection().rules(), before, after);
        fact(facts, "suite", c -> c.suite().version(), before, after);
        fact(facts, "rule book", c -> c.suite().ruleBook(), before, after);
        fact(facts, "seed", c -> "0x" + Long.toHexString(c.seed()), before, after);
        fact(facts, "timeout factor", c -> String.valueOf(c.timeoutFactor()), before, after);
        environment(facts, "Java", RunEnvironment::javaVersion, before, after);
        environment(facts, "Java vendor", RunEnvironment::javaVendor, before, after);
        environment(facts, "system", RunEnvironment::os, before, after);
        environment(facts, "system version", RunEnvironment::osVersion, before, after);
        environment(facts, "architecture", RunEnvironment::arch, before, after);
        environment(facts, "processors", e -> String.valueOf(e.processors()), before, after);
        return new CertificateDiff(verdicts(before, after), facts);
    }

    /**
     * Tells whether anything differs.
     *
     * @return true if nothing does
     */
    public boolean isEmpty() {
        return verdicts.isEmpty() && facts.isEmpty();
    }

    private static void fact(
            List<Change> facts,
            String name,
            Function<Certificate, String> of,
            Certificate before,
            Certificate after) {
        String first = of.apply(before);
        String second = of.apply(after);
        if (!first.equals(second)) {
            facts.add(new Change(name, first, second));
        }
    }

    private static void environment(
            List<Change> facts,
            String name,
            Function<RunEnvironment, String> of,
            Certificate before,
            Certificate after) {
        fact(facts, name, certificate -> of.apply(certificate.environment()), before, after);
    }

    private static void facts(
            List<Change> facts,
            String kind,
            Function<BackendIdentity, SortedMap<String, String>> of,
            Certificate before,
            Certificate after) {
        SortedMap<String, String> first = of.apply(before.backend());
        SortedMap<String, String> second = of.apply(after.backend());
        SortedSet<String> names = new TreeSet<>(first.keySet());
        names.addAll(second.keySet());
        for (String name : names) {
            String was = first.getOrDefault(name, "");
            String is = second.getOrDefault(name, "");
            if (!was.equals(is)) {
                facts.add(new Change(kind + " " + name, was, is));
            }
        }
    }

    private static SortedMap<String, String> otherProperties(BackendIdentity backend) {
        SortedMap<String, String> others = new TreeMap<>(backend.properties());
        others.remove(BackendIdentity.PROFILE);
        return others;
    }

    private static void claims(
            List<Change> facts, SortedSet<String> before, SortedSet<String> after) {
        SortedSet<String> all = new TreeSet<>(before);
        all.addAll(after);
        for (String id : all) {
            if (before.contains(id) != after.contains(id)) {
                facts.add(
                        new Change(
                                "capability " + id,
                                before.contains(id) ? "claimed" : "",
                                after.contains(id) ? "claimed" : ""));
            }
        }
    }

    private static List<VerdictChange> verdicts(Certificate before, Certificate after) {
        Map<String, RuleVerdict> first = byId(before);
        Map<String, RuleVerdict> second = byId(after);
        SortedSet<String> ids = new TreeSet<>(first.keySet());
        ids.addAll(second.keySet());
        List<VerdictChange> changes = new ArrayList<>();
        for (String id : ids) {
            Optional<RuleVerdict> was = Optional.ofNullable(first.get(id));
            Optional<RuleVerdict> is = Optional.ofNullable(second.get(id));
            Optional<Verdict> from = was.map(RuleVerdict::verdict);
            Optional<Verdict> to = is.map(RuleVerdict::verdict);
            if (!Objects.equals(from, to)) {
                changes.add(
                        new VerdictChange(
                                id,
                                is.or(() -> was).map(RuleVerdict::title).orElse(""),
                                from,
                                to,
                                is.map(RuleVerdict::reason).orElse("")));
            }
        }
        return changes;
    }

    private static Map<String, RuleVerdict> byId(Certificate certificate) {
        return certificate.rules().stream()
                .collect(
                        Collectors.toMap(
                                RuleVerdict::id, Function.identity(), (a, b) -> a, TreeMap::new));
    }
}
