package org.opensva.linux.doctor;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/**
 * The configuration that the running kernel was built with, where the system keeps it: {@code
 * /proc/config.gz}, {@code /boot/config-<release>} or {@code /lib/modules/<release>/config}.
 */
final class KernelConfig {

    private static final int MOST_LINES = 100_000;

    private final String place;
    private final Map<String, String> options;

    private KernelConfig(String place, Map<String, String> options) {
        this.place = place;
        this.options = options;
    }

    /** Reads it; empty if there is none. */
    static Optional<KernelConfig> read(Path root, String release) {
        List<String> places =
                release.matches("[A-Za-z0-9._+~-]+")
                        ? List.of(
                                "proc/config.gz",
                                "boot/config-" + release,
                                "lib/modules/" + release + "/config",
                                "usr/lib/modules/" + release + "/config")
                        : List.of("proc/config.gz");
        return places.stream()
                .map(place -> readFrom(root.resolve(place), "/" + place))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static Optional<KernelConfig> readFrom(Path file, String place) {
        try (InputStream in = Files.newInputStream(file)) {
            InputStream text = place.endsWith(".gz") ? new GZIPInputStream(in) : in;
            return Optional.of(new KernelConfig(place, parse(text)));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static Map<String, String> parse(InputStream in) throws IOException {
        Map<String, String> options = new HashMap<>();
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(in, StandardCharsets.ISO_8859_1));
        for (int i = 0; i < MOST_LINES; i++) {
            String line = lines.readLine();
            if (line == null) {
                return options;
            }
            if (line.matches("CONFIG_[A-Z0-9_]+=[ym]")) {
                int equals = line.indexOf('=');
                options.put(line.substring(7, equals), line.substring(equals + 1));
            }
        }
        return options;
    }

    /** Where it was found. */
    String place() {
        return place;
    }

    /** Tells whether an option is built in or a module. */
    boolean has(String option) {
        return options.containsKey(option);
    }
}
