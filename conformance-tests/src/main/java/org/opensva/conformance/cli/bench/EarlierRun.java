package org.opensva.conformance.cli.bench;

import org.opensva.conformance.cli.words.Reason;
import org.opensva.conformance.cli.words.TextFile;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads the figures of a run that {@code --json} has written; whatever else is there is refused.
 */
final class EarlierRun {

    /** Much more than all figures take. */
    private static final int LARGEST = 16 << 20;

    private static final int DEEPEST = 16;
    private static final int MOST_THREADS = 1024;
    private static final Set<String> FORMATS = Set.of("opensva-bench/1", Report.FORMAT);

    private static final JsonMapper JSON =
            JsonMapper.builder(
                            JsonFactory.builder()
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxNestingDepth(DEEPEST)
                                                    .build())
                                    .build())
                    .build();

    private EarlierRun() {}

    /** Why a file cannot be used, in words that follow its name. */
    static final class Unusable extends Exception {
        private static final long serialVersionUID = 1L;

        Unusable(String reason) {
            super(reason);
        }
    }

    /** The figures of a file. */
    static List<Figure> read(Path file) throws Unusable {
        JsonNode document;
        try {
            document = JSON.readTree(TextFile.read(file, LARGEST));
        } catch (JacksonException e) {
            throw new Unusable("is not JSON");
        } catch (IOException e) {
            throw new Unusable("cannot be read: " + Reason.of(e));
        }
        String format = document.path("format").asString("");
        if (!FORMATS.contains(format)) {
            throw new Unusable("holds no figures of 'bench --json'");
        }
        List<Figure> figures = new ArrayList<>();
        for (JsonNode node : document.path("figures")) {
            int number = figures.size() + 1;
            figures.add(
                    figure(node)
                            .orElseThrow(
                                    () -> new Unusable("is damaged: figure %d".formatted(number))));
        }
        return figures;
    }

    private static Optional<Figure> figure(JsonNode node) {
        String name = node.path("benchmark").asString("");
        SortedMap<String, String> parameters = new TreeMap<>();
        for (Map.Entry<String, JsonNode> parameter : node.path("parameters").properties()) {
            parameters.put(parameter.getKey(), parameter.getValue().asString(""));
        }
        int threads = node.path("threads").asInt(0);
        double median = node.path("median").asDouble(-1);
        double least = node.path("least").asDouble(-1);
        double most = node.path("most").asDouble(-1);
        boolean sound =
                isWord(name)
                        && parameters.keySet().stream().allMatch(EarlierRun::isWord)
                        && parameters.values().stream().allMatch(EarlierRun::isValue)
                        && threads > 0
                        && threads <= MOST_THREADS
                        && least >= 0
                        && least <= median
                        && median <= most
                        && most < Double.MAX_VALUE;
        return sound
                ? Optional.of(
                        new Figure(
                                name,
                                parameters,
                                threads,
                                median,
                                least,
                                most,
                                OptionalDouble.empty(),
                                OptionalDouble.empty(),
                                Optional.empty()))
                : Optional.empty();
    }

    private static boolean isWord(String text) {
        return text.matches("[A-Za-z][A-Za-z0-9]{0,63}");
    }

    /** Nothing that moves a cursor. */
    private static boolean isValue(String text) {
        return text.matches("[!-~]{1,200}");
    }
}
