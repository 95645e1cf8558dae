package org.opensva.conformance.cli.certificate;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.report.Certificate;
import org.opensva.conformance.report.check.CertificateCheck;
import org.opensva.conformance.report.seal.VerifyingKey;
import org.opensva.conformance.rules.RuleBook;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/** {@code opensva verify}: tells whether certificates hold. */
@Command(
        name = "verify",
        header = "Check certificates: form, digest, signature, and that no rule is missing.",
        description =
                "A certificate holds if it follows its schema, is what was sealed, is signed by the"
                        + " key if one is given, and has a verdict for exactly the rules of this"
                        + " version's contract that its claims make applicable.",
        footerHeading =
                "%nExit status: 0 every one holds, 1 one does not, 2 a file cannot be read."
                        + "%n%nExamples:%n",
        footer = {
            "  opensva verify out/certificate.json",
            "  openssl pkey -in key.pem -pubout -out pub.pem",
            "  opensva verify --key pub.pem out/certificate.json"
        })
public final class VerifyCommand implements Callable<Integer> {

    private final PrintWriter out;
    private final Consumer<String> complaint;

    @Option(
            names = "--key",
            paramLabel = "PUB",
            description = "The Ed25519 public key that must have signed, in a PEM file.")
    private @Nullable Path key;

    @Parameters(
            paramLabel = "FILE|DIR",
            arity = "1..*",
            description = "A certificate, or the folder of a report.")
    private List<Path> files = List.of();

    /**
     * Creates the command.
     *
     * @param out where results go
     * @param complaint takes one line for each thing that is wrong with the input
     */
    public VerifyCommand(PrintWriter out, Consumer<String> complaint) {
        this.out = out;
        this.complaint = complaint;
    }

    @Override
    public Integer call() {
        Optional<VerifyingKey> expected;
        try {
            Path pem = key;
            expected =
                    pem == null
                            ? Optional.empty()
                            : Optional.of(CertificateFiles.key(pem, VerifyingKey::ofPem));
        } catch (InputException e) {
            return complain(e);
        }
        CertificateCheck check = new CertificateCheck(RuleBook.load());
        int status = Outcome.GOOD;
        for (Path file : files) {
            // One that cannot be read says nothing about the others.
            status = Math.max(status, verify(check, file, expected));
        }
        return status;
    }

    private int complain(InputException e) {
        out.flush();
        complaint.accept(String.valueOf(e.getMessage()));
        return Outcome.UNUSABLE;
    }

    private int verify(CertificateCheck check, Path file, Optional<VerifyingKey> expected) {
        String text;
        try {
            text = CertificateFiles.text(file);
        } catch (InputException e) {
            return complain(e);
        }
        CertificateCheck.Result result = check.check(text, expected);
        if (!result.findings().isEmpty()) {
            result.findings().forEach(line -> say(file + ": " + line));
            return Outcome.FOUND;
        }
        result.certificate().ifPresent(certificate -> holds(file, certificate, result.signer()));
        return Outcome.GOOD;
    }

    private void holds(Path file, Certificate certificate, Optional<VerifyingKey> signer) {
        int rules = certificate.rules().size();
        say(
                "%s: holds: %s %s is %s, %s, %s%s"
                        .formatted(
                                file,
                                certificate.backend().qualifiedName(),
                                certificate.backend().version(),
                                certificate.conclusion().text(),
                                rules == 1 ? "1 rule" : rules + " rules",
                                certificate
                                        .backend()
                                        .profile()
                                        .map("machine profile %.12s, "::formatted)
                                        .orElse(""),
                                signer.map(by -> "signed by " + by.fingerprint())
                                        .orElse("not signed")));
    }

    private void say(String line) {
        out.println(Printable.of(line));
    }
}
