package org.opensva.conformance.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;

class ComparisonTest {

    private static final Map<String, String> VTD = Map.of("iommu", "vtd");

    @TempDir private Path folder;

    @Test
    void whatHasBecomeSlowestStandsFirst() {
        Comparison comparison =
                new Comparison(
                        List.of(
                                Figures.figure("atcHit", 20, VTD),
                                Figures.figure("walk", 100, VTD),
                                Figures.figure("unmap", 1_000, VTD),
                                Figures.figure("handOver", 240, Map.of())),
                        List.of(
                                Figures.figure("atcHit", 10, VTD),
                                Figures.figure("walk", 110, VTD),
                                Figures.figure("unmap", 3_000, VTD),
                                Figures.figure("handOver", 264, Map.of())));
        List<String> table = comparison.table();
        assertEquals(5, table.size());
        assertTrue(
                table.get(1).matches("unmap +vtd +1.00 us +20% +3.00 us +20% +3.00  slower"),
                table.get(1));
        // Within the spread of both.
        assertTrue(table.get(2).endsWith(" 1.10"), table.get(2));
        assertTrue(table.get(4).endsWith(" 0.50  faster"), table.get(4));
        assertEquals(
                "4 figures compared: 1 slower, 1 faster; the limits of the machine took 1.10 times"
                        + " as long",
                comparison.summary());
    }

    @Test
    void mediansThatAreNearlyTheSameDoNotDifferHoweverNarrowTheyAre() {
        Figure before = Figures.figure("atcHit", 100, 0.999, 1.001, VTD);
        Figure after = Figures.figure("atcHit", 104, 0.999, 1.001, VTD);
        assertFalse(
                new Comparison(List.of(before), List.of(after)).table().get(1).contains("slow"));
    }

    @Test
    void onlyTheSameBenchmarkWithTheSameParametersIsCompared() {
        Comparison comparison =
                new Comparison(
                        List.of(Figures.figure("atcHit", 20, VTD)),
                        List.of(
                                Figures.figure("atcHit", 20, Map.of("iommu", "smmuv3")),
                                Figures.figure("walk", 20, VTD)));
        assertEquals(
                "0 figures compared: 0 slower, 0 faster; 1 only before; 2 only after",
                comparison.summary());
    }

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("run.json"), text);
    }

    @Test
    void whatARunHasWrittenIsReadAgain() throws Exception {
        List<Figure> figures =
                List.of(
                        Figures.figure("atcHit", 25.5, VTD),
                        Figures.figure("copyJob", 900, Map.of("backend", "emulated:vtd")));
        Path file = file(new Report(figures).json(Environment.before(false, 1)));
        List<Figure> read = EarlierRun.read(file);
        assertEquals(
                "2 figures compared: 0 slower, 0 faster", new Comparison(read, figures).summary());
        assertEquals(25.5, read.getFirst().median());
    }

    private String refused(Path file) {
        return String.valueOf(
                assertThrows(EarlierRun.Unusable.class, () -> EarlierRun.read(file)).getMessage());
    }

    @Test
    void whatIsNoRunIsRefusedInAFewWords() throws IOException {
        assertEquals(
                "cannot be read: no such file or directory", refused(folder.resolve("missing")));
        assertTrue(refused(folder).startsWith("cannot be read: "));
        assertEquals("cannot be read: larger than 16384 KiB", refused(Path.of("/dev/zero")));
        assertEquals("is not JSON", refused(file("{")));
        assertEquals("holds no figures of 'bench --json'", refused(file("")));
        assertEquals("is not JSON", refused(file("[".repeat(1000))));
        assertEquals("holds no figures of 'bench --json'", refused(file("[]")));
        assertEquals("holds no figures of 'bench --json'", refused(file("{\"format\":1}")));
        assertEquals(
                "is damaged: figure 1",
                refused(file("{\"format\":\"opensva-bench/2\",\"figures\":[7]}")));
    }

    @Test
    void aDamagedRunIsReadOrRefusedAndNothingElse() throws IOException {
        String sound =
                new Report(List.of(Figures.figure("atcHit", 25.5, VTD)))
                        .json(Environment.before(false, 1));
        Random random = new Random(5);
        for (int i = 0; i < 500; i++) {
            StringBuilder damaged = new StringBuilder(sound);
            for (int hit = random.nextInt(3); hit >= 0; hit--) {
                damaged.setCharAt(random.nextInt(sound.length()), (char) random.nextInt(1, 256));
            }
            Path file = file(damaged.toString());
            try {
                for (Figure figure : EarlierRun.read(file)) {
                    assertTrue(figure.least() <= figure.median());
                    assertTrue((figure.name() + figure.with()).chars().allMatch(c -> c >= ' '));
                }
            } catch (EarlierRun.Unusable e) {
                assertEquals(1, String.valueOf(e.getMessage()).lines().count());
            }
        }
    }
}
