package org.opensva.conformance.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

class UsageTest {

    @TempDir Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "\"\"|a command is missing (see 'opensva --help')",
                "certfy|unmatched argument at index 0: 'certfy'; did you mean 'certify'?"
                        + " (see 'opensva --help')",
                "backends --bogus|unknown option: '--bogus' (see 'opensva backends --help')",
                "certify --seed 0xg|invalid value for option '--seed': '0xg' is neither a number"
                        + " nor 0x and up to 16 hexadecimal digits (see 'opensva certify --help')",
                "certify --report|missing required parameter for option '--report' (DIR)"
                        + " (see 'opensva certify --help')",
                "certify --option x|value for option option '--option' (KEY=VALUE) should be in"
                        + " KEY=VALUE format but was x (see 'opensva certify --help')",
                "run|missing required parameters: 'OPERATION', 'INPUT' (see 'opensva run --help')",
                "run zip x|invalid value for positional parameter at index 0 (OPERATION): 'zip' is"
                        + " no operation (see 'opensva run"
                        + " --help')",
                "run copy x --window 1|invalid value for option '--window': '1' is not a size from"
                        + " 4K to 256M (see 'opensva run --help')",
            })
    void wrongUsageIsOneLineThatNamesTheHelp(String typed, String complaint) {
        String[] args = typed.isEmpty() ? new String[0] : typed.split(" ", -1);
        assertEquals(complaint, new Shell(folder).type(args).complaint(ExitStatus.USAGE));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "backends", "certify", "run", "replay", "inspect", "completion"})
    void helpHasExamplesAndTheExitStatusOnEveryLevel(String command) {
        Shell.Result help =
                command.isEmpty()
                        ? new Shell(folder).type("--help")
                        : new Shell(folder).type(command, "--help");
        assertEquals(ExitStatus.GOOD, help.status());
        assertEquals("", help.err());
        assertTrue(help.out().contains("\nExamples:\n"), help.out());
        assertTrue(help.out().contains("\n  70   a fault of the suite itself\n"), help.out());
        assertFalse(help.out().contains("\u001b"), "no colour in a pipe");
        for (String line : help.out().lines().toList()) {
            assertTrue(line.length() <= 80, line);
        }
    }

    @Test
    void theVersionNamesTheRuleBook() {
        Shell.Result version = new Shell(folder).type("--version");
        assertEquals(ExitStatus.GOOD, version.status());
        assertTrue(version.out().startsWith("opensva "), version.out());
        assertTrue(version.out().contains("rules, SHA-256 "), version.out());
    }

    @Test
    void theCompletionScriptKnowsEveryCommand() {
        Shell.Result script = new Shell(folder).type("completion");
        assertEquals(ExitStatus.GOOD, script.status());
        assertTrue(script.out().startsWith("#!/usr/bin/env bash"), "a script");
        String help = new Shell(folder).type("--help").out();
        List<String> commands =
                help.substring(help.indexOf("Commands:"), help.indexOf("Exit status:"))
                        .lines()
                        .takeWhile(line -> !line.isBlank())
                        .filter(line -> line.matches(" {2}[a-z].*"))
                        .map(line -> line.strip().split(" ", 2)[0])
                        .toList();
        assertTrue(commands.contains("certify"), help);
        assertTrue(script.out().contains(String.join(" ", commands)), commands.toString());
        assertTrue(script.out().contains("gzip"), "its operations");
        assertEquals("", script.err());
    }

    @Test
    void aFaultOfTheProgramIsOneLineAndTheTraceOnlyOnRequest() {
        Shell shell = new Shell(folder).tests(SampleRules.class);
        String[] broken = {"certify", "--backend", "fake"};
        String line = shell.plugged(broken).complaint(ExitStatus.FAULT);
        assertTrue(line.startsWith("fault of the suite: no test was found"), line);
        assertTrue(line.endsWith("(--debug shows more)"), line);

        Shell.Result debugged = shell.plugged("certify", "--debug", "--backend", "fake");
        assertEquals(ExitStatus.FAULT, debugged.status());
        assertTrue(debugged.err().contains("\tat org.opensva."), debugged.err());
    }

    @Test
    void anUnexpectedExceptionIsAFaultInOneLine() {
        Shell shell = new Shell(folder);
        Context.Suite suite =
                run -> {
                    throw new IllegalStateException("two\nlines");
                };
        String line = shell.suite(suite).plugged("certify", "--backend", "fake").complaint(70);
        assertTrue(line.startsWith("unexpected IllegalStateException: two lines at "), line);

        Context.Suite dying =
                run -> {
                    throw new StackOverflowError();
                };
        line = shell.suite(dying).plugged("certify", "--backend", "fake").complaint(70);
        assertTrue(line.startsWith("unexpected StackOverflowError"), line);
    }

    @Test
    void aReaderThatHasSeenEnoughIsNoError() {
        Shell.Result result = new Shell(folder).type(failing("Broken pipe"), "completion");
        assertEquals(ExitStatus.GOOD, result.status());
        assertEquals("", result.err());
    }

    @Test
    void outputThatCannotBeWrittenIsAnError() {
        Shell.Result result =
                new Shell(folder).type(failing("No space left on device"), "completion");
        assertEquals(
                "cannot write standard output: No space left on device"
                        .toLowerCase(java.util.Locale.ROOT),
                result.complaint(ExitStatus.USAGE).toLowerCase(java.util.Locale.ROOT));
    }

    private static OutputStream failing(String message) {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException(message);
            }
        };
    }

    @Test
    void anArgumentIsNeverTakenForAFileOfArguments() throws IOException {
        Shell shell = new Shell(folder);
        String file = "@" + shell.file("arguments", "--version".getBytes(StandardCharsets.UTF_8));
        assertTrue(shell.type(file).complaint(ExitStatus.USAGE).contains(file), "as typed");
    }
}
