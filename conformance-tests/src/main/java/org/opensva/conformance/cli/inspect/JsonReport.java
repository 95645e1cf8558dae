package org.opensva.conformance.cli.inspect;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.cli.inspect.smmuv3.Overview;
import org.opensva.conformance.cli.inspect.smmuv3.QueueView;
import org.opensva.conformance.cli.inspect.smmuv3.StreamRange;
import org.opensva.conformance.inspect.Decoded;
import org.opensva.conformance.inspect.Explanation;
import org.opensva.conformance.inspect.Section;
import org.opensva.conformance.inspect.Seen;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

import java.io.PrintWriter;
import java.util.List;

/** Prints for programs: numbers of the hardware are strings in hexadecimal. */
final class JsonReport {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private JsonReport() {}

    static void print(PrintWriter out, Overview overview) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        ArrayNode features = root.putArray("features");
        overview.features().forEach(features::add);
        ArrayNode registers = root.putArray("registers");
        overview.registers().forEach(register -> add(registers.addObject(), register));
        ArrayNode streams = root.putArray("streams");
        for (StreamRange range : overview.streams()) {
            ObjectNode node =
                    streams.addObject()
                            .put("first", hex(range.first()))
                            .put("last", hex(range.last()))
                            .put("kind", range.kind());
            add(node.putObject("ste"), range.entry());
            ArrayNode contexts = node.putArray("contexts");
            for (StreamRange.ContextRange context : range.contexts()) {
                ObjectNode child =
                        contexts.addObject()
                                .put("first", hex(context.first()))
                                .put("last", hex(context.last()));
                add(child.putObject("cd"), context.descriptor());
            }
        }
        root.put("cut", overview.cut());
        ArrayNode queues = root.putArray("queues");
        overview.queues().forEach(queue -> add(queues.addObject(), queue));
        ArrayNode errors = root.putArray("globalErrors");
        overview.globalErrors().forEach(errors::add);
        write(out, root);
    }

    static void print(PrintWriter out, List<Section> sections) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        for (Section section : sections) {
            ObjectNode child = root.putObject(section.key()).put("title", section.title());
            add(child.putArray("entries"), section.nodes());
        }
        write(out, root);
    }

    private static void add(ArrayNode array, List<Section.Node> nodes) {
        for (Section.Node node : nodes) {
            ObjectNode child = array.addObject().put("text", node.text());
            Decoded decoded = node.decoded();
            if (decoded != null) {
                add(child.putObject("structure"), decoded);
            }
            if (!node.children().isEmpty()) {
                add(child.putArray("entries"), node.children());
            }
        }
    }

    private static void add(ObjectNode node, QueueView queue) {
        node.put("name", queue.name())
                .put("address", hex(queue.address()))
                .put("size", queue.size())
                .put("prod", queue.prod())
                .put("prodWrap", queue.prodWrap())
                .put("cons", queue.cons())
                .put("consWrap", queue.consWrap())
                .put("pending", queue.pending())
                .put("overflowed", queue.overflowed())
                .put("pendingZero", queue.unlisted());
        ArrayNode entries = node.putArray("entries");
        for (QueueView.Entry entry : queue.entries()) {
            ObjectNode child =
                    entries.addObject().put("index", entry.index()).put("pending", entry.pending());
            add(child, entry.decoded());
        }
    }

    private static void add(ObjectNode node, Decoded decoded) {
        node.put("name", decoded.name()).put("address", hex(decoded.address()));
        ArrayNode words = node.putArray("words");
        decoded.words().forEach(word -> words.add(hex(word)));
        ObjectNode fields = node.putObject("fields");
        decoded.fields().forEach(field -> fields.put(field.name(), hex(field.value())));
    }

    static void print(
            PrintWriter out, Explanation explanation, @Nullable Seen seen, String unable) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        ArrayNode steps = root.putArray("steps");
        for (Explanation.Step step : explanation.steps()) {
            ObjectNode node =
                    steps.addObject().put("what", step.what()).put("yields", step.yields());
            Decoded decoded = step.decoded();
            if (decoded != null) {
                add(node.putObject("structure"), decoded);
            }
        }
        ObjectNode ending = root.putObject("ending");
        switch (explanation.ending()) {
            case Explanation.Translated translated ->
                    ending.put("outcome", "translated")
                            .put("address", hex(translated.address()))
                            .put("size", hex(1L << translated.sizeShift()));
            case Explanation.Aborted aborted ->
                    ending.put("outcome", "aborted").put("reason", aborted.reason());
            case Explanation.Faulted fault ->
                    ending.put("outcome", "fault")
                            .put("event", fault.fault())
                            .put("recorded", fault.recorded())
                            .put("stalled", fault.stalled())
                            .put("reason", fault.reason());
        }
        ObjectNode model = root.putObject("model");
        if (seen == null) {
            model.put("unable", unable);
        } else {
            Long reached = seen.reached();
            model.put("agrees", seen.agrees(explanation.ending()))
                    .put("reached", reached == null ? null : hex(reached))
                    .put("event", seen.fault());
        }
        write(out, root);
    }

    private static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }

    private static void write(PrintWriter out, ObjectNode root) {
        out.println(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root));
    }
}
