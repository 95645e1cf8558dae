package org.opensva.conformance.cli.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A picture of cost against working set, as SVG: both axes logarithmic, one line for a series. */
final class CostPicture {

    private static final int WIDTH = 900;
    private static final int HEIGHT = 520;
    private static final int LEFT = 70;
    private static final int RIGHT = 230;
    private static final int TOP = 40;
    private static final int BOTTOM = 50;

    private static final String STYLE =
            """
            <style>
            svg{font:12px system-ui,sans-serif;background:#fff;color:#1a1a1a}
            .grid{stroke:#ddd}.axis,.label{fill:currentColor}.line{fill:none;stroke-width:2}
            .limit{stroke-dasharray:5 4}
            @media(prefers-color-scheme:dark){svg{background:#161616;color:#e8e8e8}.grid{stroke:#3a3a3a}}
            </style>
            """;

    private final Map<String, List<Figure>> series = new TreeMap<>();
    private double leastCost = Double.MAX_VALUE;
    private double mostCost;
    private int mostPages = 1;

    CostPicture(Collection<Figure> figures) {
        for (Figure figure : figures) {
            if (figure.number("pages").isPresent() && figure.median() > 0) {
                series.computeIfAbsent(name(figure), key -> new ArrayList<>()).add(figure);
                leastCost = Math.min(leastCost, figure.median());
                mostCost = Math.max(mostCost, figure.median());
                mostPages = Math.max(mostPages, pages(figure));
            }
        }
        series.values().forEach(line -> line.sort(Comparator.comparingInt(CostPicture::pages)));
    }

    private static String name(Figure figure) {
        return figure.parameter("iommu")
                .map(iommu -> figure.name() + " " + iommu)
                .orElse(figure.name());
    }

    private static int pages(Figure figure) {
        return figure.number("pages").orElse(1);
    }

    /** Whether there is anything to see. */
    boolean isEmpty() {
        return series.isEmpty();
    }

    private double x(double pages) {
        double share = Math.log10(pages) / Math.max(1, Math.log10(mostPages));
        return LEFT + share * (WIDTH - LEFT - RIGHT);
    }

    private double y(double cost) {
        double low = Math.floor(Math.log10(leastCost));
        double high = Math.max(low + 1, Math.ceil(Math.log10(mostCost)));
        double share = (Math.log10(cost) - low) / (high - low);
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
    }

    /** The picture. */
    String svg() {
        StringBuilder svg = new StringBuilder(8192);
        svg.append(
                """
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img"
                 aria-label="Nanoseconds per access against pages in the working set">
                """
                        .formatted(WIDTH, HEIGHT));
        svg.append(STYLE);
        grid(svg);
        int index = 0;
        for (Map.Entry<String, List<Figure>> entry : series.entrySet()) {
            line(svg, entry.getKey(), entry.getValue(), index++);
        }
        return svg.append("</svg>\n").toString();
    }

    private void grid(StringBuilder svg) {
        double low = Math.floor(Math.log10(leastCost));
        double high = Math.max(low + 1, Math.ceil(Math.log10(mostCost)));
        for (double power = low; power <= high; power++) {
            double cost = Math.pow(10, power);
            horizontal(svg, y(cost), Figure.time(cost));
        }
        for (double pages = 1; pages <= mostPages; pages *= 10) {
            vertical(svg, x(pages), "%,d".formatted((long) pages));
        }
        svg.append(
                "<text class=\"axis\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">pages</text>\n"
                        .formatted((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10));
        svg.append(
                "<text class=\"axis\" x=\"%d\" y=\"20\">time for one access</text>\n"
                        .formatted(LEFT));
    }

    private static void horizontal(StringBuilder svg, double y, String text) {
        svg.append(
                """
                <line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>
                <text class="axis" x="%d" y="%.1f" text-anchor="end">%s</text>
                """
                        .formatted(LEFT, WIDTH - RIGHT, y, y, LEFT - 8, y + 4, text));
    }

    private static void vertical(StringBuilder svg, double x, String text) {
        svg.append(
                """
                <line class="grid" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>
                <text class="axis" x="%.1f" y="%d" text-anchor="middle">%s</text>
                """
                        .formatted(x, x, TOP, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 18, text));
    }

    private void line(StringBuilder svg, String name, List<Figure> figures, int index) {
        String colour = "hsl(%d 65%% 45%%)".formatted(index * 137 % 360);
        StringBuilder points = new StringBuilder();
        for (Figure figure : figures) {
            points.append("%.1f,%.1f ".formatted(x(pages(figure)), y(figure.median())));
        }
        boolean limit = figures.getFirst().parameter("iommu").isEmpty();
        svg.append(
                """
                <polyline class="line%s" stroke="%s" points="%s"><title>%s</title></polyline>
                """
                        .formatted(limit ? " limit" : "", colour, points.toString().strip(), name));
        for (Figure figure : figures) {
            svg.append(
                    """
                    <circle r="3.5" fill="%s" cx="%.1f" cy="%.1f"><title>%s, %,d pages: %s</title></circle>
                    """
                            .formatted(
                                    colour,
                                    x(pages(figure)),
                                    y(figure.median()),
                                    name,
                                    pages(figure),
                                    Figure.time(figure.median())));
        }
        int y = TOP + 10 + index * 20;
        svg.append(
                """
                <rect x="%d" y="%d" width="14" height="4" fill="%s"/>
                <text class="label" x="%d" y="%d">%s</text>
                """
                        .formatted(WIDTH - RIGHT + 16, y - 5, colour, WIDTH - RIGHT + 36, y, name));
    }
}
