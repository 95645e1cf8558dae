package org.opensva.conformance.report;

import org.opensva.conformance.suite.Verdict;

import java.util.List;
import java.util.stream.Stream;

/** The form that filters the rows of a table of rules, and the order that verdicts are shown in. */
final class RuleFilter {

    /** What a reader looks for comes first. */
    static final List<Verdict> ORDER =
            List.of(
                    Verdict.FAILED,
                    Verdict.INCONCLUSIVE,
                    Verdict.PASSED,
                    Verdict.NOT_OBSERVABLE,
                    Verdict.NOT_APPLICABLE);

    private RuleFilter() {}

    /** Works with the script of the page; without it all rules are shown. */
    static void render(Markup out, Stream<String> groups) {
        out.open("form", "id", "filter", "hidden", "hidden", "role", "search");
        out.open("label").text("Search ");
        out.empty("input", "type", "search", "id", "search", "placeholder", "press / to search")
                .close();
        out.open("label").text(" Group ").open("select", "id", "group");
        out.leaf("option", "all", "value", "");
        groups.forEach(group -> out.leaf("option", group, "value", group));
        out.close().close();
        for (Verdict verdict : ORDER) {
            out.open("label")
                    .empty(
                            "input",
                            "type",
                            "checkbox",
                            "name",
                            "verdict",
                            "value",
                            verdict.id(),
                            "checked",
                            "checked")
                    .text(" " + verdict.id().replace('-', ' '))
                    .close();
        }
        out.leaf("output", "", "id", "shown", "aria-live", "polite").close().line();
    }
}
