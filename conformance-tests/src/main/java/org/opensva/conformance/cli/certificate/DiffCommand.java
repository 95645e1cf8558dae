package org.opensva.conformance.cli.certificate;

import org.opensva.conformance.report.check.CertificateDiff;
import org.opensva.conformance.suite.Verdict;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/** {@code opensva diff}: tells how two certificates differ. */
@Command(
        name = "diff",
        header = "Tell how two certificates differ: verdicts, claims, environment.",
        description = "Durations are not compared. Whether a certificate holds is for 'verify'.",
        footerHeading =
                "%nExit status: 0 nothing differs, 1 something does, 2 a file cannot be read."
                        + "%n%nExample:%n",
        footer = "  opensva diff before/certificate.json after/certificate.json")
public final class DiffCommand implements Callable<Integer> {

    private final PrintWriter out;
    private final Consumer<String> complaint;

    @Parameters(index = "0", paramLabel = "A", description = "A certificate, or a report's folder.")
    private Path before = Path.of("");

    @Parameters(index = "1", paramLabel = "B", description = "Another one.")
    private Path after = Path.of("");

    /**
     * Creates the command.
     *
     * @param out where results go
     * @param complaint takes one line for each thing that is wrong with the input
     */
    public DiffCommand(PrintWriter out, Consumer<String> complaint) {
        this.out = out;
        this.complaint = complaint;
    }

    @Override
    public Integer call() {
        CertificateDiff diff;
        try {
            diff =
                    CertificateDiff.between(
                            CertificateFiles.read(before), CertificateFiles.read(after));
        } catch (InputException e) {
            complaint.accept(String.valueOf(e.getMessage()));
            return Outcome.UNUSABLE;
        }
        for (CertificateDiff.Change change : diff.facts()) {
            say(
                    "  %s: %s -> %s"
                            .formatted(
                                    change.name(), shown(change.before()), shown(change.after())));
        }
        for (CertificateDiff.VerdictChange change : diff.verdicts()) {
            say(
                    "%s %s: %s -> %s  %s%s"
                            .formatted(
                                    change.isWorse() ? "!" : "+",
                                    change.id(),
                                    shown(change.before()),
                                    shown(change.after()),
                                    change.title(),
                                    change.reason().isEmpty() ? "" : " (" + change.reason() + ")"));
        }
        say(
                diff.isEmpty()
                        ? "no difference"
                        : "%d verdicts changed, %d of them for the worse; %d other differences"
                                .formatted(
                                        diff.verdicts().size(),
                                        diff.verdicts().stream()
                                                .filter(CertificateDiff.VerdictChange::isWorse)
                                                .count(),
                                        diff.facts().size()));
        return diff.isEmpty() ? Outcome.GOOD : Outcome.FOUND;
    }

    private static String shown(Optional<Verdict> verdict) {
        return verdict.map(Verdict::id).orElse("none");
    }

    private static String shown(String text) {
        return text.isEmpty() ? "none" : text;
    }

    private void say(String line) {
        out.println(Printable.of(line));
    }
}
