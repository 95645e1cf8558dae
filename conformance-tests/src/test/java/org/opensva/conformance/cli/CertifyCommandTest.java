package org.opensva.conformance.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opensva.conformance.report.Certificate;
import org.opensva.conformance.report.CertificateReader;
import org.opensva.conformance.report.Conclusion;
import org.opensva.conformance.rules.RuleBook;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

class CertifyCommandTest {

    private static final int RULES = RuleBook.load().rules().size();

    @TempDir Path folder;

    private Shell holding() {
        return new Shell(folder).tests(SampleRules.Holding.class);
    }

    private static Certificate certificate(Shell shell, String name) {
        return CertificateReader.read(new String(shell.read(name), StandardCharsets.UTF_8));
    }

    @Test
    void aBackendThatBreaksNothingIsCertified() {
        Shell.Result result = holding().plugged("certify", "--backend", "fake");
        assertEquals(ExitStatus.GOOD, result.status(), result.err());
        assertTrue(result.out().contains("\nfake:good 1.2.3 (Fake & Sons), seed 0x"), result.out());
        assertTrue(result.out().contains("\ncertified: Every rule was judged"), result.out());
        assertEquals("fake:good: 1 tests, %d rules".formatted(RULES), result.err().strip());
    }

    @Test
    void theTableCountsVerdictsByGroup() {
        Shell.Result result =
                new Shell(folder)
                        .tests(SampleRules.Holding.class, SampleRules.Breaking.class)
                        .plugged("certify", "--backend", "fake", "--rules", "BIND-01,UNMAP-01");
        List<String> lines = result.out().lines().map(l -> l.replaceAll(" +", " ")).toList();
        assertTrue(
                lines.contains("rules passed failed n.a. not observable inconclusive"),
                result.out());
        assertTrue(lines.contains("BIND 1 - - - -"), result.out());
        assertTrue(lines.contains("UNMAP - 1 - - -"), result.out());
        assertTrue(lines.contains("all 1 1 - - -"), result.out());
        assertFalse(result.out().contains("FORK"), "groups that were not asked for");
    }

    @Test
    void aBrokenRuleIsToldWithWhatWasExpectedAndSeenAndHowToRepeatIt() {
        Shell.Result result =
                new Shell(folder)
                        .tests(SampleRules.Breaking.class)
                        .plugged(
                                "certify",
                                "--backend",
                                "fake",
                                "--seed",
                                "0xffffffffffffffff",
                                "--option",
                                "memory=77");
        assertEquals(ExitStatus.FOUND, result.status());
        String out = result.out();
        assertTrue(out.contains("\nfailed UNMAP-01 (MUST): "), out);
        assertTrue(out.contains("\n  rule:     "), out);
        assertTrue(out.contains("\n  expected: no <b>device</b> reaches it\n"), out);
        assertTrue(out.contains("\n  seen:     it was read & found\n"), out);
        assertTrue(out.contains("\n  at step:  the page is unmapped\n"), out);
        assertTrue(out.contains("\n  look at:  "), out);
        assertTrue(
                out.contains(
                        "\n  repeat:   opensva certify --backend fake:good --option memory=77"
                                + " --rules UNMAP-01 --seed 0xffffffffffffffff\n"),
                out);
        assertTrue(out.contains("\nfailed: A MUST rule was broken.\n"), out);
        assertTrue(
                result.err().contains("fake:good: failed: ") && result.err().contains("(UNMAP-01)"),
                result.err());
    }

    @Test
    void aRuleThatCouldNotBeJudgedIsInconclusive() {
        Shell.Result result =
                new Shell(folder)
                        .tests(SampleRules.Holding.class, SampleRules.Open.class)
                        .plugged("certify", "--backend", "fake");
        assertEquals(ExitStatus.INCONCLUSIVE, result.status());
        assertTrue(
                result.out().contains("\n  reason:   no permission to open /dev/iommu\n"),
                result.out());
    }

    @Test
    void aBrokenRuleWeighsMoreThanAnOpenOne() {
        Shell.Result result =
                new Shell(folder)
                        .tests(SampleRules.Open.class, SampleRules.Breaking.class)
                        .plugged("certify", "--backend", "fake");
        assertEquals(ExitStatus.FOUND, result.status());
    }

    @Test
    void adviceThatIsNotFollowedIsReportedAndDoesNotWithholdTheCertificate() {
        Shell.Result result =
                new Shell(folder)
                        .tests(SampleRules.Unadvised.class)
                        .plugged("certify", "--backend", "fake");
        assertEquals(ExitStatus.GOOD, result.status());
        assertTrue(result.out().contains("\nnot met UACCE-10 (SHOULD): "), result.out());
    }

    @Test
    void someRulesAreNoCertificate() {
        Shell.Result result =
                holding().plugged("certify", "--backend", "fake", "--rules", "bind-*");
        assertEquals(ExitStatus.GOOD, result.status());
        assertTrue(result.out().contains("\npartial: "), result.out());
    }

    @Test
    void aReportHasACertificateAPageAndJunitXml() {
        Shell shell = holding();
        Shell.Result result =
                shell.plugged(
                        "certify",
                        "--backend",
                        "fake",
                        "--report",
                        shell.path("new/report"),
                        "--seed",
                        "7");
        assertEquals(ExitStatus.GOOD, result.status(), result.err());
        assertEquals(
                List.of(
                        "new/report/badge.svg",
                        "new/report/certificate.json",
                        "new/report/index.html",
                        "new/report/junit.xml",
                        "new/report/open-test-report.xml"),
                shell.names());
        assertTrue(
                result.out().endsWith("report: " + shell.path("new/report/index.html") + "\n"),
                result.out());
        Certificate certificate = certificate(shell, "new/report/certificate.json");
        assertEquals(Conclusion.CERTIFIED, certificate.conclusion());
        assertEquals(7, certificate.seed());
        assertEquals("fake:good", certificate.backend().qualifiedName());
        assertEquals(RULES, certificate.rules().size());
    }

    @Test
    void severalBackendsHaveAFolderEachAndAPageAbove() {
        Shell shell = holding();
        Shell.Result result =
                shell.plugged(
                        "certify",
                        "--backend",
                        "fake",
                        "--backend",
                        "other:second",
                        "--backend",
                        "fake:good",
                        "--report",
                        shell.path("report"));
        assertEquals(ExitStatus.GOOD, result.status(), result.err());
        assertEquals(
                List.of(
                        "report/fake-good/badge.svg",
                        "report/fake-good/certificate.json",
                        "report/fake-good/index.html",
                        "report/fake-good/junit.xml",
                        "report/fake-good/open-test-report.xml",
                        "report/index.html",
                        "report/other-second/badge.svg",
                        "report/other-second/certificate.json",
                        "report/other-second/index.html",
                        "report/other-second/junit.xml",
                        "report/other-second/open-test-report.xml"),
                shell.names());
    }

    @Test
    void aReportReplacesTheOneBefore() {
        Shell shell = holding();
        String[] command = {"certify", "--backend", "fake", "--report", shell.path("r")};
        shell.plugged(command);
        Shell broken = new Shell(folder).tests(SampleRules.Breaking.class);
        assertEquals(ExitStatus.FOUND, broken.plugged(command).status());
        assertEquals(Conclusion.FAILED, certificate(shell, "r/certificate.json").conclusion());
        assertEquals(5, shell.names().size());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "--backend nope|unknown backend 'nope'; there are: ",
                "--backend fake:nope|backend 'fake' has no variant 'nope'; it has: good, second,"
                        + " dying, absent",
                "--backend fake:absent|backend 'fake:absent' is not available here: no /dev/fake;"
                        + " plug one in",
                "--backend fake --option colour=red|backend 'fake' has no option 'colour'; it has:"
                        + " memory",
                "--backend fake --option memory=much|option 'memory' is not a number",
                "--backend fake --rules NONE-*|no rule matches 'NONE-*'; the groups are: BIND-*,",
                "--backend fake --rules a/b|rule filter 'a/b' is not a comma-separated list",
                "--backend fake --timeout-factor 0|time-out factor 0.0 is not above 0",
                "--backend fake --timeout-factor NaN|time-out factor NaN is not above 0",
            })
    void whatCannotBeHadIsOneLine(String options, String complaint) {
        Shell shell = holding();
        String report = shell.path("report");
        String[] args = ("certify --report " + report + " " + options).split(" ", -1);
        String line = shell.plugged(args).complaint(ExitStatus.USAGE);
        assertTrue(line.startsWith(complaint), line);
        assertEquals(List.of(), shell.names());
    }

    @Test
    void aReportThatCannotBeWrittenStopsTheRunBeforeItBegins() throws IOException {
        Shell shell =
                new Shell(folder)
                        .suite(run -> {
                            throw new AssertionError("the suite was started");
                        });
        String file = shell.file("file", new byte[] {1});
        String[] command = {"certify", "--backend", "fake", "--report", file};
        assertTrue(
                shell.plugged(command)
                        .complaint(ExitStatus.USAGE)
                        .startsWith("cannot write a report to '" + file + "': "),
                "one line");
        command[4] = file + "/below";
        assertTrue(
                shell.plugged(command)
                        .complaint(ExitStatus.USAGE)
                        .startsWith("cannot write a report to '" + file + "/below': "),
                "one line");
        assertArrayEquals(new byte[] {1}, shell.read("file"));
        Path used = Files.createDirectories(folder.resolve("used/junit.xml"));
        command[4] = shell.path("used");
        assertEquals(
                "cannot write a report to '%s': a folder 'junit.xml' is in the way"
                        .formatted(command[4]),
                shell.plugged(command).complaint(ExitStatus.USAGE));
        Files.delete(used);
        Files.createFile(folder.resolve("used/other-good"));
        assertEquals(
                "cannot write a report to '%s': a file 'other-good' is in the way"
                        .formatted(command[4]),
                shell.plugged(
                                "certify",
                                "--backend",
                                "fake",
                                "--backend",
                                "other",
                                "--report",
                                command[4])
                        .complaint(ExitStatus.USAGE));
        assertEquals(List.of("file", "used/other-good"), shell.names());
    }

    @Test
    void aTerminalSeesOneLineThatIsUpdatedAndTakenAway() {
        Shell.Result result =
                holding().terminals(false, true).plugged("certify", "--backend", "fake");
        assertTrue(result.err().startsWith("\rfake:good [...................."), result.err());
        assertTrue(result.err().contains("1/1"), result.err());
        assertTrue(result.err().endsWith(" \r"), "cleared at the end");
        assertFalse(result.err().contains("\n"), result.err());
        for (String line : result.err().split("\r", -1)) {
            assertTrue(line.length() < 80, line);
        }
    }

    @Test
    void colourIsForTerminalsThatWantIt() {
        Map<String, String> plain = Map.of("TERM", "xterm");
        Shell shell = new Shell(folder).tests(SampleRules.Breaking.class).terminals(true, true);
        String[] command = {"certify", "--backend", "fake"};
        assertTrue(shell.environment(plain).plugged(command).out().contains("\u001b[31m"), "red");
        for (Map<String, String> environment :
                List.of(Map.of("TERM", "xterm", "NO_COLOR", "1"), Map.of("TERM", "dumb"))) {
            String out = shell.environment(environment).plugged(command).out();
            assertFalse(out.contains("\u001b"), out);
        }
        String piped = shell.environment(plain).terminals(false, false).plugged(command).out();
        assertFalse(piped.contains("\u001b"), piped);
    }

    @Test
    void whatABackendSaysMovesNoCursor() {
        Shell.Result result =
                new Shell(folder)
                        .tests(SampleRules.Crashing.class)
                        .plugged("certify", "--backend", "fake");
        assertEquals(ExitStatus.FOUND, result.status());
        assertFalse((result.out() + result.err()).contains("\u001b"), result.out());
        assertTrue(result.out().contains("odd?[31m"), result.out());
    }

    @Test
    void oneBackendThatCannotStartTakesNoVerdictFromTheOthers() {
        Shell shell = holding();
        Context.Suite real = run -> run.tests(SampleRules.Holding.class).run();
        int[] calls = {0};
        Context.Suite suite =
                run -> {
                    if (calls[0]++ == 0) {
                        throw new org.opensva.api.backend.BackendException("no power");
                    }
                    return real.run(run);
                };
        Shell.Result result =
                shell.suite(suite)
                        .plugged(
                                "certify",
                                "--backend",
                                "fake",
                                "--backend",
                                "other",
                                "--report",
                                shell.path("r"));
        assertEquals(ExitStatus.USAGE, result.status());
        assertTrue(result.err().startsWith("opensva: fake:good: no power\n"), result.err());
        assertEquals(
                List.of(
                        "r/index.html",
                        "r/other-good/badge.svg",
                        "r/other-good/certificate.json",
                        "r/other-good/index.html",
                        "r/other-good/junit.xml",
                        "r/other-good/open-test-report.xml"),
                shell.names());
    }

    @Test
    void theFoldersOfAReportAreReadableByWhoeverMayReadTheReport() throws IOException {
        Shell shell = holding();
        shell.plugged("certify", "--backend", "fake", "--report", shell.path("r"));
        Path made = Files.createFile(folder.resolve("ordinary"));
        assertEquals(
                Files.getPosixFilePermissions(made),
                Files.getPosixFilePermissions(folder.resolve("r/index.html")));
    }
}
