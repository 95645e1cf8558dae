package org.opensva.conformance.report;

import org.opensva.conformance.rules.RuleLevel;
import org.opensva.conformance.suite.ConformanceResult;
import org.opensva.conformance.suite.Verdict;
import org.opensva.conformance.suite.profile.Latency;

import java.time.Duration;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What was found about one backend, as a document. Conclusion and summary follow from the verdicts
 * and are computed, so that they can never disagree with them.
 *
 * @param suite which suite judged
 * @param backend who was judged
 * @param selection which rules were judged
 * @param seed the seed of all random choices
 * @param runs how many runs it is made of, each with a seed of its own; the first has {@code seed}
 * @param timeoutFactor what all limits were multiplied with
 * @param duration how long the run took
 * @param environment where it ran
 * @param claims what was found about the claims, ordered by capability
 * @param profile how long operations took, empty if that was not asked for; decides nothing
 * @param rules the verdicts, ordered by id
 */
public record Certificate(
        SuiteIdentity suite,
        BackendIdentity backend,
        Selection selection,
        long seed,
        int runs,
        double timeoutFactor,
        Duration duration,
        RunEnvironment environment,
        List<ClaimVerdict> claims,
        List<Latency> profile,
        List<RuleVerdict> rules) {

    /** The form of the document; a change that breaks readers changes the number. */
    public static final String SCHEMA = "opensva-certificate/1";

    /**
     * Orders what was found.
     *
     * @throws CertificateException if a rule has two verdicts
     */
    public Certificate {
        claims = claims.stream().sorted(Comparator.comparing(ClaimVerdict::capability)).toList();
        profile = List.copyOf(profile);
        rules = rules.stream().sorted(Comparator.comparing(RuleVerdict::id)).toList();
        Set<String> ids = new HashSet<>();
        for (RuleVerdict rule : rules) {
            if (!ids.add(rule.id())) {
                throw new CertificateException("rule " + rule.id() + " has two verdicts");
            }
        }
    }

    /**
     * The certificate of a run.
     *
     * @param result what the run found
     * @param suiteVersion the version of the suite
     * @param bookSize how many rules the rule book has
     * @param environment where it ran
     * @return the certificate
     */
    public static Certificate of(
            ConformanceResult result,
            String suiteVersion,
            int bookSize,
            RunEnvironment environment) {
        return new Certificate(
                new SuiteIdentity(suiteVersion, result.ruleBookDigest()),
                BackendIdentity.of(result.backend(), result.options()),
                new Selection(
                        result.ruleGlob(),
                        result.rules().size() == bookSize && result.shard().isWhole(),
                        result.shard()),
                result.seed(),
                result.runs(),
                result.timeoutFactor(),
                result.duration(),
                environment,
                result.claims().stream().map(ClaimVerdict::of).toList(),
                List.of(),
                result.rules().stream().map(RuleVerdict::of).toList());
    }

    /**
     * The same with a performance profile.
     *
     * @param measured how long operations took
     * @return a changed copy, with the same conclusion
     */
    public Certificate with(List<Latency> measured) {
        return new Certificate(
                suite,
                backend,
                selection,
                seed,
                runs,
                timeoutFactor,
                duration,
                environment,
                claims,
                measured,
                rules);
    }

    /**
     * What the certificate says as a whole.
     *
     * @return the worst that a MUST rule found; {@link Conclusion#PARTIAL} if that is nothing and
     *     not all rules were judged
     */
    public Conclusion conclusion() {
        if (anyMust(Verdict.FAILED) || !contradictions().isEmpty()) {
            return Conclusion.FAILED;
        }
        if (anyMust(Verdict.INCONCLUSIVE)) {
            return Conclusion.INCONCLUSIVE;
        }
        return selection.complete() ? Conclusion.CERTIFIED : Conclusion.PARTIAL;
    }

    /**
     * The conclusion as a sentence.
     *
     * @return one sentence for people
     */
    public String explanation() {
        return switch (conclusion()) {
            case CERTIFIED -> "Every rule was judged, and no MUST rule was broken or left open.";
            case FAILED ->
                    anyMust(Verdict.FAILED)
                            ? "A MUST rule was broken."
                            : "A claim is contradicted: "
                                    + contradictions().getFirst().capability()
                                    + ".";
            case INCONCLUSIVE -> "A MUST rule could not be judged on this machine.";
            case PARTIAL ->
                    selection.shard().isWhole()
                            ? "No MUST rule was broken or left open, but only the rules "
                                    + selection.rules()
                                    + " were judged."
                            : "No MUST rule was broken or left open, but only the tests of shard "
                                    + selection.shard()
                                    + " were run.";
        };
    }

    /**
     * The claims that were contradicted.
     *
     * @return those that are claimed and absent, or present and not claimed
     */
    public List<ClaimVerdict> contradictions() {
        return claims.stream().filter(ClaimVerdict::isContradicted).toList();
    }

    private boolean anyMust(Verdict verdict) {
        return rules.stream()
                .anyMatch(rule -> rule.level() == RuleLevel.MUST && rule.verdict() == verdict);
    }

    /**
     * How many rules have each verdict.
     *
     * @return a count for every verdict, 0 included
     */
    public Map<Verdict, Integer> summary() {
        Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
        for (Verdict verdict : Verdict.values()) {
            counts.put(verdict, 0);
        }
        rules.forEach(rule -> counts.merge(rule.verdict(), 1, Integer::sum));
        return Collections.unmodifiableMap(counts);
    }

    /**
     * The rules of a verdict.
     *
     * @param verdict which one
     * @return its rules, ordered by id
     */
    public List<RuleVerdict> with(Verdict verdict) {
        return rules.stream().filter(rule -> rule.verdict() == verdict).toList();
    }

    /**
     * The command that runs the tests of a rule again, with the same random choices.
     *
     * @param rule one of the rules
     * @return a command line
     */
    public String repeat(RuleVerdict rule) {
        StringBuilder command = new StringBuilder("opensva certify --backend ");
        command.append(backend.qualifiedName());
        backend.options()
                .forEach((key, value) ->
                        command.append(" --option ").append(key).append('=').append(value));
        return command.append(" --rules ")
                .append(rule.id())
                .append(" --seed 0x")
                .append(Long.toHexString(seed))
                .toString();
    }
}
