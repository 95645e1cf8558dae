package org.opensva.conformance.report;

import static org.opensva.conformance.report.JsonFields.array;
import static org.opensva.conformance.report.JsonFields.count;
import static org.opensva.conformance.report.JsonFields.hex;
import static org.opensva.conformance.report.JsonFields.optional;
import static org.opensva.conformance.report.JsonFields.quote;
import static org.opensva.conformance.report.JsonFields.seed;
import static org.opensva.conformance.report.JsonFields.text;
import static org.opensva.conformance.report.JsonFields.texts;

import org.opensva.conformance.suite.bench.Evidence;
import org.opensva.conformance.suite.bench.Timeline;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a failed test found, as JSON. */
final class EvidenceJson {

    private EvidenceJson() {}

    static void write(ObjectNode node, Evidence finding) {
        node.put("step", finding.step())
                .put("expected", finding.expected())
                .put("seen", finding.seen())
                .put("seed", hex(finding.seed()));
        if (!finding.trace().isEmpty()) {
            node.put("trace", finding.trace());
        }
        ArrayNode steps = node.putArray("steps");
        finding.steps().forEach(steps::add);
        finding.timeline().ifPresent(timeline -> write(node.putObject("timeline"), timeline));
    }

    private static void write(ObjectNode node, Timeline timeline) {
        node.put("lost", timeline.lost());
        ArrayNode moments = node.putArray("moments");
        for (Timeline.Moment moment : timeline.moments()) {
            ObjectNode entry =
                    moments.addObject().put("lane", moment.lane().id()).put("what", moment.what());
            if (!moment.detail().isEmpty()) {
                entry.put("detail", moment.detail());
            }
            if (moment.late()) {
                entry.put("late", true);
            }
            if (moment.isSpan()) {
                entry.put("until", moment.until());
            }
        }
    }

    static Evidence read(String test, JsonNode node) {
        JsonNode timeline = node.path("timeline");
        return new Evidence(
                test,
                text(node, "step"),
                text(node, "expected"),
                text(node, "seen"),
                seed(node),
                texts(node, "steps"),
                optional(node, "trace"),
                timeline.isObject() ? Optional.of(timeline(timeline)) : Optional.empty());
    }

    private static Timeline timeline(JsonNode node) {
        List<Timeline.Moment> moments = new ArrayList<>();
        for (JsonNode moment : array(node, "moments")) {
            String lane = text(moment, "lane");
            moments.add(
                    new Timeline.Moment(
                            Timeline.Lane.ofId(lane)
                                    .orElseThrow(() ->
                                            new CertificateException(
                                                    "lane " + quote(lane) + " is unknown")),
                            text(moment, "what"),
                            optional(moment, "detail"),
                            moment.path("late").asBoolean(false),
                            moment.has("until") ? count(moment, "until", Integer.MAX_VALUE) : -1));
        }
        return new Timeline(moments, count(node, "lost", Integer.MAX_VALUE));
    }
}
