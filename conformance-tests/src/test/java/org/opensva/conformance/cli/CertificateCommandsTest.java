package org.opensva.conformance.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.api.backend.Capability;
import org.opensva.conformance.report.CertificateReader;
import org.opensva.conformance.report.CertificateWriter;
import org.opensva.conformance.report.WholeBook;
import org.opensva.conformance.report.seal.Keys;
import org.opensva.conformance.report.seal.Seal;
import org.opensva.conformance.rules.RuleBook;

import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** {@code verify} and {@code diff}, and the signing of what they read. */
class CertificateCommandsTest {

    private static final KeyPair PAIR = Keys.make("Ed25519");

    @TempDir Path folder;

    private String file(Shell shell, String name, String text) {
        return shell.file(name, text.getBytes(StandardCharsets.UTF_8));
    }

    private static String certificate(Capability... claims) {
        return CertificateWriter.write(WholeBook.certificate(RuleBook.load(), claims));
    }

    @Test
    void aCertificateThatHoldsIsOneLine() {
        Shell shell = new Shell(folder);
        String file = file(shell, "c.json", certificate(Capability.ATS));
        Shell.Result result = shell.type("verify", file);
        assertEquals(ExitStatus.GOOD, result.status(), result.out());
        assertTrue(
                result.out().startsWith(file + ": holds: fake:good 1.0 is certified, "),
                result.out());
        assertTrue(result.out().endsWith(" rules, not signed\n"), result.out());
    }

    @Test
    void whatIsWrongIsALineEach() {
        Shell shell = new Shell(folder);
        String file =
                file(
                        shell,
                        "c.json",
                        certificate().replace("\"seed\" : \"0x2a\"", "\"seed\" : \"0x2b\""));
        Shell.Result result = shell.type("verify", file);
        assertEquals(ExitStatus.FOUND, result.status(), result.out());
        assertEquals(file + ": digest: the content is not what was sealed\n", result.out());
    }

    @Test
    void aChangedCertificateIsNeitherComparedNorMerged() {
        Shell shell = new Shell(folder);
        String good = file(shell, "good.json", certificate());
        String bad =
                file(
                        shell,
                        "bad.json",
                        certificate().replace("\"seed\" : \"0x2a\"", "\"seed\" : \"0x2b\""));
        String complaint = "'" + bad + "': digest: the content is not what was sealed";
        assertEquals(complaint, shell.type("diff", good, bad).complaint(ExitStatus.USAGE));
        assertEquals(
                complaint,
                shell.type("merge", good, bad, "--report", shell.path("r"))
                        .complaint(ExitStatus.USAGE));
        String unsealed =
                file(
                        shell,
                        "unsealed.json",
                        certificate().replace("\"sha256\" : \"", "\"sha256\" : \"0"));
        assertEquals(
                "'" + unsealed + "': digest: the content is not what was sealed",
                shell.type("diff", unsealed, good).complaint(ExitStatus.USAGE));
    }

    @Test
    void aSignedReportIsVerifiedByItsKeyAndByNoOther() {
        Shell shell = new Shell(folder).tests(SampleRules.Holding.class);
        String key = file(shell, "key.pem", Keys.privatePem(PAIR));
        String pub = file(shell, "pub.pem", Keys.publicPem(PAIR));
        String other = file(shell, "other.pem", Keys.publicPem(Keys.make("Ed25519")));
        String report = shell.path("r");
        assertEquals(
                ExitStatus.GOOD,
                shell.plugged(
                                "certify",
                                "--backend",
                                "fake",
                                "--rules",
                                "BIND-*",
                                "--report",
                                report,
                                "--sign",
                                key)
                        .status());
        Shell.Result good = shell.type("verify", "--key", pub, report);
        assertEquals(ExitStatus.GOOD, good.status(), good.out());
        assertTrue(good.out().contains(", signed by "), good.out());
        Shell.Result bad = shell.type("verify", "--key", other, report);
        assertEquals(ExitStatus.FOUND, bad.status());
        assertEquals(report + ": signature: another key signed it\n", bad.out());
        assertFalse(
                new String(shell.read("r/certificate.json"), StandardCharsets.UTF_8)
                        .contains(Keys.privatePem(PAIR).lines().toList().get(1)),
                "the private key stays where it is");
    }

    @Test
    void whatCannotBeReadIsOneLine() {
        Shell shell = new Shell(folder);
        String good = file(shell, "c.json", certificate());
        assertEquals(
                "'nowhere': no such file or directory",
                shell.type("verify", "nowhere").complaint(ExitStatus.USAGE));
        assertEquals(
                "'" + folder.resolve("certificate.json") + "': no such file or directory",
                shell.type("verify", folder.toString()).complaint(ExitStatus.USAGE));
        String small = file(shell, "small", "no key");
        String binary = shell.file("binary", new byte[] {(byte) 0xff, (byte) 0xfe});
        assertEquals(
                "'" + binary + "': not text in UTF-8",
                shell.type("diff", good, binary).complaint(ExitStatus.USAGE));
        assertEquals(
                "key '" + small + "': it holds no '-----BEGIN PUBLIC KEY-----' in PEM",
                shell.type("verify", "--key", small, good).complaint(ExitStatus.USAGE));
        String text = file(shell, "text", "hello");
        assertEquals(
                "'" + text + "': not JSON: line 1, column 1",
                shell.type("diff", text, good).complaint(ExitStatus.USAGE));
    }

    @Test
    void aFileThatCannotBeReadKeepsNoOtherFromBeingChecked() {
        Shell shell = new Shell(folder);
        String good = file(shell, "good.json", certificate());
        String bad = file(shell, "bad.json", "{}");
        Shell.Result result = shell.type("verify", "nowhere", good, "nothing", bad);
        assertEquals(ExitStatus.USAGE, result.status());
        assertEquals(
                "opensva: 'nowhere': no such file or directory\n"
                        + "opensva: 'nothing': no such file or directory\n",
                result.err());
        assertTrue(result.out().startsWith(good + ": holds: "), result.out());
        assertTrue(result.out().contains("\n" + bad + ": "), result.out());
    }

    @Test
    void aFileWithoutEndIsNoCertificate() {
        Shell shell = new Shell(folder);
        assertEquals(
                "'/dev/zero': larger than 16384 KiB",
                shell.type("verify", "/dev/zero").complaint(ExitStatus.USAGE));
    }

    @Test
    void whereNoReportCanBeWrittenIsSaidInWords() {
        Shell shell = new Shell(folder);
        String one = file(shell, "c.json", certificate());
        assertEquals(
                "cannot write a report to '" + one + "': not a directory",
                shell.type("merge", one, "--report", one).complaint(ExitStatus.USAGE));
        assertEquals(
                "cannot write a report to '" + one + "/r': not a directory",
                shell.type("merge", one, "--report", one + "/r").complaint(ExitStatus.USAGE));
        assertEquals(List.of("c.json"), shell.names());
    }

    @Test
    void aKeyThatCannotSignStopsTheRunBeforeItBegins() {
        Shell shell =
                new Shell(folder)
                        .suite(run -> {
                            throw new AssertionError("the suite was started");
                        });
        String pub = file(shell, "pub.pem", Keys.publicPem(PAIR));
        assertEquals(
                "key '" + pub + "': it holds no '-----BEGIN PRIVATE KEY-----' in PEM",
                shell.plugged(
                                "certify",
                                "--backend",
                                "fake",
                                "--report",
                                shell.path("r"),
                                "--sign",
                                pub)
                        .complaint(ExitStatus.USAGE));
        assertEquals(
                "--sign needs --report: nothing else is signed",
                shell.plugged("certify", "--backend", "fake", "--sign", pub)
                        .complaint(ExitStatus.USAGE));
        assertEquals(List.of("pub.pem"), shell.names());
    }

    @Test
    void twoCertificatesThatSayTheSameDoNotDiffer() {
        Shell shell = new Shell(folder);
        String a = file(shell, "a.json", certificate(Capability.ATS));
        Shell.Result result = shell.type("diff", a, a);
        assertEquals(ExitStatus.GOOD, result.status());
        assertEquals("no difference\n", result.out());
    }

    @Test
    void theDocumentsOfTwoMachinesAreToldApart() {
        Shell shell = new Shell(folder);
        String a = file(shell, "a.json", described("ab"));
        String b = file(shell, "b.json", described("cd"));
        Shell.Result result = shell.type("diff", a, b);
        assertEquals(
                "  machine profile: " + "ab".repeat(32) + " -> " + "cd".repeat(32),
                result.out().lines().toList().getFirst());
        Shell.Result holds = shell.type("verify", a);
        assertEquals(ExitStatus.GOOD, holds.status(), holds.out());
        assertTrue(holds.out().contains(", machine profile abababababab, "), holds.out());
    }

    private static String described(String digit) {
        ObjectNode document = CertificateReader.document(certificate());
        ((ObjectNode) document.path("backend").path("properties"))
                .put("profile-sha256", digit.repeat(32));
        Seal.put(document, Optional.empty());
        return document.toString();
    }

    @Test
    void whatDiffersIsALineEach() {
        Shell shell = new Shell(folder);
        String a = file(shell, "a.json", certificate(Capability.FORK, Capability.INSTANCES));
        String b = file(shell, "b.json", certificate(Capability.FORK));
        Shell.Result result = shell.type("diff", a, b);
        assertEquals(ExitStatus.FOUND, result.status());
        List<String> lines = result.out().lines().toList();
        assertEquals("  capability instances: claimed -> none", lines.getFirst());
        assertTrue(lines.stream().anyMatch(l -> l.startsWith("! UACCE-")), result.out());
        assertTrue(
                lines.stream().anyMatch(l -> l.contains(": passed -> not-applicable  ")),
                result.out());
        assertTrue(
                Arrays.asList("1", "2").contains(lines.getLast().split(" ", -1)[0]),
                lines.getLast());
    }
}
