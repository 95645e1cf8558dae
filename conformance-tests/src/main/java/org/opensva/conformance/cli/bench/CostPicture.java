package org.opensva.conformance.cli.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A picture of cost against working set, as SVG: both axes logarithmic, one line for a series. The
 * working set is what there is many of: pages, translations that caches hold, address spaces.
 */
final class CostPicture {

    private static final int WIDTH = 1020;
    private static final int LEAST_HEIGHT = 520;
    private static final int LINE = 20;
    private static final int LEFT = 70;
    private static final int RIGHT = 350;
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

    /** What a working set is counted in; a figure has one of these at most. */
    private static final List<String> SIZES = List.of("pages", "resident", "spaces", "processes");

    private final Map<String, List<Figure>> series = new TreeMap<>();
    private final int height;
    private double leastCost = Double.MAX_VALUE;
    private double mostCost;
    private int most = 1;

    CostPicture(Collection<Figure> figures) {
        for (Figure figure : figures) {
            if (size(figure).isPresent() && figure.median() > 0) {
                series.computeIfAbsent(name(figure), key -> new ArrayList<>()).add(figure);
            }
        }
        // A single point is no curve; it is shown only where there is nothing else.
        if (series.values().stream().anyMatch(line -> line.size() > 1)) {
            series.values().removeIf(line -> line.size() == 1);
        }
        for (List<Figure> line : series.values()) {
            line.sort(Comparator.comparingInt(CostPicture::count));
            for (Figure figure : line) {
                leastCost = Math.min(leastCost, figure.median());
                mostCost = Math.max(mostCost, figure.median());
                most = Math.max(most, count(figure));
            }
        }
        height = Math.max(LEAST_HEIGHT, TOP + BOTTOM + series.size() * LINE);
    }

    /** The name of what there is many of. */
    private static Optional<String> size(Figure figure) {
        return SIZES.stream().filter(size -> figure.number(size).isPresent()).findFirst();
    }

    /** The benchmark and everything it was measured with but the size. */
    private static String name(Figure figure) {
        StringBuilder name = new StringBuilder(figure.name());
        figure.parameters()
                .forEach((key, value) -> {
                    if (!SIZES.contains(key) && !value.equals("false")) {
                        name.append(' ').append(value.equals("true") ? key : value);
                    }
                });
        return name.toString();
    }

    private static int count(Figure figure) {
        return size(figure).map(size -> figure.number(size).orElse(1)).orElse(1);
    }

    /** What it costs with most of them: the order of the lines at the right. */
    private static double last(List<Figure> line) {
        return line.getLast().median();
    }

    /** Whether there is anything to see. */
    boolean isEmpty() {
        return series.isEmpty();
    }

    private double x(double pages) {
        double share = Math.log10(pages) / Math.max(1, Math.log10(most));
        return LEFT + share * (WIDTH - LEFT - RIGHT);
    }

    private double y(double cost) {
        double low = Math.floor(Math.log10(leastCost));
        double high = Math.max(low + 1, Math.ceil(Math.log10(mostCost)));
        double share = (Math.log10(cost) - low) / (high - low);
        return height - BOTTOM - share * (height - TOP - BOTTOM);
    }

    /** The picture. */
    String svg() {
        StringBuilder svg = new StringBuilder(8192);
        svg.append(
                """
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img"
                 aria-label="Nanoseconds per operation against the size of the working set">
                """
                        .formatted(WIDTH, height));
        svg.append(STYLE);
        grid(svg);
        int index = 0;
        List<String> names = new ArrayList<>(series.keySet());
        names.sort(Comparator.comparingDouble(name -> -last(line(name))));
        for (String name : names) {
            line(svg, name, line(name), index++);
        }
        return svg.append("</svg>\n").toString();
    }

    private List<Figure> line(String name) {
        return series.getOrDefault(name, List.of());
    }

    private void grid(StringBuilder svg) {
        double low = Math.floor(Math.log10(leastCost));
        double high = Math.max(low + 1, Math.ceil(Math.log10(mostCost)));
        for (double power = low; power <= high; power++) {
            double cost = Math.pow(10, power);
            horizontal(svg, y(cost), Figure.time(cost));
        }
        for (double count = 1; count <= most; count *= 10) {
            vertical(svg, x(count), "%,d".formatted((long) count));
        }
        svg.append(
                "<text class=\"axis\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n"
                        .formatted((LEFT + WIDTH - RIGHT) / 2, height - 10, sizes()));
        svg.append(
                "<text class=\"axis\" x=\"%d\" y=\"20\">time for one operation</text>\n"
                        .formatted(LEFT));
    }

    private String sizes() {
        return SIZES.stream()
                .filter(size ->
                        series.values().stream()
                                .flatMap(List::stream)
                                .anyMatch(figure -> size(figure).equals(Optional.of(size))))
                .collect(Collectors.joining(", "));
    }

    private void horizontal(StringBuilder svg, double y, String text) {
        svg.append(
                """
                <line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>
                <text class="axis" x="%d" y="%.1f" text-anchor="end">%s</text>
                """
                        .formatted(LEFT, WIDTH - RIGHT, y, y, LEFT - 8, y + 4, text));
    }

    private void vertical(StringBuilder svg, double x, String text) {
        svg.append(
                """
                <line class="grid" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>
                <text class="axis" x="%.1f" y="%d" text-anchor="middle">%s</text>
                """
                        .formatted(x, x, TOP, height - BOTTOM, x, height - BOTTOM + 18, text));
    }

    private void line(StringBuilder svg, String name, List<Figure> figures, int index) {
        String colour = "hsl(%d 65%% 45%%)".formatted(index * 137 % 360);
        StringBuilder points = new StringBuilder();
        for (Figure figure : figures) {
            points.append("%.1f,%.1f ".formatted(x(count(figure)), y(figure.median())));
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
                    <circle r="3.5" fill="%s" cx="%.1f" cy="%.1f"><title>%s, %,d %s: %s</title></circle>
                    """
                            .formatted(
                                    colour,
                                    x(count(figure)),
                                    y(figure.median()),
                                    name,
                                    count(figure),
                                    size(figure).orElse(""),
                                    Figure.time(figure.median())));
        }
        int y = TOP + 10 + index * LINE;
        svg.append(
                """
                <rect x="%d" y="%d" width="14" height="4" fill="%s"/>
                <text class="label" x="%d" y="%d">%s</text>
                """
                        .formatted(WIDTH - RIGHT + 16, y - 5, colour, WIDTH - RIGHT + 36, y, name));
    }
}
