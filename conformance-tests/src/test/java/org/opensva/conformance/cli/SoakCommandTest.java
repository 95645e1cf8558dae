package org.opensva.conformance.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

class SoakCommandTest {

    @TempDir Path folder;

    @Test
    void aSoundMachineLeavesNothing() {
        Shell.Result result =
                new Shell(folder)
                        .type(
                                "soak",
                                "--epochs",
                                "1",
                                "--steps",
                                "40",
                                "--seed",
                                "0x5",
                                "--timeout-factor",
                                "4");
        assertEquals(ExitStatus.GOOD, result.status(), () -> result.out() + result.err());
        assertTrue(
                result.out().startsWith("emulated:smmuv3, seed 0x5: 1 epochs on 1 machines"),
                result.out());
        assertTrue(result.out().endsWith("nothing broke, nothing is left\n"), result.out());
    }

    @Test
    void whatCannotBeDoneIsRefusedInOneLine() {
        Shell shell = new Shell(folder);
        assertEquals(
                "--minutes 0.0 is not above 0",
                shell.type("soak", "--minutes", "0").complaint(ExitStatus.USAGE));
        assertEquals(
                "65 threads are not 1 to 64",
                shell.type("soak", "--threads", "65").complaint(ExitStatus.USAGE));
        assertEquals(
                "steps and epochs are at least 1",
                shell.type("soak", "--epochs", "0").complaint(ExitStatus.USAGE));
        assertTrue(
                shell.type("soak", "--backend", "none")
                        .complaint(ExitStatus.USAGE)
                        .contains("none"));
    }
}
