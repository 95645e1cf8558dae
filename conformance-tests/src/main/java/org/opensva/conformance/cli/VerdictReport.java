package org.opensva.conformance.cli;

import org.opensva.conformance.report.Certificate;
import org.opensva.conformance.report.ClaimVerdict;
import org.opensva.conformance.report.Conclusion;
import org.opensva.conformance.report.RuleVerdict;
import org.opensva.conformance.report.TestEvidence;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.rules.RuleGroup;
import org.opensva.conformance.rules.RuleLevel;
import org.opensva.conformance.suite.Verdict;
import org.opensva.conformance.suite.bench.Evidence;
import org.opensva.conformance.suite.claims.ClaimResult;
import org.opensva.conformance.suite.profile.Latency;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Prints what a run found: a table of verdicts by group, the failures, the conclusion. */
final class VerdictReport {

    private static final List<String> HEADS =
            List.of("passed", "failed", "n.a.", "not observable", "inconclusive");
    private static final List<Verdict> COLUMNS =
            List.of(
                    Verdict.PASSED,
                    Verdict.FAILED,
                    Verdict.NOT_APPLICABLE,
                    Verdict.NOT_OBSERVABLE,
                    Verdict.INCONCLUSIVE);
    private static final String TOTAL = "all";
    private static final String PROFILE = "%-12s %8s %9s %9s %9s %9s %10s";

    private final Console console;
    private final PrintWriter out;
    private final RuleBook book;

    VerdictReport(Console console, RuleBook book) {
        this.console = console;
        this.out = console.out();
        this.book = book;
    }

    void print(Certificate certificate) {
        out.println();
        out.println(
                "%s %s (%s), seed 0x%s, %s s"
                        .formatted(
                                Console.oneLine(certificate.backend().qualifiedName()),
                                Console.oneLine(certificate.backend().version()),
                                Console.oneLine(certificate.backend().vendor()),
                                Long.toHexString(certificate.seed()),
                                String.format(
                                        Locale.ROOT,
                                        "%.1f",
                                        certificate.duration().toMillis() / 1e3)));
        out.println();
        table(certificate);
        out.println();
        certificate.with(Verdict.FAILED).forEach(rule -> failure(certificate, rule));
        certificate.with(Verdict.INCONCLUSIVE).forEach(this::inconclusive);
        certificate.contradictions().forEach(this::contradiction);
        claims(certificate);
        profile(certificate);
        out.println(
                colour(certificate.conclusion(), certificate.conclusion().text())
                        + ": "
                        + certificate.explanation());
        // The next backend's progress is written to another stream.
        out.flush();
    }

    private void table(Certificate certificate) {
        List<String> groups = new ArrayList<>(book.groups().stream().map(RuleGroup::key).toList());
        groups.add(TOTAL);
        int first = groups.stream().mapToInt(String::length).max().orElse(0);
        StringBuilder head = new StringBuilder("rules");
        head.append(" ".repeat(Math.max(0, first - head.length())));
        HEADS.forEach(text -> head.append("  ").append(text));
        out.println(head);
        for (String group : groups) {
            List<RuleVerdict> rules =
                    certificate.rules().stream()
                            .filter(rule -> group.equals(TOTAL) || rule.group().equals(group))
                            .toList();
            if (!rules.isEmpty()) {
                row(group, Math.max(first, "rules".length()), rules);
            }
        }
    }

    private void row(String group, int width, List<RuleVerdict> rules) {
        StringBuilder row = new StringBuilder(group);
        row.append(" ".repeat(width - group.length()));
        for (int i = 0; i < COLUMNS.size(); i++) {
            Verdict verdict = COLUMNS.get(i);
            long count = rules.stream().filter(rule -> rule.verdict() == verdict).count();
            String text = count == 0 ? "-" : String.valueOf(count);
            row.append("  ").append(" ".repeat(HEADS.get(i).length() - text.length()));
            row.append(verdict == Verdict.FAILED && count > 0 ? red(text) : text);
        }
        out.println(row);
    }

    private void failure(Certificate certificate, RuleVerdict rule) {
        String word = rule.level() == RuleLevel.MUST ? "failed" : "not met";
        out.println("%s %s (%s): %s".formatted(red(word), rule.id(), rule.level(), rule.title()));
        book.find(rule.id()).ifPresent(known -> line("rule", known.text()));
        for (TestEvidence test : rule.evidence()) {
            if (test.verdict() == Verdict.FAILED) {
                evidence(test);
            }
        }
        if (rule.evidence().isEmpty()) {
            line("reason", rule.reason());
        }
        book.find(rule.id()).ifPresent(known -> line("rests on", known.source()));
        book.find(rule.id()).ifPresent(known -> line("look at", known.ifFails()));
        line("repeat", certificate.repeat(rule));
        out.println();
    }

    private void evidence(TestEvidence test) {
        line("test", test.sentence());
        if (test.finding().isPresent()) {
            Evidence finding = test.finding().get();
            line("expected", finding.expected());
            line("seen", finding.seen());
            line("at step", finding.step());
        } else {
            line("seen", test.message().isEmpty() ? test.reason() : test.message());
        }
    }

    private void contradiction(ClaimVerdict claim) {
        out.println(
                "%s %s: it is %s, and was found %s"
                        .formatted(
                                red("claim"),
                                Console.oneLine(claim.capability()),
                                claim.claimed() ? "claimed" : "not claimed",
                                Console.oneLine(claim.found())));
        line("seen", claim.how());
        line("next", next(claim));
        out.println();
    }

    private static String next(ClaimVerdict claim) {
        if (claim.found().equals(ClaimResult.Found.PRESENT.id())) {
            return "claim '%s', or refuse it with EOPNOTSUPP".formatted(claim.capability());
        }
        return claim.claimed()
                ? "make it work, or do not claim '%s'".formatted(claim.capability())
                : "refuse it with EOPNOTSUPP or ENOSYS, or make it work and claim '%s'"
                        .formatted(claim.capability());
    }

    private void profile(Certificate certificate) {
        if (certificate.profile().isEmpty()) {
            return;
        }
        out.println();
        out.println(PROFILE.formatted("us", "samples", "p50", "p90", "p99", "p99.9", "max"));
        for (Latency each : certificate.profile()) {
            out.println(
                    each.isMeasured()
                            ? PROFILE.formatted(
                                    Console.oneLine(each.operation()),
                                    each.samples(),
                                    us(each.p50()),
                                    us(each.p90()),
                                    us(each.p99()),
                                    us(each.p999()),
                                    us(each.max()))
                            : "%-12s  not measured: %s"
                                    .formatted(
                                            Console.oneLine(each.operation()),
                                            Console.oneLine(each.reason())));
        }
        out.println();
    }

    private static String us(long nanoseconds) {
        return String.format(Locale.ROOT, "%.1f", nanoseconds / 1e3);
    }

    private void claims(Certificate certificate) {
        if (certificate.claims().isEmpty()) {
            return;
        }
        out.println(
                "claims: %d capabilities asked for: %d there, %d refused, %d not to be seen from outside, %d contradicted"
                        .formatted(
                                certificate.claims().size(),
                                found(certificate, ClaimResult.Found.PRESENT),
                                found(certificate, ClaimResult.Found.ABSENT),
                                found(certificate, ClaimResult.Found.UNKNOWN),
                                certificate.contradictions().size()));
    }

    private static long found(Certificate certificate, ClaimResult.Found found) {
        return certificate.claims().stream()
                .filter(claim -> claim.found().equals(found.id()))
                .count();
    }

    private void inconclusive(RuleVerdict rule) {
        out.println("inconclusive %s (%s): %s".formatted(rule.id(), rule.level(), rule.title()));
        line("reason", rule.reason());
        out.println();
    }

    private void line(String name, String text) {
        out.println("  %-9s %s".formatted(name + ":", Console.oneLine(text)));
    }

    private String red(String text) {
        return console.hasColour() ? "\u001b[31m" + text + "\u001b[0m" : text;
    }

    private String colour(Conclusion conclusion, String text) {
        if (!console.hasColour()) {
            return text;
        }
        String code =
                switch (conclusion) {
                    case CERTIFIED -> "32";
                    case FAILED -> "31";
                    case INCONCLUSIVE, PARTIAL -> "33";
                };
        return "\u001b[1;" + code + "m" + text + "\u001b[0m";
    }
}
