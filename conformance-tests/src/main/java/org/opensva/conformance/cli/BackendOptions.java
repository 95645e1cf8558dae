package org.opensva.conformance.cli;

import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Options that name plugins and settings of backends; several commands have them. */
final class BackendOptions {

    @Option(
            names = "--plugin",
            paramLabel = "JAR",
            description = "A jar with a backend; may be repeated.")
    private List<Path> plugins = new ArrayList<>();

    @Option(
            names = "--option",
            paramLabel = "KEY=VALUE",
            description =
                    "An option of the backend, as listed by 'opensva backends'; may be repeated.")
    private Map<String, String> options = new LinkedHashMap<>();

    /** Loads the plugins. */
    Plugins load() {
        return Plugins.load(plugins);
    }

    Map<String, String> options() {
        return Map.copyOf(options);
    }
}
