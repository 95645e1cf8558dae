package org.opensva.conformance.cli.bench;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** Figures for tests. */
final class Figures {

    private Figures() {}

    /** One that allocates nothing, with a spread of a fifth. */
    static Figure figure(String name, double median, Map<String, String> parameters) {
        return figure(name, median, 0.9, 1.1, parameters);
    }

    /** One whose iterations lie between two shares of its median. */
    static Figure figure(
            String name, double median, double least, double most, Map<String, String> parameters) {
        return new Figure(
                name,
                new TreeMap<>(parameters),
                1,
                median,
                median * least,
                median * most,
                OptionalDouble.of(0),
                OptionalDouble.empty(),
                Optional.empty());
    }
}
