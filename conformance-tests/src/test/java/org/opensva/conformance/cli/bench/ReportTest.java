package org.opensva.conformance.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.openjdk.jmh.util.MultisetStatistics;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

class ReportTest {

    private static final Map<String, String> THOUSAND =
            Map.of("pages", "1000", "iommu", "smmuv3-noats");

    @Test
    void aFigureIsComparedWithItsTarget() {
        Report report =
                new Report(
                        List.of(
                                Figures.figure("iotlbHit", 19, THOUSAND),
                                Figures.figure(
                                        "atcHit", 30, Map.of("pages", "1000", "iommu", "vtd"))));
        assertTrue(report.table().get(1).endsWith("  met: 95 % of 20.0 ns"));
        assertTrue(report.table().get(2).endsWith("  missed: 300 % of 10.0 ns"));
        // Both allocate nothing, which is a target of its own.
        assertEquals("2 figures, 3 of 4 targets met", report.summary());
    }

    @Test
    void theNearestLimitWithTheSameWorkingSetStandsBesideAFigure() {
        Report report =
                new Report(
                        List.of(
                                Figures.figure("iotlbHit", 24, THOUSAND),
                                Figures.figure("arrayLookup", 6, Map.of("pages", "1")),
                                Figures.figure("arrayLookup", 2, Map.of("pages", "1000")),
                                Figures.figure("guardedLoadOfPage", 6, Map.of("pages", "1000")),
                                Figures.figure("invalidatePage", 90, Map.of("resident", "1000")),
                                Figures.figure("dmaRead", 90, Map.of("bytes", "64")),
                                Figures.figure("atcHitOfMany", 90, Map.of("spaces", "64")),
                                Figures.figure("arrayLookup", 4.5, Map.of("pages", "100000"))));
        List<String> table = report.table();
        assertTrue(table.get(1).contains(" 4.0 x guardedLoadOfPage "), table.get(1));
        assertTrue(table.get(5).contains(" 45.0 x arrayLookup "), table.get(5));
        assertFalse(table.get(6).contains(" x "), table.get(6));
        assertTrue(table.get(7).endsWith(" 20.0 x arrayLookup"), table.get(7));
        JsonNode json = read(report);
        assertEquals(4, json.at("/figures/0/limits/0/ratio").asDouble());
        assertEquals("arrayLookup", json.at("/figures/0/limits/1/benchmark").asString());
        assertTrue(json.at("/figures/5/limits").isEmpty());
    }

    private static JsonNode read(Report report) {
        return JsonMapper.builder().build().readTree(report.json(Environment.before(true, 1)));
    }

    @Test
    void anUnmappingStandsBesideTheSameWithoutADevice() {
        Report report =
                new Report(
                        List.of(
                                Figures.figure("unmap", 2_100, unmap("atc", "vtd")),
                                Figures.figure("unmap", 700, unmap("nothing", "vtd")),
                                Figures.figure("unmap", 500, unmap("nothing", "smmuv3"))));
        assertTrue(report.table().get(1).contains(" 3.0 x unmap nothing"), report.table().get(1));
        assertFalse(report.table().get(2).contains(" x "), report.table().get(2));
    }

    private static Map<String, String> unmap(String bound, String iommu) {
        return Map.of("bound", bound, "iommu", iommu, "resident", "1000");
    }

    @Test
    void aJobOfRealProcessesIsHeldAgainstAMessageAndNotAgainstTheEmulatedQueue() {
        Map<String, String> host = Map.of("backend", "native:host");
        Map<String, String> emulated = Map.of("backend", "emulated:vtd");
        Report report =
                new Report(
                        List.of(
                                Figures.figure("copyJob", 140_000, host),
                                Figures.figure("copyJob", 1_000, emulated),
                                Figures.figure("copyByJdk", 40, Map.of()),
                                Figures.figure("socketRoundTrip", 20_000, Map.of())));
        assertTrue(report.table().get(1).endsWith(" 7.0 x socketRoundTrip"), report.table().get(1));
        assertTrue(
                report.table()
                        .get(2)
                        .matches(".* 25.0 x copyByJdk +met: 49 % of copyByJdk [+] 2.00 us"),
                report.table().get(2));
    }

    @Test
    void whatMayNotAllocateAndDoesHasMissedATarget() {
        Figure free = Figures.figure("dmaRead", 90, Map.of("bytes", "64", "iommu", "vtd"));
        Figure job = with(Figures.figure("copyJob", 90, Map.of("backend", "emulated:vtd")), 24);
        Figure nativeJob =
                with(Figures.figure("copyJob", 90, Map.of("backend", "native:host")), 24);
        Report report = new Report(List.of(free, job, nativeJob));
        assertTrue(report.table().get(2).endsWith("missed: allocates 24 B"));
        assertEquals("3 figures, 1 of 3 targets met", report.summary());
    }

    private static Figure with(Figure figure, double allocated) {
        return new Figure(
                figure.name(),
                figure.parameters(),
                1,
                figure.median(),
                figure.least(),
                figure.most(),
                OptionalDouble.of(allocated),
                OptionalDouble.empty(),
                Optional.empty());
    }

    @Test
    void whatAnAddressSpaceKeepsIsComparedWithItsTarget() {
        Figure crowd =
                new Figure(
                        "lifeOfAProcess",
                        new TreeMap<>(Map.of("iommu", "vtd", "processes", "100000")),
                        1,
                        9_000,
                        9_000,
                        9_000,
                        OptionalDouble.of(2_000),
                        OptionalDouble.of(5_000),
                        Optional.empty());
        Report report = new Report(List.of(crowd));
        assertTrue(report.table().get(1).endsWith("missed: 123 % of 4096 B for a space"));
        assertEquals("1 figures, 1 of 2 targets met", report.summary());
    }

    @Test
    void aTargetThatNeedsAnotherFigureIsSilentWithoutIt() {
        Figure two = Figures.figure("iotlbHitByTwo", 10, THOUSAND);
        assertEquals("1 figures, 1 of 1 targets met", new Report(List.of(two)).summary());
        Figure one = Figures.figure("iotlbHit", 10, THOUSAND);
        assertEquals("2 figures, 4 of 4 targets met", new Report(List.of(one, two)).summary());
    }

    @Test
    void twoThreadsArePerThreadSoEqualTimesMeanTwiceTheWork() {
        Figure one = Figures.figure("iotlbHit", 10, THOUSAND);
        Figure slow = Figures.figure("iotlbHitByTwo", 12, THOUSAND);
        assertEquals("2 figures, 3 of 4 targets met", new Report(List.of(one, slow)).summary());
    }

    @Test
    void theDocumentSaysWhatTheTableSays() {
        Report report = new Report(List.of(Figures.figure("iotlbHit", 25.126, THOUSAND)));
        JsonNode document = read(report);
        assertEquals("opensva-bench/2", document.path("format").asString());
        JsonNode figure = document.path("figures").path(0);
        assertEquals("iotlbHit", figure.path("benchmark").asString());
        assertEquals(25.13, figure.path("median").asDouble());
        assertEquals("1000", figure.path("parameters").path("pages").asString());
        JsonNode target = figure.path("targets").path(0);
        assertEquals("at most 20.0 ns", target.path("target").asString());
        assertFalse(target.path("met").asBoolean());
        assertEquals(1.26, target.path("times").asDouble());
        assertEquals("allocates nothing", figure.at("/targets/1/target").asString());
        assertTrue(figure.at("/targets/1/met").asBoolean());
        assertTrue(document.path("environment").path("processors").asInt() > 0);
        assertTrue(document.path("environment").path("quick").asBoolean());
    }

    @Test
    void whatIsMissedByNextToNothingIsNotSaidToBeAllOfWhatIsAllowed() {
        Report report =
                new Report(
                        List.of(
                                Figures.figure("iotlbHit", 20.01, THOUSAND),
                                Figures.figure("iotlbHit", 19.99, THOUSAND)));
        assertTrue(report.table().get(1).endsWith("missed: 101 % of 20.0 ns"));
        assertTrue(report.table().get(2).endsWith("met: 99 % of 20.0 ns"));
    }

    @Test
    void aRowSaysWhatWasMeasuredWithoutTheNamesThatNobodyNeeds() {
        Figure walk =
                Figures.figure(
                        "walkAndFill",
                        90,
                        Map.of("nested", "true", "iommu", "vtd", "pages", "1000"));
        assertEquals("vtd nested pages=1000", walk.with());
        assertEquals(
                "vtd",
                Figures.figure("walkAndFill", 90, Map.of("nested", "false", "iommu", "vtd"))
                        .with());
    }

    @Test
    void anUnmappingMayTakeTheClockThatTimesIt() {
        Map<String, String> atc = Map.of("bound", "atc", "iommu", "vtd", "resident", "1000");
        Figure clock = Figures.figure("clock", 30, Map.of());
        assertEquals(
                "2 figures, 1 of 1 targets met",
                new Report(List.of(Figures.figure("unmap", 2_025, atc), clock)).summary());
        assertEquals(
                "2 figures, 0 of 1 targets met",
                new Report(List.of(Figures.figure("unmap", 2_035, atc), clock)).summary());
    }

    @Test
    void timesOfSingleOperationsAreShownAsPercentiles() {
        MultisetStatistics samples = new MultisetStatistics();
        samples.addValue(1_000, 980);
        samples.addValue(50_000, 19);
        samples.addValue(7_000_000, 1);
        Latency latency = Latency.of(samples);
        assertEquals(1_000, latency.half());
        assertEquals(50_000, latency.most(), 50);
        assertEquals(50_000, latency.nearlyAll(), 50);
        assertEquals(7_000_000, latency.worst(), 7_000);
        assertEquals(1_000, latency.operations());
        Figure timed =
                new Figure(
                        "pageRequest",
                        new TreeMap<>(Map.of("iommu", "vtd")),
                        1,
                        1_500,
                        1_500,
                        1_500,
                        OptionalDouble.empty(),
                        OptionalDouble.empty(),
                        Optional.of(latency));
        Report report = new Report(List.of(Figures.figure("atcHit", 9, THOUSAND), timed));
        List<String> rows = report.latencies();
        assertEquals(2, rows.size());
        assertTrue(
                rows.getLast().matches("pageRequest +vtd +1.00 us +50.0\\d us .* 1000"),
                rows.getLast());
        JsonNode json = read(report);
        assertEquals(1_000, json.at("/figures/1/latency/p50").asLong());
        assertTrue(json.at("/figures/0/latency").isMissingNode());
        assertTrue(new Report(List.of()).latencies().isEmpty());
    }
}
