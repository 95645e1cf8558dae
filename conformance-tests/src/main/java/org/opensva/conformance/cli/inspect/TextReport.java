package org.opensva.conformance.cli.inspect;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.cli.inspect.smmuv3.Overview;
import org.opensva.conformance.cli.inspect.smmuv3.QueueView;
import org.opensva.conformance.cli.inspect.smmuv3.StreamRange;
import org.opensva.conformance.inspect.Decoded;
import org.opensva.conformance.inspect.Explanation;
import org.opensva.conformance.inspect.Section;
import org.opensva.conformance.inspect.Seen;

import java.io.PrintWriter;
import java.util.List;
import java.util.stream.Collectors;

/** Prints for people. */
final class TextReport {

    private TextReport() {}

    static void print(PrintWriter out, Overview overview) {
        out.println("features");
        overview.features().forEach(feature -> out.println("  " + feature));
        out.println("registers");
        for (Decoded register : overview.registers()) {
            String fields = register.fields().isEmpty() ? "" : "  " + register.inWords();
            out.println(
                    "  %s 0x%x%s".formatted(register.name(), register.words().getFirst(), fields));
        }
        out.println("streams");
        if (overview.streams().isEmpty()) {
            out.println("  none is valid");
        }
        for (StreamRange range : overview.streams()) {
            out.println("  %s: %s".formatted(range(range.first(), range.last()), range.kind()));
            out.println("    " + structure(range.entry()));
            for (StreamRange.ContextRange context : range.contexts()) {
                out.println("    substream " + range(context.first(), context.last()));
                out.println("      " + structure(context.descriptor()));
            }
        }
        if (overview.cut()) {
            out.println("  and more, which are not listed");
        }
        overview.queues().forEach(queue -> print(out, queue));
        out.println("global errors");
        if (overview.globalErrors().isEmpty()) {
            out.println("  none");
        }
        overview.globalErrors().forEach(error -> out.println("  " + error));
    }

    private static void print(PrintWriter out, QueueView queue) {
        out.println(queue.inWords());
        for (QueueView.Entry entry : queue.entries()) {
            out.println(
                    "  %d %s %s"
                            .formatted(
                                    entry.index(),
                                    entry.pending() ? "pending " : "consumed",
                                    structure(entry.decoded())));
        }
        if (queue.unlisted() > 0) {
            out.println("  %d pending entries are zero".formatted(queue.unlisted()));
        }
    }

    static void print(PrintWriter out, List<Section> sections) {
        for (Section section : sections) {
            out.println(section.title());
            if (section.nodes().isEmpty()) {
                out.println("  none");
            }
            section.nodes().forEach(node -> print(out, node, "  "));
        }
    }

    private static void print(PrintWriter out, Section.Node node, String indent) {
        Decoded decoded = node.decoded();
        if (decoded == null) {
            out.println(indent + node.text());
        } else if (node.text().equals(decoded.name())) {
            out.println(
                    "%s%s 0x%x  %s"
                            .formatted(
                                    indent,
                                    decoded.name(),
                                    decoded.words().getFirst(),
                                    decoded.fields().isEmpty() ? "" : decoded.inWords()));
        } else {
            out.println(indent + node.text());
            out.println(indent + "  " + structure(decoded));
        }
        node.children().forEach(child -> print(out, child, indent + "  "));
    }

    private static String range(long first, long last) {
        return first == last ? "0x%x".formatted(first) : "0x%x to 0x%x".formatted(first, last);
    }

    private static String structure(Decoded decoded) {
        return "%s at 0x%x: %s".formatted(decoded.name(), decoded.address(), decoded.inWords());
    }

    static void print(
            PrintWriter out, Explanation explanation, @Nullable Seen seen, String unable) {
        int number = 1;
        for (Explanation.Step step : explanation.steps()) {
            out.println("%d. %s: %s".formatted(number++, step.what(), step.yields()));
            Decoded decoded = step.decoded();
            if (decoded != null) {
                out.println(
                        "   at 0x%x: %s"
                                .formatted(
                                        decoded.address(),
                                        decoded.words().stream()
                                                .map("0x%x"::formatted)
                                                .collect(Collectors.joining(" "))));
                out.println("   " + decoded.inWords());
            }
        }
        out.println(ending(explanation.ending()));
        out.println(
                seen == null
                        ? unable
                        : seen.agrees(explanation.ending())
                                ? "the model agrees"
                                : "the model does NOT agree: " + seen(seen));
    }

    static String ending(Explanation.Ending ending) {
        return switch (ending) {
            case Explanation.Translated translated ->
                    "translated to 0x%x, within 2^%d bytes"
                            .formatted(translated.address(), translated.sizeShift());
            case Explanation.Aborted aborted -> "aborted without an event: " + aborted.reason();
            case Explanation.Faulted fault ->
                    "stopped: %s, %s%s: %s"
                            .formatted(
                                    fault.fault(),
                                    fault.recorded() ? "recorded" : "not recorded",
                                    fault.stalled() ? ", the access stalls" : "",
                                    fault.reason());
        };
    }

    private static String seen(Seen seen) {
        Long reached = seen.reached();
        return "it reaches %s, with %s"
                .formatted(
                        reached == null ? "nothing" : "0x" + Long.toHexString(reached),
                        seen.fault() == null ? "no event" : seen.fault());
    }
}
