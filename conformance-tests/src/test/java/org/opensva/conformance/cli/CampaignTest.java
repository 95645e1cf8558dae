package org.opensva.conformance.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opensva.conformance.report.Certificate;
import org.opensva.conformance.report.CertificateReader;
import org.opensva.conformance.suite.ConformanceResult;
import org.opensva.conformance.suite.ConformanceRun;
import org.opensva.conformance.suite.PlannedTest;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Long runs: repeated, in parts, interrupted and gone on with. */
class CampaignTest {

    @TempDir Path folder;

    private Shell four() {
        return new Shell(folder).tests(SampleRules.Four.class);
    }

    private Certificate certificate(String report) throws IOException {
        return CertificateReader.read(
                Files.readString(folder.resolve(report).resolve("certificate.json")));
    }

    private Shell.Result certify(Shell shell, String report, String... more) {
        List<String> all =
                new ArrayList<>(
                        List.of(
                                "certify",
                                "--backend",
                                "fake",
                                "--rules",
                                "BIND-01,BIND-03,UNMAP-01",
                                "--report",
                                shell.path(report)));
        all.addAll(List.of(more));
        return shell.plugged(all.toArray(String[]::new));
    }

    @Test
    void theWorstOfManyRunsCountsAndNamesItsSeed() throws IOException {
        assertEquals(
                ExitStatus.FOUND, certify(four(), "r", "--repeat", "40", "--seed", "1").status());
        Certificate certificate = certificate("r");
        assertEquals(40, certificate.runs());
        long seed =
                certificate.rules().get(1).evidence().stream()
                        .filter(e -> e.finding().isPresent())
                        .findFirst()
                        .orElseThrow()
                        .seed();
        assertEquals(
                ExitStatus.FOUND,
                certify(four(), "again", "--seed", "0x" + Long.toHexString(seed)).status());
    }

    @Test
    void aRunUntilFailureEndsWithTheFirst() throws IOException {
        Shell.Result result = certify(four(), "r", "--until-failure", "--seed", "1");
        assertEquals(ExitStatus.FOUND, result.status());
        Certificate certificate = certificate("r");
        long last = certificate.seed() + certificate.runs() - 1;
        assertTrue(certificate.runs() < 200, "one run in four fails");
        assertEquals(
                ExitStatus.FOUND, certify(four(), "last", "--seed", String.valueOf(last)).status());
        assertTrue(result.err().contains("fake:good run 1: 4 tests, 3 rules\n"), result.err());
    }

    @Test
    void theShardsOfACampaignAreTheWhole() throws IOException {
        for (int k = 1; k <= 3; k++) {
            certify(four(), "s" + k, "--shard", k + "/3", "--seed", "1");
        }
        certify(four(), "whole", "--seed", "1");
        String[] shards = {folder + "/s1", folder + "/s2", folder + "/s3"};
        Shell.Result merged =
                new Shell(folder)
                        .type("merge", shards[2], shards[0], shards[1], "--report", folder + "/m");
        assertEquals(ExitStatus.GOOD, merged.status(), merged.err());
        Shell.Result diff = new Shell(folder).type("diff", folder + "/m", folder + "/whole");
        assertEquals("no difference\n", diff.out());
        assertEquals(
                "missing: 3/3",
                new Shell(folder)
                        .type("merge", shards[0], shards[1], "--report", folder + "/x")
                        .complaint(ExitStatus.USAGE));
        assertEquals(
                "shard 1/3 is there twice",
                new Shell(folder)
                        .type("merge", shards[0], shards[0], "--report", folder + "/x")
                        .complaint(ExitStatus.USAGE));
        assertEquals(
                "they are not of one campaign: another number of shards",
                new Shell(folder)
                        .type("merge", shards[0], folder + "/whole", "--report", folder + "/x")
                        .complaint(ExitStatus.USAGE));
    }

    @Test
    void aRunThatFailsFastSaysWhatItDidNotRun() throws IOException {
        Shell shell = new Shell(folder).tests(SampleRules.Breaking.class, SampleRules.Four.class);
        assertEquals(ExitStatus.FOUND, certify(shell, "r", "--fail-fast").status());
        assertTrue(
                certificate("r").rules().stream()
                        .anyMatch(rule ->
                                rule.reason().equals("the run was to end with the first failure")),
                "what was not run is open");
    }

    @Test
    void theFirstFailureOfSeveralBackendsIsTheLastOfAll() {
        Shell shell = new Shell(folder).tests(SampleRules.Breaking.class, SampleRules.Four.class);
        Shell.Result result = certify(shell, "r", "--fail-fast", "--backend", "fake:second");
        assertEquals(ExitStatus.FOUND, result.status());
        assertTrue(
                result.err()
                        .contains(
                                "opensva: fake:second is left out: the run ended with the first"
                                        + " failure\n"),
                result.err());
        assertTrue(Files.exists(folder.resolve("r/fake-good/certificate.json")), "it was judged");
        assertFalse(Files.exists(folder.resolve("r/fake-second")), "it was not");
        assertEquals(
                ExitStatus.GOOD,
                certify(four(), "good", "--fail-fast", "--seed", "1", "--backend", "fake:second")
                        .status());
    }

    @Test
    void severalBackendsAreNotRepeatedWithoutEnd() {
        assertEquals(
                "--until-failure would stay with the first of 2 backends: name one with --backend,"
                        + " or say with --repeat how often",
                certify(four(), "r", "--until-failure", "--backend", "fake:second")
                        .complaint(ExitStatus.USAGE));
        assertEquals(
                ExitStatus.GOOD,
                certify(
                                four(),
                                "r",
                                "--until-failure",
                                "--repeat",
                                "2",
                                "--seed",
                                "1",
                                "--backend",
                                "fake:second")
                        .status());
    }

    /** Is interrupted, as by a signal, after two tests. */
    private static final class Interrupted implements Context.Suite {
        final List<String> ran = new ArrayList<>();

        @Override
        public ConformanceResult run(ConformanceRun.Builder run) {
            ConformanceRun.Builder own = run.tests(SampleRules.Four.class);
            List<String> two =
                    own.build().tests().stream().map(PlannedTest::name).limit(2).toList();
            own.only(two::contains).run();
            throw new org.opensva.conformance.suite.SuiteFault("interrupted");
        }
    }

    @Test
    void anInterruptedRunGoesOnWhereItWas() throws IOException {
        Shell broken = new Shell(folder).suite(new Interrupted());
        assertEquals(ExitStatus.FAULT, certify(broken, "r", "--seed", "1").status());
        Path journal = folder.resolve("r/journal.jsonl");
        List<String> lines = Files.readAllLines(journal);
        assertEquals(3, lines.size(), lines.toString());
        // The machine went down in the middle of a line.
        Files.writeString(journal, String.join("\n", lines) + "\n{\"backend\":\"fa");
        Shell.Result result = certify(four(), "r", "--seed", "1", "--resume");
        assertEquals(ExitStatus.GOOD, result.status(), result.err());
        assertFalse(Files.exists(journal), "it is complete");
        certify(four(), "whole", "--seed", "1");
        Shell.Result diff = new Shell(folder).type("diff", folder + "/r", folder + "/whole");
        assertEquals("no difference\n", diff.out());
    }

    @Test
    void onlyTheSameRunIsGoneOnWith() throws IOException {
        certify(new Shell(folder).suite(new Interrupted()), "r", "--seed", "1");
        Path journal = folder.resolve("r/journal.jsonl");
        assertEquals(
                "cannot resume '%s': it is of another campaign: its seed is 0x1, and not 0x2"
                        .formatted(journal),
                certify(four(), "r", "--seed", "2", "--resume").complaint(ExitStatus.USAGE));
        for (String[] bad :
                new String[][] {
                    {"", "it is empty"},
                    {"[]\n", "line 1 is no object"},
                    {"{\n", "line 1 is not JSON"},
                    {
                        Files.readAllLines(journal).getFirst() + "\n{\"test\":1}\n",
                        "'test' is missing or not text"
                    },
                }) {
            Files.write(journal, bad[0].getBytes(StandardCharsets.UTF_8));
            assertEquals(
                    "cannot resume '%s': %s".formatted(journal, bad[1]),
                    certify(four(), "r", "--seed", "1", "--resume").complaint(ExitStatus.USAGE));
        }
        Files.delete(journal);
        assertEquals(
                "cannot resume '%s': no such file or directory".formatted(journal),
                certify(four(), "r", "--seed", "1", "--resume").complaint(ExitStatus.USAGE));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--shard 0/3|invalid value for option '--shard': '0/3' is none: a shard is K/N",
                "--shard 4/3|invalid value for option '--shard': '4/3' is none: a shard is K/N",
                "--shard x|invalid value for option '--shard': 'x' is none: a shard is K/N",
                "--repeat 0|--repeat 0 is not from 1 to 1000000",
                "--resume|--resume needs --report: the journal is there",
            })
    void whatCannotBeHadIsOneLine(String options, String complaint) {
        String[] args = ("certify --backend fake " + options).split(" ", -1);
        String line = four().plugged(args).complaint(ExitStatus.USAGE);
        assertTrue(line.startsWith(complaint), line);
    }
}
