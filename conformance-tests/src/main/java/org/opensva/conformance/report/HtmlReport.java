package org.opensva.conformance.report;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.suite.Verdict;
import org.opensva.conformance.suite.bench.Evidence;
import org.opensva.conformance.suite.profile.Latency;

import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Renders a certificate as one HTML page that needs nothing else: no network, no other file. The
 * page is well-formed XML, too.
 */
public final class HtmlReport {

    private final Certificate certificate;
    private final RuleBook book;
    private final Markup out = new Markup();

    private HtmlReport(Certificate certificate, RuleBook book) {
        this.certificate = certificate;
        this.book = book;
    }

    /**
     * Renders a certificate.
     *
     * @param certificate the certificate
     * @param book the rules it speaks of
     * @return the whole page
     */
    public static String render(Certificate certificate, RuleBook book) {
        HtmlReport report = new HtmlReport(certificate, book);
        report.head();
        report.failures();
        report.claims();
        report.profile();
        report.groups();
        report.rules();
        report.proof();
        report.facts();
        return Page.render(
                certificate.backend().qualifiedName() + ": OpenSVA conformance", report.out);
    }

    private void head() {
        out.open("header").line();
        out.leaf("p", "OpenSVA conformance", "class", "kind");
        out.leaf("h1", certificate.backend().qualifiedName());
        out.open("p", "class", "lead");
        badge(out, certificate.conclusion());
        out.text(" " + certificate.explanation()).close().line();
        out.open("ul", "class", "counts");
        for (Verdict verdict : RuleFilter.ORDER) {
            out.open("li", "class", verdict.id())
                    .leaf("b", count(certificate.summary().get(verdict)))
                    .text(" " + verdict.id().replace('-', ' '))
                    .close();
        }
        out.close().line();
        bar();
        out.close().line();
    }

    /** The verdicts as shares of a line. */
    private void bar() {
        out.open("div", "class", "bar", "aria-hidden", "true");
        for (Verdict verdict : RuleFilter.ORDER) {
            Integer share = certificate.summary().get(verdict);
            if (share != null && share > 0) {
                out.open("span", "class", verdict.id(), "style", "flex-grow:" + share).close();
            }
        }
        out.close().line();
    }

    /** Claims that were asked about, those that are contradicted first. */
    private void claims() {
        if (certificate.claims().isEmpty()) {
            return;
        }
        out.open("section", "id", "claims").leaf("h2", "Claims").open("div", "class", "wide");
        out.open("table").open("thead").open("tr");
        for (String head : List.of("Capability", "Claimed", "Found", "How")) {
            out.leaf("th", head, "scope", "col");
        }
        out.close().close().open("tbody").line();
        certificate.claims().stream()
                .sorted(Comparator.comparing(claim -> !claim.isContradicted()))
                .forEach(this::claim);
        out.close().close().close().close().line();
    }

    /** How long operations took, if that was asked for. */
    private void profile() {
        if (certificate.profile().isEmpty()) {
            return;
        }
        out.open("section", "id", "profile").leaf("h2", "Performance profile");
        out.leaf("p", "Microseconds; one thread, one device. Reported, and never a verdict.");
        out.open("div", "class", "wide").open("table").open("thead").open("tr");
        for (String head :
                List.of("Operation", "Samples", "50 %", "90 %", "99 %", "99.9 %", "Longest")) {
            out.leaf("th", head, "scope", "col");
        }
        out.close().close().open("tbody").line();
        for (Latency each : certificate.profile()) {
            out.open("tr").open("th", "scope", "row").text(each.operation());
            out.leaf("small", " " + (each.isMeasured() ? each.what() : each.reason())).close();
            out.leaf("td", String.valueOf(each.samples()), "class", "number");
            for (long time :
                    new long[] {each.p50(), each.p90(), each.p99(), each.p999(), each.max()}) {
                String text =
                        each.isMeasured() ? String.format(Locale.ROOT, "%.1f", time / 1e3) : "";
                out.leaf("td", text, "class", "number");
            }
            out.close().line();
        }
        out.close().close().close().close().line();
    }

    private void claim(ClaimVerdict claim) {
        out.open("tr").leaf("th", claim.capability(), "scope", "row");
        out.leaf("td", claim.claimed() ? "yes" : "no").open("td");
        String colour = claim.isContradicted() ? "verdict failed" : "verdict";
        out.leaf("span", claim.found(), "class", colour).close();
        out.leaf("td", claim.how()).close().line();
    }

    /** What proves the suite: for each rule its tests and the broken machines that they caught. */
    private void proof() {
        ProofTable.render(out, certificate, book);
    }

    static void badge(Markup out, Conclusion conclusion) {
        out.leaf("strong", conclusion.text(), "class", "badge " + conclusion.text());
    }

    private static String count(@Nullable Integer value) {
        return value == null ? "0" : value.toString();
    }

    private void failures() {
        List<RuleVerdict> failed = certificate.with(Verdict.FAILED);
        if (failed.isEmpty()) {
            return;
        }
        out.open("section", "id", "failures").line();
        out.leaf("h2", "What failed").line();
        failed.forEach(this::failure);
        out.close().line();
    }

    private void failure(RuleVerdict failed) {
        out.open("article", "id", "failure-" + failed.id());
        out.leaf("h3", failed.id() + ": " + failed.title()).line();
        Optional<Rule> rule = book.find(failed.id());
        rule.ifPresent(r -> out.open("p").leaf("b", r.level() + ". ").text(r.text()).close());
        for (TestEvidence test : failed.evidence()) {
            if (test.verdict() == Verdict.FAILED) {
                evidence(failed, test);
            }
        }
        out.open("dl");
        rule.ifPresent(r -> {
            fact("look at", r.ifFails());
            fact("owner", r.owner().text());
            fact("source", r.source());
        });
        fact("repeat", certificate.repeat(failed));
        out.close().close().line();
    }

    private void evidence(RuleVerdict rule, TestEvidence test) {
        out.leaf("h4", test.sentence());
        Optional<Evidence> finding = test.finding();
        if (finding.isEmpty()) {
            out.leaf("pre", test.message().isEmpty() ? test.reason() : test.message());
            return;
        }
        Evidence found = finding.get();
        out.open("dl");
        fact("expected", found.expected());
        fact("seen", found.seen());
        fact("at step", found.step());
        fact("test", test.test());
        if (!found.trace().isEmpty()) {
            fact("trace", found.trace());
        }
        out.close();
        if (!found.steps().isEmpty()) {
            out.open("details", "open", "open");
            out.leaf("summary", "The program: " + steps(found)).open("ol");
            found.steps().forEach(step -> out.leaf("li", step));
            out.close().close();
        }
        String id = "picture-" + rule.id() + "-" + rule.evidence().indexOf(test);
        found.timeline().ifPresent(timeline -> HtmlTimeline.draw(out, id, timeline));
    }

    private static String steps(Evidence found) {
        int count = found.steps().size();
        return count == 1 ? "1 step" : count + " steps";
    }

    private void groups() {
        Map<String, Map<Verdict, Integer>> counts = new TreeMap<>();
        for (RuleVerdict rule : certificate.rules()) {
            counts.computeIfAbsent(rule.group(), key -> new EnumMap<>(Verdict.class))
                    .merge(rule.verdict(), 1, Integer::sum);
        }
        out.open("section").leaf("h2", "Groups").open("div", "class", "wide").open("table").line();
        out.open("thead").open("tr").leaf("th", "Group", "scope", "col");
        RuleFilter.ORDER.forEach(v -> out.leaf("th", v.id().replace('-', ' '), "scope", "col"));
        out.close().close().open("tbody").line();
        counts.forEach((group, row) -> {
            out.open("tr").open("th", "scope", "row").text(group);
            book.group(group).ifPresent(g -> out.leaf("small", " " + g.title()));
            out.close();
            RuleFilter.ORDER.forEach(v -> out.leaf("td", count(row.get(v)), "class", "number"));
            out.close().line();
        });
        out.close().close().close().close().line();
    }

    private void rules() {
        out.open("section", "id", "rules").leaf("h2", "Rules").line();
        RuleFilter.render(
                out, certificate.rules().stream().map(RuleVerdict::group).distinct().sorted());
        out.open("div", "class", "wide").open("table").open("thead").open("tr");
        for (String head : List.of("Rule", "Level", "Verdict", "Promise", "Why", "Time")) {
            out.leaf("th", head, "scope", "col");
        }
        out.close().close().open("tbody", "id", "rows").line();
        certificate.rules().stream()
                .sorted(
                        Comparator.comparingInt((RuleVerdict rule) ->
                                        RuleFilter.ORDER.indexOf(rule.verdict()))
                                .thenComparing(RuleVerdict::id))
                .forEach(this::row);
        out.close().close().close().close().line();
    }

    private void row(RuleVerdict rule) {
        String verdict = rule.verdict().id();
        out.open("tr", "data-verdict", verdict, "data-group", rule.group());
        out.open("th", "scope", "row");
        if (rule.verdict() == Verdict.FAILED) {
            out.leaf("a", rule.id(), "href", "#failure-" + rule.id());
        } else {
            out.text(rule.id());
        }
        out.close().leaf("td", rule.level().name());
        out.open("td").leaf("span", verdict.replace('-', ' '), "class", "verdict " + verdict);
        out.close().open("td").text(rule.title());
        promise(rule);
        out.close().leaf("td", rule.reason());
        out.leaf("td", time(rule), "class", "number").close().line();
    }

    private void promise(RuleVerdict verdict) {
        out.open("details").leaf("summary", "more").open("dl");
        book.find(verdict.id())
                .ifPresent(rule -> {
                    fact("promise", rule.text());
                    fact("source", rule.source());
                    fact("applies", rule.needs().isAlways() ? "always" : rule.needs().toString());
                    fact("observed", rule.observe().text());
                });
        for (TestEvidence test : verdict.evidence()) {
            fact("test", test.sentence() + " (" + test.test() + "): " + test.verdict().id());
        }
        out.close().close();
    }

    private static String time(RuleVerdict rule) {
        return rule.duration().isZero()
                ? ""
                : String.format(Locale.ROOT, "%.1f ms", rule.duration().toNanos() / 1e6);
    }

    private void facts() {
        BackendIdentity backend = certificate.backend();
        RunEnvironment at = certificate.environment();
        out.open("section").leaf("h2", "About this certificate").open("dl");
        fact("backend", backend.qualifiedName() + " " + backend.version());
        fact("vendor", backend.vendor());
        backend.options().forEach((key, value) -> fact("option " + key, value));
        fact("capabilities", String.join(", ", backend.capabilities()));
        backend.policies().forEach((key, value) -> fact("policy " + key, value));
        backend.properties().forEach(this::fact);
        fact("seed", "0x" + Long.toHexString(certificate.seed()));
        fact("rules", certificate.selection().rules());
        fact("suite", certificate.suite().version());
        fact("rule book", "SHA-256 " + certificate.suite().ruleBook());
        fact("Java", at.javaVersion() + " (" + at.javaVendor() + ")");
        fact(
                "machine",
                "%s %s, %s, %d processors"
                        .formatted(at.os(), at.osVersion(), at.arch(), at.processors()));
        fact(
                "time",
                String.format(
                        Locale.ROOT,
                        "%.1f s, limits times %s",
                        certificate.duration().toMillis() / 1e3,
                        certificate.timeoutFactor()));
        out.close();
        out.open("p")
                .text("The same as data: ")
                .leaf("a", "certificate.json", "href", "certificate.json")
                .text(", ")
                .leaf("a", "junit.xml", "href", "junit.xml")
                .text(", ")
                .leaf("a", "open-test-report.xml", "href", "open-test-report.xml");
        out.text(".").close().close().line();
    }

    private void fact(String name, String value) {
        out.leaf("dt", name).leaf("dd", value);
    }
}
