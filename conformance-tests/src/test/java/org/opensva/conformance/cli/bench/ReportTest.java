package org.opensva.conformance.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.openjdk.jmh.util.MultisetStatistics;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

class ReportTest {

    private static Figure figure(String name, double median, Map<String, String> parameters) {
        return new Figure(
                name,
                new TreeMap<>(parameters),
                1,
                median,
                median * 0.9,
                median * 1.1,
                OptionalDouble.of(0),
                OptionalDouble.empty(),
                Optional.empty());
    }

    private static final Map<String, String> THOUSAND =
            Map.of("pages", "1000", "iommu", "smmuv3-noats");

    @Test
    void aFigureIsComparedWithItsTarget() {
        Report report =
                new Report(
                        List.of(
                                figure("iotlbHit", 19, THOUSAND),
                                figure("atcHit", 30, Map.of("pages", "1000", "iommu", "vtd"))));
        assertTrue(report.table().get(1).endsWith("met: at most 20.0 ns"));
        assertTrue(report.table().get(2).endsWith("missed by 3.0 times: at most 10.0 ns"));
        // Both allocate nothing, which is a target of its own.
        assertEquals("2 figures, 3 of 4 targets met", report.summary());
    }

    @Test
    void theLimitWithTheSameWorkingSetStandsBesideAFigure() {
        Report report =
                new Report(
                        List.of(
                                figure("iotlbHit", 24, THOUSAND),
                                figure("arrayLookup", 6, Map.of("pages", "1")),
                                figure("arrayLookup", 2, Map.of("pages", "1000")),
                                figure("invalidatePage", 90, Map.of("resident", "1000")),
                                figure("dmaRead", 90, Map.of("bytes", "64"))));
        assertTrue(report.table().get(1).contains(" 12.0 x arrayLookup "), report.table().get(1));
        assertTrue(report.table().get(4).contains(" 45.0 x arrayLookup "), report.table().get(4));
        assertFalse(report.table().get(5).contains(" x "), report.table().get(5));
        JsonNode json = JsonMapper.builder().build().readTree(report.json());
        assertEquals(12, json.at("/figures/0/limit/ratio").asDouble());
        assertTrue(json.at("/figures/4/limit").isMissingNode());
    }

    @Test
    void whatMayNotAllocateAndDoesHasMissedATarget() {
        Figure free = figure("dmaRead", 90, Map.of("bytes", "64", "iommu", "vtd"));
        Figure job = with(figure("copyJob", 90, Map.of("backend", "emulated:vtd")), 24);
        Figure nativeJob = with(figure("copyJob", 90, Map.of("backend", "native:host")), 24);
        Report report = new Report(List.of(free, job, nativeJob));
        assertTrue(report.table().get(2).endsWith("allocates 24 B, allowed: nothing"));
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
        assertTrue(
                report.table().get(1).contains("missed: 5000 B kept for each bound address space"));
        assertEquals("1 figures, 1 of 2 targets met", report.summary());
    }

    @Test
    void aTargetThatNeedsAnotherFigureIsSilentWithoutIt() {
        Figure two = figure("iotlbHitByTwo", 10, THOUSAND);
        assertEquals("1 figures, 1 of 1 targets met", new Report(List.of(two)).summary());
        Figure one = figure("iotlbHit", 10, THOUSAND);
        assertEquals("2 figures, 4 of 4 targets met", new Report(List.of(one, two)).summary());
    }

    @Test
    void twoThreadsArePerThreadSoEqualTimesMeanTwiceTheWork() {
        Figure one = figure("iotlbHit", 10, THOUSAND);
        Figure slow = figure("iotlbHitByTwo", 12, THOUSAND);
        assertEquals("2 figures, 3 of 4 targets met", new Report(List.of(one, slow)).summary());
    }

    @Test
    void theDocumentSaysWhatTheTableSays() {
        Report report = new Report(List.of(figure("iotlbHit", 25.126, THOUSAND)));
        JsonNode document = JsonMapper.builder().build().readTree(report.json());
        assertEquals("opensva-bench/1", document.path("format").asString());
        JsonNode figure = document.path("figures").path(0);
        assertEquals("iotlbHit", figure.path("benchmark").asString());
        assertEquals(25.13, figure.path("median").asDouble());
        assertEquals("1000", figure.path("parameters").path("pages").asString());
        assertFalse(figure.path("met").asBoolean());
        assertTrue(document.path("environment").path("processors").asInt() > 0);
    }

    @Test
    void thePictureHasALineForEachSeriesAndAPointForEachFigure() {
        CostPicture picture =
                new CostPicture(
                        List.of(
                                figure("iotlbHit", 20, Map.of("pages", "1", "iommu", "vtd")),
                                figure("iotlbHit", 40, Map.of("pages", "1000", "iommu", "vtd")),
                                figure("arrayLookup", 2, Map.of("pages", "1000")),
                                figure("bulkCopy", 2, Map.of("bytes", "64"))));
        String svg = picture.svg();
        assertEquals(2, svg.split("<polyline", -1).length - 1);
        assertEquals(3, svg.split("<circle", -1).length - 1);
        assertTrue(svg.contains("iotlbHit vtd, 1,000 pages: 40.0 ns"));
        assertFalse(svg.contains("NaN"));
        assertTrue(new CostPicture(List.of()).isEmpty());
    }

    @Test
    void whatDiffersInMoreThanItsSizeIsAnotherLine() {
        String svg =
                new CostPicture(
                                List.of(
                                        walk("false", "1000"),
                                        walk("true", "1000"),
                                        walk("false", "100000"),
                                        walk("true", "100000"),
                                        figure(
                                                "unmap",
                                                9,
                                                Map.of("resident", "10", "bound", "atc")),
                                        figure("atcHitOfMany", 9, Map.of("spaces", "64"))))
                        .svg();
        assertEquals(4, svg.split("<polyline", -1).length - 1);
        assertTrue(svg.contains("<title>walkAndFill vtd</title>"));
        assertTrue(svg.contains("<title>walkAndFill vtd nested</title>"));
        assertTrue(svg.contains("<title>unmap atc, 10 resident: 9.0 ns</title>"));
        assertTrue(svg.contains(">pages, resident, spaces</text>"));
    }

    private static Figure walk(String nested, String pages) {
        return figure("walkAndFill", 90, Map.of("pages", pages, "nested", nested, "iommu", "vtd"));
    }

    @Test
    void thereIsRoomForEveryLine() {
        List<Figure> many = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            many.add(figure("benchmark" + i, 10 + i, Map.of("pages", "1000")));
        }
        String svg = new CostPicture(many).svg();
        int height = Integer.parseInt(svg.replaceAll("(?s).*viewBox=\"0 0 \\d+ (\\d+)\".*", "$1"));
        assertTrue(height > 60 * 20, svg);
        // What costs most stands first.
        assertTrue(svg.indexOf("benchmark59") < svg.indexOf("benchmark0<"));
    }

    @Test
    void anUnmappingMayTakeTheClockThatTimesIt() {
        Map<String, String> atc = Map.of("bound", "atc", "iommu", "vtd", "resident", "1000");
        Figure clock = figure("clock", 30, Map.of());
        assertEquals(
                "2 figures, 1 of 1 targets met",
                new Report(List.of(figure("unmap", 2_025, atc), clock)).summary());
        assertEquals(
                "2 figures, 0 of 1 targets met",
                new Report(List.of(figure("unmap", 2_035, atc), clock)).summary());
    }

    @Test
    void aGlobIsNoRegularExpression() {
        String pattern = Selection.pattern("atc*t");
        assertTrue("org.opensva.conformance.measure.X.atcHit".matches(pattern));
        assertFalse("org.opensva.conformance.measure.X.atcHits".matches(pattern));
        assertFalse("org.elsewhere.X.atcHit".matches(pattern));
        assertFalse("org.opensva.conformance.measure.X.atcHit".matches(Selection.pattern("(")));
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
        Report report = new Report(List.of(figure("atcHit", 9, THOUSAND), timed));
        assertEquals(1, report.latencies().size());
        assertTrue(
                report.latencies()
                        .getFirst()
                        .startsWith(
                                "pageRequest iommu=vtd: 50 % within 1.00 us, 99 % within 50.0"));
        JsonNode json = JsonMapper.builder().build().readTree(report.json());
        assertEquals(1_000, json.at("/figures/1/latency/p50").asLong());
        assertTrue(json.at("/figures/0/latency").isMissingNode());
    }
}
