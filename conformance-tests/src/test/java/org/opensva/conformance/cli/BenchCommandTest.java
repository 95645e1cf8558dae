package org.opensva.conformance.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class BenchCommandTest {

    @TempDir private Path folder;

    private Shell shell() {
        return new Shell(folder);
    }

    @Test
    void theBenchmarksAreListed() {
        Shell.Result result = shell().type("bench", "--list");
        assertEquals(0, result.status(), result.err());
        assertTrue(result.out().lines().anyMatch("iotlbHit"::equals), result.out());
        assertTrue(result.out().lines().anyMatch("bulkCopy"::equals), result.out());
    }

    @Test
    void oneFigureIsMeasuredAndWritten() throws IOException {
        Shell.Result result =
                shell().type(
                                "bench",
                                "--quick",
                                "--filter",
                                "arrayLookup",
                                "--param",
                                "pages=1,10",
                                "--json",
                                shell().path("figures.json"),
                                "--svg",
                                shell().path("cost.svg"));
        assertEquals(0, result.status(), result.err());
        assertTrue(result.out().contains("2 figures"), result.out());
        assertTrue(Files.readString(folder.resolve("figures.json")).contains("\"arrayLookup\""));
        assertTrue(Files.readString(folder.resolve("cost.svg")).startsWith("<svg"));
    }

    @Test
    void whatCannotBeMeasuredGetsOneLineAndLeavesNoFile() {
        assertEquals(
                "no benchmark is named like nothing; --list names them (see 'opensva bench"
                        + " --help')",
                shell().type("bench", "--filter", "nothing").complaint(2));
        assertEquals(
                "no chosen benchmark has a parameter 'colour'; there are: pages (see 'opensva bench"
                        + " --help')",
                shell().type("bench", "--filter", "arrayLookup", "--param", "colour=red")
                        .complaint(2));
        assertTrue(shell().type("bench", "--forks", "0").complaint(2).contains("allowed: 1 to 10"));
        assertTrue(
                shell().type("bench", "--json", shell().path("no/such/folder/x.json"))
                        .complaint(2)
                        .contains("no/such/folder"));
        assertFalse(Files.exists(folder.resolve("no")));
    }
}
