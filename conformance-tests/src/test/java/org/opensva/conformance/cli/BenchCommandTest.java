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
import java.util.Arrays;
import java.util.List;

class BenchCommandTest {

    @TempDir private Path folder;

    private record Ended(int status, String output) {}

    /**
     * JMH needs what the tests' own JVM forbids, so that what is measured runs in one as users have
     * it.
     */
    private Ended measured(String... arguments) throws IOException, InterruptedException {
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

    private Shell.Result bench(String... arguments) {
        List<String> all = new ArrayList<>(List.of("bench"));
        all.addAll(Arrays.asList(arguments));
        return new Shell(folder).type(all.toArray(String[]::new));
    }

    private String refused(String... arguments) {
        return bench(arguments).complaint(ExitStatus.USAGE);
    }

    @Test
    void theBenchmarksAreListedWithTheirParameters() {
        Shell.Result ended = bench("--list");
        assertEquals(ExitStatus.GOOD, ended.status(), ended.err());
        assertTrue(
                ended.out()
                        .lines()
                        .anyMatch(line -> line.matches("iotlbHit +iommu=\\S*vtd pages=1,1000,.*")),
                ended.out());
        assertTrue(ended.out().lines().anyMatch("clock"::equals), ended.out());
    }

    @Test
    void allOfOneClassAreChosenByItsName() {
        Shell.Result ended = bench("--list", "--filter", "ScaleBenchmark.*");
        assertEquals(ExitStatus.GOOD, ended.status(), ended.err());
        assertTrue(
                ended.out().lines().anyMatch(line -> line.startsWith("lifeOfAProcess ")),
                ended.out());
        assertFalse(ended.out().contains("iotlbHit"), ended.out());
    }

    @Test
    void aBackendOfOnesOwnTakesThePlaceOfThoseThatAreThere() {
        Shell.Result ended =
                bench("--list", "--filter", "copyJob", "--backend", "emulated:smmuv3-btm");
        assertEquals(ExitStatus.GOOD, ended.status(), ended.err());
        assertTrue(
                ended.out()
                        .lines()
                        .anyMatch(line -> line.matches("copyJob +backend=emulated:smmuv3-btm")),
                ended.out());
    }

    @Test
    void oneFigureIsMeasuredAndWrittenAndCompared() throws IOException, InterruptedException {
        Path json = folder.resolve("figures.json");
        Path svg = folder.resolve("cost.svg");
        Ended ended =
                measured(
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
        Shell.Result compared = bench("--compare", json.toString(), "--compare", json.toString());
        assertEquals(ExitStatus.GOOD, compared.status(), compared.err());
        assertTrue(
                compared.out().contains("1 figures compared: 0 slower, 0 faster"), compared.out());
    }

    @Test
    void whatCannotBeMeasuredGetsOneLineAndLeavesNoFile() {
        assertTrue(refused("--filter", "nothing").contains("no benchmark is named like nothing"));
        assertTrue(
                refused("--filter", "clock", "--filter", "atcHits")
                        .contains("no benchmark is named like atcHits"));
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
        assertTrue(refused("--backend", "acme").contains("unknown backend 'acme'"));
        assertTrue(refused("--option", "queues=1").contains("need --backend"));
        Path missing = folder.resolve("no").resolve("x.json");
        assertTrue(refused("--json", missing.toString()).contains(missing.toString()));
        assertTrue(refused("--svg", folder.toString()).contains("is a directory"));
        assertTrue(refused("--compare", missing.toString()).contains("no such file"));
        String[] thrice = {"--compare", "a", "--compare", "b", "--compare", "c"};
        assertTrue(refused(thrice).contains("allowed: twice"));
        assertFalse(Files.exists(folder.resolve("no")));
    }
}
