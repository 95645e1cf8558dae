package org.opensva.conformance.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

class CostPictureTest {

    @Test
    void thePictureHasALineForEachSeriesAndAPointForEachFigure() {
        CostPicture picture =
                new CostPicture(
                        List.of(
                                Figures.figure(
                                        "iotlbHit", 20, Map.of("pages", "1", "iommu", "vtd")),
                                Figures.figure(
                                        "iotlbHit", 40, Map.of("pages", "1000", "iommu", "vtd")),
                                Figures.figure("arrayLookup", 1, Map.of("pages", "1")),
                                Figures.figure("arrayLookup", 2, Map.of("pages", "1000")),
                                Figures.figure("bulkCopy", 2, Map.of("bytes", "64"))));
        String svg = picture.svg();
        assertEquals(2, svg.split("<polyline", -1).length - 1);
        assertEquals(4, svg.split("<circle", -1).length - 1);
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
                                        unmap("10"),
                                        unmap("100"),
                                        Figures.figure("atcHitOfMany", 9, Map.of("spaces", "64"))))
                        .svg();
        assertEquals(3, svg.split("<polyline", -1).length - 1);
        assertTrue(svg.contains("<title>walkAndFill vtd</title>"));
        assertTrue(svg.contains("<title>walkAndFill vtd nested</title>"));
        assertTrue(svg.contains("<title>unmap atc, 10 resident: 9.0 ns</title>"));
        assertTrue(svg.contains(">pages, resident</text>"));
        // One number of address spaces is no curve.
        assertFalse(svg.contains("atcHitOfMany"));
    }

    private static Figure unmap(String resident) {
        return Figures.figure("unmap", 9, Map.of("resident", resident, "bound", "atc"));
    }

    private static Figure walk(String nested, String pages) {
        return Figures.figure(
                "walkAndFill", 90, Map.of("pages", pages, "nested", nested, "iommu", "vtd"));
    }

    @Test
    void thereIsRoomForEveryLine() {
        List<Figure> many = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            many.add(Figures.figure("benchmark" + i, 10 + i, Map.of("pages", "1000")));
        }
        String svg = new CostPicture(many).svg();
        int height = Integer.parseInt(svg.replaceAll("(?s).*viewBox=\"0 0 \\d+ (\\d+)\".*", "$1"));
        assertTrue(height > 60 * 20, svg);
        // What costs most stands first.
        assertTrue(svg.indexOf("benchmark59") < svg.indexOf("benchmark0<"));
    }
}
