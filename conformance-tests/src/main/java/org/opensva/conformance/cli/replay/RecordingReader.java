package org.opensva.conformance.cli.replay;

import org.jspecify.annotations.Nullable;
import org.opensva.smmuv3.replay.Recording;
import org.opensva.smmuv3.replay.Step;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads recordings in the format {@code opensva-iommu-vector/1}. A file is read as a stream, one
 * element of its lists at a time; fields that are not known are passed over.
 */
final class RecordingReader {

    static final String FORMAT = "opensva-iommu-vector/1";
    private static final String FAMILY = "opensva-iommu-vector/";
    private static final int DEEPEST = 32;
    private static final long MOST_CHARACTERS = 256L << 20;

    private static final JsonMapper JSON =
            JsonMapper.builder(
                            JsonFactory.builder()
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxNestingDepth(DEEPEST)
                                                    .maxDocumentLength(MOST_CHARACTERS)
                                                    .build())
                                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                                    .build())
                    // Elements are taken out of the middle of a document.
                    .disable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    private RecordingReader() {}

    /**
     * What a file says about itself.
     *
     * @param iommu which IOMMU was recorded
     */
    record Head(String iommu) {}

    /** Something done with the fields of a file, one after the other. */
    @FunctionalInterface
    private interface Visitor {
        void field(String name, JsonParser json) throws RecordingException;
    }

    /** The top-level fields as they come; what a visitor leaves of a value is skipped. */
    private static void visit(Path file, Visitor visitor) throws RecordingException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file));
                JsonParser json = JSON.createParser(in)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new RecordingException("not a recording: not a JSON object");
            }
            String name = json.nextName();
            while (name != null) {
                json.nextToken();
                visitor.field(name, json);
                json.skipChildren();
                name = json.nextName();
            }
            if (json.nextToken() != null) {
                throw new RecordingException("not a recording: something follows the JSON object");
            }
        } catch (JacksonException e) {
            throw new RecordingException(
                    "not JSON: line %d, column %d"
                            .formatted(
                                    Math.max(1, e.getLocation().getLineNr()),
                                    Math.max(1, e.getLocation().getColumnNr())),
                    e);
        } catch (IOException e) {
            throw new RecordingException("cannot be read: " + RecordingFiles.reason(e), e);
        }
    }

    /**
     * Looks whether a file is a recording.
     *
     * @param file a file
     * @return what was recorded, or empty if it is some other JSON
     * @throws RecordingException if it is no JSON, or a recording in another version of the format
     */
    static Optional<Head> head(Path file) throws RecordingException {
        String[] seen = {"", ""};
        visit(
                file,
                (name, json) -> {
                    if (json.currentToken() == JsonToken.VALUE_STRING) {
                        switch (name) {
                            case "format" -> seen[0] = json.getString();
                            case "iommu" -> seen[1] = json.getString();
                            default -> {}
                        }
                    }
                });
        if (!seen[0].startsWith(FAMILY)) {
            return Optional.empty();
        }
        if (!seen[0].equals(FORMAT)) {
            throw new RecordingException("its format is '%s', not '%s'".formatted(seen[0], FORMAT));
        }
        if (seen[1].isEmpty()) {
            throw new RecordingException("'iommu' is missing");
        }
        return Optional.of(new Head(seen[1]));
    }

    /**
     * Reads a recording of an SMMUv3.
     *
     * @param file a file whose {@link #head} says so
     * @return the recording
     * @throws RecordingException if something in it is wrong, with what and where
     */
    static Recording smmuV3(Path file) throws RecordingException {
        Parts parts = new Parts();
        visit(file, parts::take);
        return parts.recording();
    }

    /** What has been read so far. */
    private static final class Parts {
        private @Nullable String name;
        private @Nullable String quirk;
        private Recording.@Nullable Identification identification;
        private @Nullable List<Recording.Ram> ram;
        private @Nullable List<Recording.Image> memory;
        private @Nullable List<Step> steps;

        void take(String field, JsonParser json) throws RecordingException {
            switch (field) {
                case "name" -> name = string(field, json);
                case "quirk" ->
                        quirk =
                                json.currentToken() == JsonToken.VALUE_NULL
                                        ? null
                                        : string(field, json);
                case "config" ->
                        identification = identification(Fields.of(field, JSON.readTree(json)));
                case "ram" ->
                        ram =
                                list(
                                        field,
                                        json,
                                        r -> new Recording.Ram(r.number("base"), r.number("size")));
                case "memory" ->
                        memory =
                                list(
                                        field,
                                        json,
                                        m -> new Recording.Image(m.number("addr"), m.bytes("hex")));
                case "steps" -> steps = list("step", json, StepReader::read);
                default -> {}
            }
        }

        private static String string(String field, JsonParser json) throws RecordingException {
            if (json.currentToken() != JsonToken.VALUE_STRING) {
                throw new RecordingException("'%s' is not a string".formatted(field));
            }
            return json.getString();
        }

        private static Recording.Identification identification(Fields config)
                throws RecordingException {
            return new Recording.Identification(
                    config.number("IDR0"),
                    config.number("IDR1"),
                    config.number("IDR3", 0L),
                    config.number("IDR5"),
                    config.number("AIDR", 0L));
        }

        Recording recording() throws RecordingException {
            return new Recording(
                    required("name", name),
                    quirk,
                    required("config", identification),
                    required("ram", ram),
                    required("memory", memory),
                    required("steps", steps));
        }

        private static <T> T required(String field, @Nullable T value) throws RecordingException {
            if (value == null) {
                throw new RecordingException("'%s' is missing".formatted(field));
            }
            return value;
        }
    }

    /** Makes something of an element of a list. */
    @FunctionalInterface
    private interface Element<T> {
        T read(Fields fields) throws RecordingException;
    }

    private static <T> List<T> list(String what, JsonParser json, Element<T> element)
            throws RecordingException {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            throw new RecordingException("'%s' is not an array".formatted(what));
        }
        List<T> list = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            JsonNode node = JSON.readTree(json);
            list.add(element.read(Fields.of(what + " " + list.size(), node)));
        }
        return list;
    }
}
