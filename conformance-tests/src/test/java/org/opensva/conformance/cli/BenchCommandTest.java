package org.opensva.conformance.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** JMH needs what the tests' own JVM forbids, so that the command runs in one as users have it. */
class BenchCommandTest {

    @TempDir private Path folder;

    private record Ended(int status, String output) {}

    private Ended bench(String... arguments) throws IOException, InterruptedException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        List<String> command = new ArrayList<>();
        command.add(java.toString());
        command.add("--sun-misc-unsafe-memory-access=allow");
        // What is measured here is not looked at, so that others may measure meanwhile.
        command.add("-Djmh.ignoreLock=true");
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(Main.class.getName());
        command.add("bench");
        command.addAll(List.of(arguments));
        Path output = folder.resolve("output.txt");
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        int status = process.waitFor();
        return new Ended(status, Files.readString(output, StandardCharsets.UTF_8));
    }

    private String refused(String... arguments) throws IOException, InterruptedException {
        Ended ended = bench(arguments);
        assertEquals(2, ended.status(), ended.output());
        assertEquals(1, ended.output().lines().count(), ended.output());
        return ended.output();
    }

    @Test
    void theBenchmarksAreListed() throws IOException, InterruptedException {
        Ended ended = bench("--list");
        assertEquals(0, ended.status(), ended.output());
        assertTrue(
                ended.output()
                        .lines()
                        .anyMatch(line -> line.matches("iotlbHit +iommu=\\S*vtd pages=1,1000,.*")),
                ended.output());
        assertTrue(ended.output().contains("\nclock\n"), ended.output());
    }

    @Test
    void allOfOneClassAreChosenByItsName() throws IOException, InterruptedException {
        Ended ended = bench("--list", "--filter", "ScaleBenchmark.*");
        assertEquals(0, ended.status(), ended.output());
        assertTrue(
                ended.output().lines().anyMatch(line -> line.startsWith("lifeOfAProcess ")),
                ended.output());
        assertFalse(ended.output().contains("iotlbHit"), ended.output());
    }

    @Test
    void oneFigureIsMeasuredAndWritten() throws IOException, InterruptedException {
        Path json = folder.resolve("figures.json");
        Path svg = folder.resolve("cost.svg");
        Ended ended =
                bench(
                        "--quick",
                        "--filter",
                        "arrayLookup",
                        "--param",
                        "pages=10",
                        "--json",
                        json.toString(),
                        "--svg",
                        svg.toString());
        assertEquals(0, ended.status(), ended.output());
        assertTrue(ended.output().contains("1 figures"), ended.output());
        assertTrue(Files.readString(json).contains("\"arrayLookup\""));
        assertTrue(Files.readString(svg).startsWith("<svg"));
        Ended compared = bench("--compare", json.toString(), "--compare", json.toString());
        assertEquals(0, compared.status(), compared.output());
        assertTrue(
                compared.output().contains("1 figures compared: 0 slower, 0 faster"),
                compared.output());
    }

    @Test
    void whatCannotBeMeasuredGetsOneLineAndLeavesNoFile() throws IOException, InterruptedException {
        assertTrue(refused("--filter", "nothing").contains("no benchmark is named like nothing"));
        assertTrue(
                refused("--filter", "arrayLookup", "--param", "colour=red")
                        .contains("has a parameter 'colour'; there are: pages"));
        assertTrue(
                refused("--filter", "unmap", "--param", "resident=10,x")
                        .contains("resident is 'x', allowed: 1 to 10000000"));
        assertTrue(
                refused("--filter", "unmap", "--param", "bound=")
                        .contains("bound is '', allowed: atc, iotlb, nothing"));
        assertTrue(refused("--forks", "0").contains("allowed: 1 to 10"));
        Path missing = folder.resolve("no").resolve("x.json");
        assertTrue(refused("--json", missing.toString()).contains(missing.toString()));
        assertTrue(refused("--svg", folder.toString()).contains("is a directory"));
        assertTrue(refused("--compare", missing.toString()).contains("no such file"));
        assertTrue(
                refused("--filter", "clock", "--filter", "atcHits")
                        .contains("no benchmark is named like atcHits"));
        assertFalse(Files.exists(folder.resolve("no")));
    }
}
