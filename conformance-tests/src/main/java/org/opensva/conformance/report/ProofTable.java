package org.opensva.conformance.report;

import org.opensva.conformance.rules.Rule;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.suite.Proof;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Renders what proves the suite itself: rule, tests, and the broken machines they caught. */
final class ProofTable {

    private ProofTable() {}

    static void render(Markup out, Certificate certificate, RuleBook book) {
        if (!certificate.suite().ruleBook().equals(book.digest())) {
            return; // the certificate of another version: its suite had other tests
        }
        Proof proof = Proof.load();
        out.open("section", "id", "proof").leaf("h2", "What proves the suite");
        out.leaf(
                "p",
                "For each rule the tests that name it, and the deliberately broken machines that"
                    + " its tests must catch, with the time that took when the suite was built.");
        out.open("details").leaf("summary", "Rules, tests and broken machines");
        out.open("div", "class", "wide").open("table").open("thead").open("tr");
        for (String head : List.of("Rule", "Tests", "Broken machines caught")) {
            out.leaf("th", head, "scope", "col");
        }
        out.close().close().open("tbody").line();
        for (Rule rule : book.rules()) {
            out.open("tr").leaf("th", rule.id(), "scope", "row").open("td");
            List<String> tests = proof.tests(rule.id());
            if (tests.isEmpty()) {
                out.text("none: " + proof.excuse(rule).orElse("no reason is known"));
            }
            out.text(String.join(", ", tests)).close();
            out.leaf(
                            "td",
                            proof.mutants(rule.id()).stream()
                                    .map(ProofTable::words)
                                    .collect(Collectors.joining(", "))
                                    .concat(proof.unproven(rule.id()).orElse("")))
                    .close()
                    .line();
        }
        out.close().close().close().close().close().line();
    }

    private static String words(Proof.Mutant mutant) {
        return String.format(
                Locale.ROOT, "%s (%.1f s)", mutant.name(), mutant.milliseconds() / 1e3);
    }
}
