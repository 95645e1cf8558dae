package org.opensva.conformance.cli.replay;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.replay.Step;

import tools.jackson.databind.JsonNode;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads the steps of recordings. */
final class StepReader {

    private static final int MOST_BYTES = 1 << 20;
    private static final int STREAM_BITS = 32;
    private static final int REQUESTER_BITS = 16;
    private static final int DATA_BITS = 32;
    private static final int VECTOR_BITS = 8;
    private static final int PASID_BITS = 20;

    private StepReader() {}

    static Step read(Fields step) throws InputException {
        String operation = step.text("op");
        return switch (operation) {
            case "mmio_write" ->
                    new Step.RegisterWrite(step.number("offset"), size(step), step.number("value"));
            case "mmio_read" ->
                    new Step.RegisterRead(
                            step.text("reg", "register"),
                            step.number("offset"),
                            size(step),
                            step.number("expect"),
                            step.number("mask", -1L),
                            step.optionalNumber("arch"));
            case "mem_write" -> new Step.MemoryWrite(step.number("addr"), step.bytes("hex"));
            case "mem_read_expect" -> memory(step);
            case "dma" -> request(step);
            case "irq_expect" -> interrupts(step);
            case "msi" -> deviceMessage(step);
            case "msi_expect" -> sentMessages(step);
            default -> throw step.wrong("op", "is '%s', which is not known".formatted(operation));
        };
    }

    private static int size(Fields step) throws InputException {
        int size = step.integer("size", 1, Long.BYTES);
        if (size != Integer.BYTES && size != Long.BYTES) {
            throw step.wrong("size", "is neither 4 nor 8");
        }
        return size;
    }

    private static Step memory(Fields step) throws InputException {
        String bytes = step.bytes("hex");
        return new Step.MemoryExpectation(
                step.text("what", "memory"),
                step.number("addr"),
                bytes,
                step.optionalBytes("mask", bytes),
                step.optionalNumber("arch_addr"),
                step.optionalBytes("arch_hex", bytes),
                step.flag("arch_absent"));
    }

    private static Step interrupts(Fields step) throws InputException {
        return new Step.Interrupts(
                counts(step.object("asserted")),
                step.has("arch") ? counts(step.object("arch")) : null);
    }

    private static Map<String, Integer> counts(Fields counts) throws InputException {
        Map<String, Integer> lines = new HashMap<>();
        for (String line : counts.names()) {
            lines.put(line, counts.integer(line, 0, Integer.MAX_VALUE));
        }
        return lines;
    }

    private static Step deviceMessage(Fields step) throws InputException {
        return new Step.DeviceMessage(
                step.number("rid", REQUESTER_BITS),
                message(step),
                delivery(step.object("expect")),
                step.has("arch") ? delivery(step.object("arch")) : null);
    }

    private static Step.Message message(Fields message) throws InputException {
        return new Step.Message(message.number("address"), message.number("data", DATA_BITS));
    }

    private static Step.Delivery delivery(Fields delivery) throws InputException {
        String outcome = delivery.text("outcome");
        return switch (outcome) {
            case "delivered" -> new Step.Delivery(true, delivery.number("vector", VECTOR_BITS));
            case "blocked" -> Step.Delivery.BLOCKED;
            default -> throw delivery.wrong("outcome", "is neither delivered nor blocked");
        };
    }

    private static Step sentMessages(Fields step) throws InputException {
        return new Step.SentMessages(
                step.text("what", "sent"),
                messages(step, "messages"),
                step.has("arch") ? messages(step, "arch") : null);
    }

    private static List<Step.Message> messages(Fields step, String field) throws InputException {
        List<Step.Message> messages = new ArrayList<>();
        for (JsonNode node : step.array(field)) {
            messages.add(message(Fields.of(step.where() + ", message " + messages.size(), node)));
        }
        return messages;
    }

    private static Step request(Fields step) throws InputException {
        int length = step.integer("len", 1, MOST_BYTES);
        List<Step.Outcome> permitted = new ArrayList<>();
        if (step.has("permitted")) {
            int index = 0;
            for (JsonNode outcome : step.array("permitted")) {
                permitted.add(
                        outcome(
                                Fields.of(step.where() + ", permitted " + index++, outcome),
                                length));
            }
        }
        return new Step.Request(
                step.has("rid")
                        ? step.number("rid", REQUESTER_BITS)
                        : step.number("sid", STREAM_BITS),
                step.has("pasid") ? step.number("pasid", PASID_BITS) : -1,
                step.number("iova"),
                length,
                written(step, length),
                step.flag("privileged"),
                step.flag("instruction"),
                outcome(step.object("expect"), length),
                permitted,
                step.has("arch") ? outcome(step.object("arch"), length) : null);
    }

    private static @Nullable String written(Fields step, int length) throws InputException {
        String direction = step.text("rw");
        return switch (direction) {
            case "read" -> null;
            case "write" -> {
                String data = step.bytes("data");
                if (data.length() != 2 * length) {
                    throw step.wrong("data", "is not 'len' bytes");
                }
                yield data;
            }
            default -> throw step.wrong("rw", "is neither read nor write");
        };
    }

    private static Step.Outcome outcome(Fields outcome, int length) throws InputException {
        String kind = outcome.text("outcome");
        if (!kind.equals("ok") && !kind.equals("fault")) {
            throw outcome.wrong("outcome", "is neither ok nor fault");
        }
        List<Step.Segment> segments = new ArrayList<>();
        int covered = 0;
        int index = 0;
        for (JsonNode node : outcome.array("segments")) {
            Fields segment = Fields.of(outcome.where() + ", segment " + index++, node);
            int bytes = segment.integer("len", 1, length - covered);
            covered += bytes;
            segments.add(
                    new Step.Segment(segment.number("iova"), bytes, segment.optionalNumber("pa")));
        }
        String data = outcome.optionalBytes("data");
        if (data != null && data.length() != 2 * length) {
            throw outcome.wrong("data", "is not 'len' bytes");
        }
        return new Step.Outcome(kind.equals("ok"), segments, data);
    }
}
