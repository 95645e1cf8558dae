package org.opensva.conformance.report;

import org.opensva.conformance.rules.RuleLevel;
import org.opensva.conformance.suite.Verdict;

import java.util.ArrayList;
import java.util.List;

/**
 * Renders a certificate as workflow commands: lines that a CI system of GitHub's kind turns into
 * annotations.
 */
public final class Annotations {

    private Annotations() {}

    /**
     * Renders.
     *
     * @param certificate the certificate
     * @return a line for each rule that failed or could not be judged; an error if that withholds
     *     the certificate, otherwise a warning
     */
    public static List<String> github(Certificate certificate) {
        List<String> lines = new ArrayList<>();
        for (RuleVerdict rule : certificate.rules()) {
            boolean open =
                    rule.verdict() == Verdict.FAILED || rule.verdict() == Verdict.INCONCLUSIVE;
            if (open) {
                String kind = rule.level() == RuleLevel.MUST ? "error" : "warning";
                lines.add(
                        line(
                                kind,
                                certificate.backend().qualifiedName()
                                        + ": "
                                        + rule.id()
                                        + " "
                                        + rule.verdict().id(),
                                rule.title() + ": " + rule.reason()));
            }
        }
        for (ClaimVerdict claim : certificate.contradictions()) {
            lines.add(
                    line(
                            "error",
                            certificate.backend().qualifiedName() + ": " + claim.capability(),
                            (claim.claimed() ? "claimed and absent: " : "present and not claimed: ")
                                    + claim.how()));
        }
        return lines;
    }

    private static String line(String kind, String title, String message) {
        return "::%s title=%s::%s".formatted(kind, property(title), data(message));
    }

    /** A value ends with its line, so what would end it is written in another way. */
    private static String data(String text) {
        StringBuilder line = new StringBuilder(text.length() + 8);
        text.codePoints()
                .forEach(c -> {
                    switch (c) {
                        case '%' -> line.append("%25");
                        case '\r' -> line.append("%0D");
                        case '\n', 0x2028, 0x2029 -> line.append("%0A");
                        default -> line.appendCodePoint(Character.isISOControl(c) ? '?' : c);
                    }
                });
        return line.toString();
    }

    private static String property(String text) {
        return data(text).replace(":", "%3A").replace(",", "%2C");
    }
}
