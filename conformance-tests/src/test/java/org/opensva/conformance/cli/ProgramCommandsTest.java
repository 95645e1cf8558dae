package org.opensva.conformance.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** {@code explore} and {@code compare}. */
class ProgramCommandsTest {

    @TempDir Path folder;

    private String program(String text) {
        return new Shell(folder).file("program.txt", text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aSoundMachineBreaksNothing() {
        Shell.Result result =
                new Shell(folder).type("explore", "--programs", "2", "--theme", "forks");
        assertEquals(ExitStatus.GOOD, result.status(), result.err());
        assertEquals(
                "emulated:smmuv3: 2 programs, nothing breaks the contract", result.out().strip());
    }

    @Test
    void aProgramOfOnesOwnIsRun() {
        String file = program("# mine\np0 spawn\np0 map 3\np0 open q0 on 0\np0 read 3 by q0\n");
        Shell.Result result = new Shell(folder).type("explore", "--program", file);
        assertEquals(
                "emulated:smmuv3: 1 program, nothing breaks the contract", result.out().strip());
    }

    @Test
    void racesOfASoundMachineAreExplained() {
        Shell.Result result = new Shell(folder).type("explore", "--races", "--programs", "1");
        assertEquals(ExitStatus.GOOD, result.status(), result.err());
        assertEquals(
                "emulated:smmuv3: 1 races of each of 3 kinds, every access is explained",
                result.out().strip());
        assertEquals(
                "--races and --program exclude each other",
                new Shell(folder)
                        .type("explore", "--races", "--program", program("p0 spawn\n"))
                        .complaint(ExitStatus.USAGE));
    }

    @Test
    void machinesThatDifferInWhatTheContractLeavesOpenCompareEqual() {
        Shell.Result result =
                new Shell(folder)
                        .type(
                                "compare",
                                "--no-rules",
                                "--programs",
                                "2",
                                "--backend",
                                "emulated:smmuv3",
                                "--backend",
                                "emulated:smmuv3-noats");
        assertEquals(ExitStatus.GOOD, result.status(), result.err());
        assertTrue(result.out().startsWith("programs: 6 with "), result.out());
    }

    @Test
    void whatCannotBeRunIsRefusedInOneLine() {
        Shell shell = new Shell(folder);
        assertEquals(
                "cannot read '/dev/zero': larger than 16384 KiB",
                shell.type("explore", "--program", "/dev/zero").complaint(ExitStatus.USAGE));
        assertEquals(
                "'%s': line 2, 'p0 fly': 'fly' is not a step"
                        .formatted(folder.resolve("program.txt")),
                shell.type("explore", "--program", program("p0 spawn\np0 fly\n"))
                        .complaint(ExitStatus.USAGE));
        assertTrue(
                shell.type("explore", "--program", program("# nothing\n"))
                        .complaint(ExitStatus.USAGE)
                        .endsWith("has no step"));
        assertTrue(
                shell.type("explore", "--program", folder.resolve("none").toString())
                        .complaint(ExitStatus.USAGE)
                        .startsWith("cannot read "));
        assertEquals(
                "--programs 0 is less than 1",
                shell.type("explore", "--programs", "0").complaint(ExitStatus.USAGE));
        assertEquals(
                "comparing needs two different backends",
                shell.type("compare", "--backend", "emulated", "--backend", "emulated")
                        .complaint(ExitStatus.USAGE));
    }

    @Test
    void whatBreaksTheContractIsShownAsASmallProgramThatCanBeRunAgain() {
        // The fake's devices answer at once and do nothing.
        Shell.Result result = new Shell(folder).plugged("explore", "--backend", "fake");
        assertEquals(ExitStatus.FOUND, result.status(), result.err());
        String[] parts = result.out().split("\n\n", 2);
        assertTrue(parts[0].endsWith("breaks the contract"), result.out());
        String file = program(parts[1]);
        Shell.Result again =
                new Shell(folder).plugged("explore", "--backend", "fake", "--program", file);
        assertEquals(ExitStatus.FOUND, again.status(), again.err());
        assertTrue(parts[1].lines().count() <= 8, parts[1]);
    }
}
