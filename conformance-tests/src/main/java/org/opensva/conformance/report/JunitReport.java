package org.opensva.conformance.report;

import org.opensva.conformance.rules.RuleLevel;
import org.opensva.conformance.suite.Verdict;
import org.opensva.conformance.suite.bench.Evidence;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Renders a certificate as JUnit XML for CI systems: a test suite for each group, a test case for
 * each rule. A MUST rule that is inconclusive is an error; every other rule without a judgement is
 * skipped, with the reason.
 */
public final class JunitReport {

    private final Certificate certificate;
    private final Markup out = new Markup();

    private JunitReport(Certificate certificate) {
        this.certificate = certificate;
    }

    /**
     * Renders a certificate.
     *
     * @param certificate the certificate
     * @return the document
     */
    public static String render(Certificate certificate) {
        JunitReport report = new JunitReport(certificate);
        report.suites();
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + report.out + "\n";
    }

    private void suites() {
        Map<String, List<RuleVerdict>> groups =
                certificate.rules().stream()
                        .collect(
                                Collectors.groupingBy(
                                        RuleVerdict::group, TreeMap::new, Collectors.toList()));
        open("testsuites", certificate.backend().qualifiedName(), certificate.rules());
        groups.forEach((group, rules) -> {
            open("testsuite", group, rules);
            rules.forEach(rule -> testCase(rule));
            out.close().line();
        });
        out.close();
    }

    private void open(String element, String name, List<RuleVerdict> rules) {
        out.open(
                        element,
                        "name",
                        name,
                        "tests",
                        String.valueOf(rules.size()),
                        "failures",
                        count(rules, Kind.FAILURE),
                        "errors",
                        count(rules, Kind.ERROR),
                        "skipped",
                        count(rules, Kind.SKIPPED),
                        "time",
                        seconds(
                                rules.stream()
                                        .map(RuleVerdict::duration)
                                        .reduce(Duration.ZERO, Duration::plus)))
                .line();
    }

    private static String count(List<RuleVerdict> rules, Kind kind) {
        return String.valueOf(rules.stream().filter(rule -> Kind.of(rule) == kind).count());
    }

    private void testCase(RuleVerdict rule) {
        String[] attributes = {
            "classname",
            certificate.backend().qualifiedName() + "." + rule.group(),
            "name",
            rule.id() + " " + rule.title(),
            "time",
            seconds(rule.duration())
        };
        Kind kind = Kind.of(rule);
        if (kind == Kind.PASSED) {
            out.empty("testcase", attributes).line();
            return;
        }
        out.open("testcase", attributes);
        String message = rule.verdict().id() + ": " + rule.reason();
        switch (kind) {
            case FAILURE ->
                    out.leaf("failure", details(rule), "message", message, "type", rule.id());
            case ERROR -> out.leaf("error", rule.reason(), "message", message, "type", rule.id());
            default -> out.empty("skipped", "message", message);
        }
        out.close().line();
    }

    private static String details(RuleVerdict rule) {
        StringBuilder text = new StringBuilder(rule.reason());
        for (TestEvidence test : rule.evidence()) {
            if (test.verdict() != Verdict.FAILED) {
                continue;
            }
            text.append("\n\ntest:     ").append(test.test());
            if (test.finding().isPresent()) {
                Evidence finding = test.finding().get();
                text.append("\nexpected: ").append(finding.expected());
                text.append("\nseen:     ").append(finding.seen());
                text.append("\nat step:  ").append(finding.step());
                text.append("\nseed:     0x").append(Long.toHexString(finding.seed()));
            } else {
                text.append('\n').append(test.message());
            }
        }
        return text.toString();
    }

    private static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.6f", duration.toNanos() / 1e9);
    }

    private enum Kind {
        PASSED,
        FAILURE,
        ERROR,
        SKIPPED;

        static Kind of(RuleVerdict rule) {
            return switch (rule.verdict()) {
                case PASSED -> PASSED;
                case FAILED -> FAILURE;
                case INCONCLUSIVE -> rule.level() == RuleLevel.MUST ? ERROR : SKIPPED;
                case NOT_APPLICABLE, NOT_OBSERVABLE -> SKIPPED;
            };
        }
    }
}
