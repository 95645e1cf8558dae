package org.opensva.smmuv3.replay;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads recordings in the format {@code opensva-iommu-vector/1}. */
public final class RecordingFile {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private RecordingFile() {}

    /** Reads a file that is known to be sound. */
    public static Recording read(Path file) {
        JsonNode root = JSON.readTree(file.toFile());
        JsonNode config = root.get("config");
        List<Recording.Ram> ram = new ArrayList<>();
        root.get("ram").forEach(r -> ram.add(new Recording.Ram(n(r, "base"), n(r, "size"))));
        List<Recording.Image> memory = new ArrayList<>();
        root.get("memory")
                .forEach(m -> memory.add(new Recording.Image(n(m, "addr"), text(m, "hex"))));
        List<Step> steps = new ArrayList<>();
        root.get("steps").forEach(s -> steps.add(step(s)));
        return new Recording(
                text(root, "name"),
                optional(root, "quirk"),
                new Recording.Identification(
                        n(config, "IDR0"),
                        n(config, "IDR1"),
                        n(config, "IDR3"),
                        n(config, "IDR5"),
                        n(config, "AIDR")),
                ram,
                memory,
                steps);
    }

    private static Step step(JsonNode s) {
        return switch (text(s, "op")) {
            case "mmio_write" ->
                    new Step.RegisterWrite(n(s, "offset"), s.get("size").asInt(), n(s, "value"));
            case "mmio_read" ->
                    new Step.RegisterRead(
                            text(s, "reg"),
                            n(s, "offset"),
                            s.get("size").asInt(),
                            n(s, "expect"),
                            s.has("mask") ? n(s, "mask") : -1L,
                            s.has("arch") ? n(s, "arch") : null);
            case "mem_write" -> new Step.MemoryWrite(n(s, "addr"), text(s, "hex"));
            case "mem_read_expect" ->
                    new Step.MemoryExpectation(
                            s.has("what") ? text(s, "what") : "memory",
                            n(s, "addr"),
                            text(s, "hex"),
                            optional(s, "mask"),
                            s.has("arch_addr") ? n(s, "arch_addr") : null,
                            optional(s, "arch_hex"),
                            s.has("arch_absent"));
            case "dma" -> request(s);
            case "irq_expect" -> {
                JsonNode counts = s.has("arch") ? s.get("arch") : s.get("asserted");
                yield new Step.Interrupts(
                        counts.get("evtq").asInt(),
                        counts.get("cmd_sync").asInt(),
                        counts.get("gerror").asInt());
            }
            default -> throw new IllegalArgumentException("unknown step: " + text(s, "op"));
        };
    }

    private static Step request(JsonNode s) {
        List<Step.Outcome> permitted = new ArrayList<>();
        if (s.has("permitted")) {
            s.get("permitted").forEach(o -> permitted.add(outcome(o)));
        }
        JsonNode pasid = s.get("pasid");
        return new Step.Request(
                (int) n(s, "sid"),
                pasid == null || pasid.isNull() ? -1 : (int) n(s, "pasid"),
                n(s, "iova"),
                s.get("len").asInt(),
                text(s, "rw").equals("write") ? text(s, "data") : null,
                s.get("privileged").asBoolean(),
                s.get("instruction").asBoolean(),
                outcome(s.get("expect")),
                permitted,
                s.has("arch") ? outcome(s.get("arch")) : null);
    }

    private static Step.Outcome outcome(JsonNode o) {
        List<Step.Segment> segments = new ArrayList<>();
        o.get("segments")
                .forEach(s ->
                        segments.add(
                                new Step.Segment(
                                        n(s, "iova"),
                                        s.get("len").asInt(),
                                        s.get("pa").isNull() ? null : n(s, "pa"))));
        return new Step.Outcome(text(o, "outcome").equals("ok"), segments, optional(o, "data"));
    }

    private static long n(JsonNode node, String field) {
        return Long.parseUnsignedLong(text(node, field).substring(2), 16);
    }

    private static String text(JsonNode node, String field) {
        return node.get(field).asString();
    }

    private static @Nullable String optional(JsonNode node, String field) {
        JsonNode value = node.get(field);
        return value == null || value.isNull() ? null : value.asString();
    }
}
