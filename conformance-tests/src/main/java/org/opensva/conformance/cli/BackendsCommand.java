package org.opensva.conformance.cli;

import org.opensva.api.backend.BackendOption;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendVariant;
import org.opensva.api.backend.Diagnosis;
import org.opensva.api.backend.DiagnosticStep;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * {@code opensva backends}: what there is to certify, and what of this machine decides about it.
 */
@Command(
        name = "backends",
        description = {
            "List every backend and variant, and whether it can be used here; of those that depend"
                    + " on this machine, step by step what is there, what is not, why, and what"
                    + " would help."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  opensva backends",
            "  opensva backends --plugin acme.jar",
            "  opensva backends --json"
        })
final class BackendsCommand implements Callable<Integer> {

    private final Context context;

    @Option(
            names = "--plugin",
            paramLabel = "JAR",
            description = "A jar with a backend; may be repeated.")
    private List<Path> plugins = List.of();

    @Option(
            names = "--profile",
            paramLabel = "FILE",
            description = "A machine of your own, to be listed too; may be repeated.")
    private List<Path> profiles = List.of();

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    BackendsCommand(Context context) {
        this.context = context;
    }

    /** A line of the list. */
    private record Row(String selector, BackendVariant variant) {}

    @Override
    public Integer call() {
        try (Plugins loaded = Plugins.load(plugins).withProfiles(profiles)) {
            List<Entry> entries = loaded.catalog().providers().stream().map(Entry::of).toList();
            if (json) {
                printJson(entries);
            } else {
                print(entries);
            }
        }
        return ExitStatus.GOOD;
    }

    /** A provider with what it says about itself; a plugin's answer may be an exception. */
    private record Entry(
            String name,
            List<BackendVariant> variants,
            List<BackendOption> options,
            List<Diagnosis> diagnoses) {

        static Entry of(BackendProvider provider) {
            String name = provider.name();
            try {
                return new Entry(
                        name,
                        List.copyOf(provider.variants()),
                        List.copyOf(provider.options()),
                        diagnoses(provider));
            } catch (RuntimeException | LinkageError e) {
                return new Entry(
                        name,
                        List.of(BackendVariant.unavailable("", "", "its provider fails: " + e)),
                        List.of(),
                        List.of());
            }
        }

        /** A doctor that fails takes nothing else from the list. */
        private static List<Diagnosis> diagnoses(BackendProvider provider) {
            try {
                return List.copyOf(provider.diagnose());
            } catch (RuntimeException | LinkageError e) {
                return List.of(
                        new Diagnosis(
                                provider.name(),
                                List.of(
                                        DiagnosticStep.missing(
                                                "examination", "it fails: " + e, ""))));
            }
        }

        String selector(BackendVariant variant) {
            return variant.name().isEmpty() ? name : name + ":" + variant.name();
        }
    }

    private void print(List<Entry> entries) {
        PrintWriter out = context.console().out();
        List<Row> rows =
                entries.stream()
                        .flatMap(entry ->
                                entry.variants().stream().map(v -> new Row(entry.selector(v), v)))
                        .toList();
        int width = rows.stream().mapToInt(row -> row.selector().length()).max().orElse(0);
        for (Row row : rows) {
            BackendVariant variant = row.variant();
            String state = variant.available() ? "available" : "not available";
            String text = variant.available() ? variant.title() : title(variant) + variant.reason();
            out.println(
                    "%s  %s  %s"
                            .formatted(
                                    pad(row.selector(), width),
                                    pad(state, "not available".length()),
                                    Console.oneLine(text))
                            .stripTrailing());
        }
        for (Entry entry : entries) {
            entry.diagnoses().forEach(diagnosis -> printDiagnosis(out, diagnosis));
        }
        for (Entry entry : entries) {
            if (!entry.options().isEmpty()) {
                out.println();
                out.println("options of " + entry.name() + ":");
                printOptions(out, entry.options());
            }
        }
        if (rows.isEmpty()) {
            out.println("there are no backends");
        }
    }

    private static String title(BackendVariant variant) {
        return variant.title().isEmpty() ? "" : variant.title() + ": ";
    }

    /** A line for each step, aligned. */
    private static void printDiagnosis(PrintWriter out, Diagnosis diagnosis) {
        out.println();
        out.println(
                "%s on this machine: %s"
                        .formatted(Console.oneLine(diagnosis.subject()), diagnosis.outcome().id()));
        int width =
                diagnosis.steps().stream().mapToInt(step -> step.name().length()).max().orElse(0);
        for (DiagnosticStep step : diagnosis.steps()) {
            String outcome = pad(step.outcome().id(), "degraded".length());
            String text = step.line().substring(step.outcome().id().length() + 2);
            out.println(
                    "  %s  %s  %s"
                            .formatted(
                                    outcome,
                                    pad(Console.oneLine(step.name()), width),
                                    Console.oneLine(text)));
        }
    }

    private static void printOptions(PrintWriter out, List<BackendOption> options) {
        int width = options.stream().mapToInt(option -> option.key().length()).max().orElse(0);
        for (BackendOption option : options) {
            out.println(
                    "  %s  %s (default: %s)"
                            .formatted(
                                    pad(option.key(), width),
                                    Console.oneLine(option.title()),
                                    Console.oneLine(option.defaultValue())));
        }
    }

    private static String pad(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }

    private void printJson(List<Entry> entries) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        ArrayNode backends = root.putArray("backends");
        for (Entry entry : entries) {
            for (BackendVariant variant : entry.variants()) {
                ObjectNode node =
                        backends.addObject()
                                .put("backend", entry.selector(variant))
                                .put("name", entry.name())
                                .put("variant", variant.name())
                                .put("title", variant.title())
                                .put("available", variant.available())
                                .put("reason", variant.reason());
                ArrayNode options = node.putArray("options");
                for (BackendOption option : entry.options()) {
                    options.addObject()
                            .put("key", option.key())
                            .put("title", option.title())
                            .put("default", option.defaultValue());
                }
            }
        }
        ArrayNode diagnoses = root.putArray("diagnoses");
        for (Entry entry : entries) {
            for (Diagnosis diagnosis : entry.diagnoses()) {
                ArrayNode steps =
                        diagnoses
                                .addObject()
                                .put("backend", entry.name())
                                .put("subject", diagnosis.subject())
                                .put("outcome", diagnosis.outcome().id())
                                .putArray("steps");
                for (DiagnosticStep step : diagnosis.steps()) {
                    steps.addObject()
                            .put("name", step.name())
                            .put("outcome", step.outcome().id())
                            .put("finding", step.finding())
                            .put("consequence", step.consequence())
                            .put("remedy", step.remedy());
                }
            }
        }
        context.console()
                .out()
                .println(
                        JsonMapper.builder()
                                .build()
                                .writerWithDefaultPrettyPrinter()
                                .writeValueAsString(root));
    }
}
