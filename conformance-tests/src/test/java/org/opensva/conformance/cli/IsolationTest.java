package org.opensva.conformance.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.conformance.report.Certificate;
import org.opensva.conformance.report.CertificateReader;
import org.opensva.conformance.report.RuleVerdict;
import org.opensva.conformance.suite.Verdict;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A backend that takes its JVM down costs a test, and not the run. */
class IsolationTest {

    @TempDir Path folder;

    private RuleVerdict verdict(Certificate certificate, String rule) {
        return certificate.rules().stream()
                .filter(each -> each.id().equals(rule))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void theOtherTestsHaveTheirVerdictsWhenAJvmIsLost() {
        assumeTrue(Files.isExecutable(Path.of("/bin/kill")), "no kill here");
        Shell shell = new Shell(folder).tests(DyingRules.class).program(DyingRules.class);
        Shell.Result result =
                shell.plugged(
                        "certify",
                        "--isolate",
                        "--backend",
                        "fake",
                        "--rules",
                        "BIND-01,BIND-03,BIND-10,UNMAP-01,UACCE-01,EXIT-*",
                        "--timeout-factor",
                        "0.1",
                        "--report",
                        shell.path("r"));
        assertEquals(ExitStatus.FOUND, result.status(), result.err());
        Certificate certificate =
                CertificateReader.read(
                        new String(shell.read("r/certificate.json"), StandardCharsets.UTF_8));
        assertEquals(Verdict.PASSED, verdict(certificate, "BIND-01").verdict());
        assertEquals(Verdict.PASSED, verdict(certificate, "BIND-10").verdict());
        assertEquals(
                "the JVM of chapter BIND ended with exit status 3 in this test",
                verdict(certificate, "BIND-03").reason());
        assertEquals(Verdict.FAILED, verdict(certificate, "BIND-03").verdict());
        String crash = verdict(certificate, "UNMAP-01").reason();
        assertTrue(
                crash.startsWith("the JVM of chapter UNMAP ended with exit status 1: SIGSEGV"),
                crash);
        assertEquals(
                "the JVM of chapter UACCE was ended because nothing was heard from it in this test",
                verdict(certificate, "UACCE-01").reason());
        assertEquals(
                List.of(Verdict.FAILED, Verdict.FAILED, Verdict.FAILED, Verdict.INCONCLUSIVE),
                List.of("EXIT-01", "EXIT-06", "EXIT-03", "EXIT-05").stream()
                        .map(rule -> verdict(certificate, rule).verdict())
                        .toList());
        assertEquals(
                "not run: the JVM of chapter EXIT was lost 3 times",
                verdict(certificate, "EXIT-05").reason());
        assertTrue(result.out().startsWith("the backend prints\n"), result.out());
    }

    @Test
    void aBackendThatCannotBeOpenedIsToldAsWithoutChildren() {
        Shell shell = new Shell(folder).tests(DyingRules.class).program(DyingRules.class);
        Shell.Result result =
                shell.plugged("certify", "--isolate", "--backend", "fake", "--option", "memory=no");
        Shell.Result without =
                shell.plugged("certify", "--backend", "fake", "--option", "memory=no");
        assertEquals(without.status(), result.status());
        assertEquals(without.err(), result.err());
    }

    @Test
    void aParentThatIsKilledLeavesNoOrphanAndNoFiles() throws Exception {
        Path pidFile = folder.resolve("pid");
        Shell shell = new Shell(folder);
        List<String> command =
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-D" + DyingRules.PID_FILE + "=" + pidFile,
                        "-cp",
                        System.getProperty("java.class.path"),
                        DyingRules.class.getName(),
                        "certify",
                        "--isolate",
                        "--backend",
                        "fake",
                        "--rules",
                        "FAULT-02",
                        "--plugin",
                        shell.fakes().toString());
        Process parent =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("log").toFile())
                        .start();
        try {
            String[] said = await(pidFile, parent).split(" ", 2);
            ProcessHandle child = ProcessHandle.of(Long.parseLong(said[0])).orElseThrow();
            assertTrue(child.isAlive(), "the child runs");
            parent.destroyForcibly().waitFor();
            child.onExit().get(60, TimeUnit.SECONDS);
            assertFalse(Files.exists(Path.of(said[1])), said[1]);
        } finally {
            parent.destroyForcibly();
        }
    }

    private String await(Path file, Process parent) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (!Files.exists(file)) {
            boolean waiting = parent.isAlive() && System.nanoTime() - deadline < 0;
            assertTrue(waiting, () -> log());
            Thread.onSpinWait();
            Thread.yield();
        }
        return Files.readString(file);
    }

    private String log() {
        try {
            return Files.readString(folder.resolve("log"));
        } catch (IOException e) {
            return e.toString();
        }
    }
}
