package org.opensva.conformance.cli;

import org.opensva.api.backend.BackendCatalog;
import org.opensva.conformance.measure.MeasuredBackend;

import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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

    @Option(
            names = "--profile",
            paramLabel = "FILE",
            description =
                    "A machine of your own: a JSON file that adds the variant it names to"
                            + " 'emulated'; may be repeated.")
    private List<Path> profiles = new ArrayList<>();

    /** Loads the plugins, then the profiles. */
    Plugins load() {
        return Plugins.load(plugins).withProfiles(profiles);
    }

    /** The backend of the last profile, or another one if there is no profile. */
    String profiledOr(String other, Plugins loaded) {
        return profiles.isEmpty() ? other : loaded.lastProfiled();
    }

    /** The backend to measure, where one is named or described. */
    Optional<MeasuredBackend> measured(Optional<String> name) {
        if (name.isEmpty() && profiles.isEmpty()) {
            if (!plugins.isEmpty() || !options.isEmpty()) {
                throw new UsageException("--plugin and --option need --backend");
            }
            return Optional.empty();
        }
        try (Plugins loaded = load()) {
            BackendCatalog catalog = loaded.catalog();
            String selector = catalog.resolve(name.orElseGet(loaded::lastProfiled));
            return Optional.of(MeasuredBackend.of(catalog, selector, plugins, profiles, options));
        }
    }

    boolean hasProfiles() {
        return !profiles.isEmpty();
    }

    Map<String, String> options() {
        return Map.copyOf(options);
    }

    /** The same options as arguments of another command line. */
    List<String> arguments() {
        List<String> arguments = new ArrayList<>();
        for (Path plugin : plugins) {
            arguments.addAll(List.of("--plugin", plugin.toString()));
        }
        for (Path profile : profiles) {
            arguments.addAll(List.of("--profile", profile.toString()));
        }
        options.forEach((key, value) -> arguments.addAll(List.of("--option", key + "=" + value)));
        return arguments;
    }
}
