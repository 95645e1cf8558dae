package org.opensva.conformance.suite;

import io.opentelemetry.api.OpenTelemetry;

import org.opensva.api.backend.BackendCatalog;
import org.opensva.conformance.rules.RuleBook;
import org.opensva.conformance.rules.RuleLayer;
import org.opensva.conformance.suite.bench.Limits;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What a run was asked for.
 *
 * @param book the rules
 * @param catalog where the backend comes from
 * @param selector the backend
 * @param options its options
 * @param glob which rules
 * @param seed the seed of all random choices
 * @param limits how long things may take
 * @param telemetry where the backend's spans and metrics go
 */
record RunSettings(
        RuleBook book,
        BackendCatalog catalog,
        String selector,
        Map<String, String> options,
        String glob,
        long seed,
        Limits limits,
        OpenTelemetry telemetry) {

    static final String BACKEND = "opensva.backend";
    static final String OPTION_PREFIX = "opensva.backend.option.";
    static final String RULES = "opensva.rules";
    static final String LAYER = "opensva.layer";
    static final String SEED = "opensva.seed";
    static final String TIMEOUT_FACTOR = "opensva.timeout.factor";

    /** The seed of a run that names none: the same every time, so that two runs are comparable. */
    static final long DEFAULT_SEED = 0x0b5e55edL;

    RunSettings {
        options = Map.copyOf(options);
        catalog = limits.reaching(catalog);
    }

    /** Reads the settings of a run that JUnit started: {@code get} looks a parameter up. */
    static RunSettings of(Function<String, java.util.Optional<String>> get, ClassLoader loader) {
        String backend =
                get.apply(BACKEND)
                        .orElseThrow(() ->
                                new SuiteFault(
                                        "no backend is named; set the JUnit configuration parameter"
                                            + " opensva.backend, for example with"
                                            + " @ConfigurationParameter(key = \"opensva.backend\","
                                            + " value = \"emulated:smmuv3\")"));
        BackendCatalog catalog = BackendCatalog.load(loader);
        Map<String, String> options = new TreeMap<>();
        // JUnit's parameters can be looked up but not listed, so ask for each option that exists.
        catalog.providers().stream()
                .filter(provider -> provider.name().equals(backend.replaceFirst(":.*", "")))
                .flatMap(provider -> provider.options().stream())
                .forEach(option ->
                        get.apply(OPTION_PREFIX + option.key())
                                .ifPresent(value -> options.put(option.key(), value)));
        RuleBook book = RuleBook.load();
        return new RunSettings(
                book,
                catalog,
                catalog.resolve(backend),
                options,
                get.apply(RULES)
                        .or(() -> get.apply(LAYER).map(text -> layer(text, book)))
                        .orElse("*"),
                get.apply(SEED).map(RunSettings::seed).orElse(DEFAULT_SEED),
                get.apply(TIMEOUT_FACTOR).map(RunSettings::limits).orElse(Limits.NORMAL),
                OpenTelemetry.noop());
    }

    private static String layer(String text, RuleBook book) {
        return RuleLayer.of(text)
                .map(layer -> layer.glob(book))
                .orElseThrow(() ->
                        new SuiteFault(
                                "%s is '%s'; there are: %s"
                                        .formatted(LAYER, text, RuleLayer.names())));
    }

    private static long seed(String text) {
        try {
            return Long.decode(text);
        } catch (NumberFormatException e) {
            throw new SuiteFault(SEED + " is '" + text + "', which is not a number", e);
        }
    }

    private static Limits limits(String text) {
        try {
            return new Limits(Double.parseDouble(text));
        } catch (IllegalArgumentException e) {
            throw new SuiteFault(TIMEOUT_FACTOR + " is '" + text + "': not above 0 up to 1000", e);
        }
    }
}
