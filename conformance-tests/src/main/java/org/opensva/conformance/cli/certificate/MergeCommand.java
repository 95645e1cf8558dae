package org.opensva.conformance.cli.certificate;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.cli.words.Reason;
import org.opensva.conformance.report.AtomicFiles;
import org.opensva.conformance.report.Certificate;
import org.opensva.conformance.report.CertificateException;
import org.opensva.conformance.report.Conclusion;
import org.opensva.conformance.report.ReportFolder;
import org.opensva.conformance.report.check.CertificateMerge;
import org.opensva.conformance.report.seal.SigningKey;
import org.opensva.conformance.rules.RuleBook;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/** {@code opensva merge}: makes one report of those of all shards. */
@Command(
        name = "merge",
        header = "Make one report of the shards of a campaign.",
        description = "Each shard is what 'certify --shard K/N --report DIR' left.",
        footerHeading =
                "%nExit status: that of 'certify' for the whole; 2 if they are not the shards of"
                        + " one campaign.%n%nExample:%n",
        footer = "  opensva merge shard-1 shard-2 shard-3 --report whole")
public final class MergeCommand implements Callable<Integer> {

    private static final int INCONCLUSIVE = 3;

    private final PrintWriter out;
    private final Consumer<String> complaint;
    private final AtomicFiles files;

    @Parameters(
            paramLabel = "FILE|DIR",
            arity = "1..*",
            description = "The certificates of all shards, or the folders of their reports.")
    private List<Path> shards = List.of();

    @Option(
            names = "--report",
            required = true,
            paramLabel = "DIR",
            description = "Where the report of the whole goes.")
    private Path report = Path.of("");

    @Option(
            names = "--sign",
            paramLabel = "KEY",
            description = "Sign its certificate with this Ed25519 private key (PKCS#8, PEM).")
    private @Nullable Path key;

    /**
     * Creates the command.
     *
     * @param out where results go
     * @param complaint takes one line for each thing that is wrong with the input
     * @param files how files are written
     */
    public MergeCommand(PrintWriter out, Consumer<String> complaint, AtomicFiles files) {
        this.out = out;
        this.complaint = complaint;
        this.files = files;
    }

    @Override
    public Integer call() {
        try {
            Path pem = key;
            Optional<SigningKey> signing =
                    pem == null
                            ? Optional.empty()
                            : Optional.of(CertificateFiles.key(pem, SigningKey::ofPem));
            RuleBook book = RuleBook.load();
            List<Certificate> parts = new ArrayList<>();
            for (Path shard : shards) {
                parts.add(CertificateFiles.read(shard));
            }
            Certificate whole = new CertificateMerge(book).merge(parts);
            ReportFolder folder = new ReportFolder(report, files, book, signing);
            folder.prepare(List.of(whole.backend().qualifiedName()));
            Path index = folder.write(List.of(whole), false);
            out.println(Printable.of(whole.conclusion().text() + ": " + whole.explanation()));
            out.println(Printable.of("report: " + index));
            return status(whole.conclusion());
        } catch (InputException | CertificateException e) {
            return complain(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            return complain("cannot write a report to '%s': %s".formatted(report, Reason.of(e)));
        }
    }

    private int complain(String message) {
        out.flush();
        complaint.accept(message);
        return Outcome.UNUSABLE;
    }

    private static int status(Conclusion conclusion) {
        return switch (conclusion) {
            case CERTIFIED, PARTIAL -> Outcome.GOOD;
            case FAILED -> Outcome.FOUND;
            case INCONCLUSIVE -> INCONCLUSIVE;
        };
    }
}
