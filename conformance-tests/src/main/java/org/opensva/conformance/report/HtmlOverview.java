package org.opensva.conformance.report;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.suite.Verdict;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Renders the page above the reports of several backends: a matrix of rules by backend. */
public final class HtmlOverview {

    private HtmlOverview() {}

    /**
     * Renders the page.
     *
     * @param certificates the certificates by the name of the folder that holds the report
     * @return the whole page
     */
    public static String render(SequencedMap<String, Certificate> certificates) {
        Markup out = new Markup();
        out.open("header").leaf("h1", "OpenSVA conformance").close().line();
        out.open("section").leaf("h2", "Backends").open("div", "class", "wide").open("table");
        out.open("thead").open("tr");
        List.of("Backend", "Version", "Conclusion")
                .forEach(head -> out.leaf("th", head, "scope", "col"));
        for (Verdict verdict : Verdict.values()) {
            out.leaf("th", verdict.id().replace('-', ' '), "scope", "col");
        }
        out.close().close().open("tbody").line();
        certificates.forEach((folder, certificate) -> backend(out, folder, certificate));
        out.close().close().close().close().line();
        matrix(out, certificates);
        return Page.render("OpenSVA conformance", out);
    }

    private static void backend(Markup out, String folder, Certificate certificate) {
        out.open("tr").open("th", "scope", "row");
        link(out, folder, certificate);
        out.close().leaf("td", certificate.backend().version()).open("td");
        HtmlReport.badge(out, certificate.conclusion());
        out.close();
        certificate
                .summary()
                .values()
                .forEach(count -> out.leaf("td", count.toString(), "class", "number"));
        out.close().line();
    }

    private static void link(Markup out, String folder, Certificate certificate) {
        out.leaf("a", certificate.backend().qualifiedName(), "href", folder + "/index.html");
    }

    private static void matrix(Markup out, SequencedMap<String, Certificate> certificates) {
        Map<String, Map<String, RuleVerdict>> matrix = new TreeMap<>();
        Map<String, String> titles = new HashMap<>();
        certificates.forEach((folder, certificate) -> {
            for (RuleVerdict rule : certificate.rules()) {
                titles.put(rule.id(), rule.title());
                matrix.computeIfAbsent(rule.id(), key -> new HashMap<>()).put(folder, rule);
            }
        });
        out.open("section").leaf("h2", "Rules").line();
        RuleFilter.render(out, matrix.keySet().stream().map(HtmlOverview::group).distinct());
        out.open("div", "class", "wide").open("table");
        out.open("thead").open("tr").leaf("th", "Rule", "scope", "col");
        out.leaf("th", "Promise", "scope", "col");
        certificates.forEach((folder, certificate) -> {
            out.open("th", "scope", "col");
            link(out, folder, certificate);
            out.close();
        });
        out.close().close().open("tbody", "id", "rows").line();
        matrix.forEach((id, row) -> {
            String verdicts =
                    row.values().stream()
                            .map(rule -> rule.verdict().id())
                            .distinct()
                            .sorted()
                            .collect(Collectors.joining(" "));
            out.open("tr", "data-verdict", verdicts, "data-group", group(id));
            out.leaf("th", id, "scope", "row");
            out.leaf("td", titles.getOrDefault(id, ""));
            certificates.keySet().forEach(folder -> cell(out, row.get(folder)));
            out.close().line();
        });
        out.close().close().close().close().line();
    }

    private static String group(String id) {
        return id.replaceFirst("-.*", "");
    }

    private static void cell(Markup out, @Nullable RuleVerdict rule) {
        out.open("td");
        if (rule != null) {
            String verdict = rule.verdict().id();
            out.leaf(
                    "span",
                    verdict.replace('-', ' '),
                    "class",
                    "verdict " + verdict,
                    "title",
                    rule.reason());
        }
        out.close();
    }
}
