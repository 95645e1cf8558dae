package org.opensva.conformance.cli.replay;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.replay.Recording;
import org.opensva.conformance.replay.Step;

import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads recordings in the format {@code opensva-iommu-vector/1}. A file is read as a stream; fields
 * that are not known are passed over.
 */
final class RecordingReader {

    static final String FORMAT = "opensva-iommu-vector/1";
    private static final String FAMILY = "opensva-iommu-vector/";

    private RecordingReader() {}

    /**
     * What a file says about itself.
     *
     * @param iommu which IOMMU was recorded
     */
    record Head(String iommu) {}

    /**
     * Looks whether a file is a recording.
     *
     * @param file a file
     * @return what was recorded, or empty if it is some other JSON
     * @throws InputException if it is no JSON, or a recording in another version of the format
     */
    static Optional<Head> head(Path file) throws InputException {
        String[] seen = {"", ""};
        Document.visit(
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
            throw new InputException("its format is '%s', not '%s'".formatted(seen[0], FORMAT));
        }
        if (seen[1].isEmpty()) {
            throw new InputException("'iommu' is missing");
        }
        return Optional.of(new Head(seen[1]));
    }

    /**
     * Reads a recording.
     *
     * @param file a file that has a {@link #head}
     * @return the recording
     * @throws InputException if something in it is wrong, with what and where
     */
    static Recording read(Path file) throws InputException {
        Parts parts = new Parts();
        Document.visit(file, parts::take);
        return parts.recording();
    }

    /** What has been read so far. */
    private static final class Parts {
        private @Nullable String name;
        private @Nullable String quirk;
        private @Nullable Map<String, Long> identification;
        private @Nullable List<Recording.Ram> ram;
        private @Nullable List<Recording.Image> memory;
        private @Nullable List<Step> steps;

        void take(String field, JsonParser json) throws InputException {
            switch (field) {
                case "name" -> name = string(field, json);
                case "quirk" ->
                        quirk =
                                json.currentToken() == JsonToken.VALUE_NULL
                                        ? null
                                        : string(field, json);
                case "config" ->
                        identification = identification(Fields.of(field, Document.tree(json)));
                case "ram" ->
                        ram =
                                Document.list(
                                        field,
                                        json,
                                        r -> new Recording.Ram(r.number("base"), r.number("size")));
                case "memory" ->
                        memory =
                                Document.list(
                                        field,
                                        json,
                                        m -> new Recording.Image(m.number("addr"), m.bytes("hex")));
                case "steps" -> steps = Document.list("step", json, StepReader::read);
                default -> {}
            }
        }

        private static String string(String field, JsonParser json) throws InputException {
            if (json.currentToken() != JsonToken.VALUE_STRING) {
                throw new InputException("'%s' is not a string".formatted(field));
            }
            return json.getString();
        }

        private static Map<String, Long> identification(Fields config) throws InputException {
            Map<String, Long> registers = new HashMap<>();
            for (String name : config.names()) {
                registers.put(name, config.number(name));
            }
            return registers;
        }

        Recording recording() throws InputException {
            return new Recording(
                    required("name", name),
                    quirk,
                    required("config", identification),
                    required("ram", ram),
                    required("memory", memory),
                    required("steps", steps));
        }

        private static <T> T required(String field, @Nullable T value) throws InputException {
            if (value == null) {
                throw new InputException("'%s' is missing".formatted(field));
            }
            return value;
        }
    }
}
