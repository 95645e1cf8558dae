package org.opensva.conformance.campaign;

import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.backend.PasidSupply;
import org.opensva.conformance.report.CertificateException;
import org.opensva.conformance.report.TestResultJson;
import org.opensva.conformance.suite.TestResult;
import org.opensva.conformance.suite.claims.ClaimResult;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** What a child JVM says, a line each. */
public sealed interface ChapterLine {

    /**
     * The backend is open.
     *
     * @param backend who it is
     */
    record Opened(BackendDescriptor backend) implements ChapterLine {}

    /**
     * A test begins.
     *
     * @param test the test, as {@code Class.method}
     * @param sentence its name as a sentence
     */
    record Started(String test, String sentence) implements ChapterLine {}

    /**
     * A test has ended, or will not run.
     *
     * @param result how it ended
     */
    record Finished(TestResult result) implements ChapterLine {}

    /**
     * The chapter is complete.
     *
     * @param claims what was found about the claims
     */
    record Done(List<ClaimResult> claims) implements ChapterLine {
        /** Copies the claims. */
        public Done {
            claims = List.copyOf(claims);
        }
    }

    /**
     * The backend could not be opened.
     *
     * @param message why, in one line
     */
    record Refused(String message) implements ChapterLine {}

    /**
     * The suite itself failed.
     *
     * @param message why, in one line
     */
    record Fault(String message) implements ChapterLine {}

    /**
     * As one line of JSON.
     *
     * @return the line, without its end
     */
    default String text() {
        ObjectNode node = JsonMapper.shared().createObjectNode();
        switch (this) {
            case Opened opened -> backend(node.putObject("opened"), opened.backend());
            case Started started ->
                    node.putObject("started")
                            .put("test", started.test())
                            .put("sentence", started.sentence());
            case Finished finished ->
                    TestResultJson.write(node.putObject("finished"), finished.result());
            case Done done -> {
                ArrayNode claims = node.putArray("done");
                for (ClaimResult claim : done.claims()) {
                    claims.addObject()
                            .put("capability", claim.capability().id())
                            .put("claimed", claim.claimed())
                            .put("found", claim.found().id())
                            .put("how", claim.how());
                }
            }
            case Refused refused -> node.put("refused", refused.message());
            case Fault fault -> node.put("fault", fault.message());
        }
        return node.toString();
    }

    private static void backend(ObjectNode node, BackendDescriptor backend) {
        node.put("name", backend.name())
                .put("variant", backend.variant())
                .put("version", backend.version())
                .put("vendor", backend.vendor())
                .put("foreignHandles", backend.foreignHandles().name())
                .put("pasidSupply", backend.pasidSupply().name());
        ArrayNode capabilities = node.putArray("capabilities");
        backend.capabilities().forEach(capability -> capabilities.add(capability.id()));
        ObjectNode properties = node.putObject("properties");
        backend.properties().forEach(properties::put);
    }

    /**
     * Reads a line.
     *
     * @param line what {@link #text} made
     * @return what it says, or empty if it is nothing of this kind
     */
    static Optional<ChapterLine> of(String line) {
        try {
            return Optional.ofNullable(read(JsonMapper.shared().readTree(line)));
        } catch (JacksonException | IllegalArgumentException | CertificateException e) {
            return Optional.empty();
        }
    }

    private static @org.jspecify.annotations.Nullable ChapterLine read(JsonNode node) {
        if (node.has("opened")) {
            return new Opened(backend(node.path("opened")));
        }
        if (node.has("started")) {
            JsonNode started = node.path("started");
            return new Started(
                    started.path("test").asString(""), started.path("sentence").asString(""));
        }
        if (node.has("finished")) {
            return new Finished(TestResultJson.read(node.path("finished")));
        }
        if (node.has("done")) {
            return new Done(claims(node.path("done")));
        }
        if (node.has("refused")) {
            return new Refused(node.path("refused").asString(""));
        }
        return node.has("fault") ? new Fault(node.path("fault").asString("")) : null;
    }

    private static List<ClaimResult> claims(JsonNode array) {
        List<ClaimResult> claims = new ArrayList<>();
        for (JsonNode node : array) {
            String found = node.path("found").asString("");
            claims.add(
                    new ClaimResult(
                            capability(node.path("capability").asString("")),
                            node.path("claimed").asBoolean(false),
                            Arrays.stream(ClaimResult.Found.values())
                                    .filter(value -> value.id().equals(found))
                                    .findFirst()
                                    .orElseThrow(() -> new IllegalArgumentException(found)),
                            node.path("how").asString("")));
        }
        return claims;
    }

    private static BackendDescriptor backend(JsonNode node) {
        Set<Capability> capabilities = EnumSet.noneOf(Capability.class);
        for (JsonNode id : node.path("capabilities")) {
            capabilities.add(capability(id.asString("")));
        }
        TreeMap<String, String> properties = new TreeMap<>();
        node.path("properties")
                .properties()
                .forEach(each -> properties.put(each.getKey(), each.getValue().asString("")));
        return new BackendDescriptor(
                node.path("name").asString(""),
                node.path("variant").asString(""),
                node.path("version").asString(""),
                node.path("vendor").asString(""),
                capabilities,
                ForeignHandlePolicy.valueOf(node.path("foreignHandles").asString("")),
                PasidSupply.valueOf(node.path("pasidSupply").asString("")),
                properties);
    }

    private static Capability capability(String id) {
        return Capability.ofId(id).orElseThrow(() -> new IllegalArgumentException(id));
    }
}
