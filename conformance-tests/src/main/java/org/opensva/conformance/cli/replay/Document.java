package org.opensva.conformance.cli.replay;

import org.opensva.conformance.cli.words.Reason;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
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
import java.util.zip.GZIPInputStream;

/**
 * A file with a JSON object, plain or compressed by gzip, read as a stream: one field after the
 * other, one element of a list at a time.
 */
public final class Document {

    private static final int DEEPEST = 32;
    private static final long MOST_CHARACTERS = 256L << 20;
    private static final int GZIP_FIRST = 0x1f;
    private static final int GZIP_SECOND = 0x8b;

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

    private Document() {}

    /** Something done with the fields of a file, one after the other. */
    @FunctionalInterface
    public interface Visitor {

        /**
         * A field.
         *
         * @param name its name
         * @param json where its value begins
         * @throws InputException if the value is wrong
         */
        void field(String name, JsonParser json) throws InputException;
    }

    /**
     * Makes something of an element of a list.
     *
     * @param <T> what is made
     */
    @FunctionalInterface
    public interface Element<T> {

        /**
         * Reads an element.
         *
         * @param fields its fields
         * @return what it stands for
         * @throws InputException if it is wrong
         */
        T read(Fields fields) throws InputException;
    }

    /**
     * Reads a file; what the visitor leaves of a value is skipped.
     *
     * @param file the file
     * @param visitor sees each field of the object
     * @throws InputException if the file cannot be read or is no JSON object, or from the visitor
     */
    public static void visit(Path file, Visitor visitor) throws InputException {
        try (InputStream in = open(file);
                JsonParser json = JSON.createParser(in)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new InputException("not a JSON object");
            }
            String name = json.nextName();
            while (name != null) {
                json.nextToken();
                visitor.field(name, json);
                json.skipChildren();
                name = json.nextName();
            }
            if (json.nextToken() != null) {
                throw new InputException("something follows the JSON object");
            }
        } catch (JacksonException e) {
            TokenStreamLocation where = e.getLocation();
            // What is too deep or too long for the reader has no place.
            throw new InputException(
                    where == null
                            ? "not JSON that can be read: " + e.getOriginalMessage()
                            : "not JSON: line %d, column %d"
                                    .formatted(
                                            Math.max(1, where.getLineNr()),
                                            Math.max(1, where.getColumnNr())),
                    e);
        } catch (IOException e) {
            throw new InputException("cannot be read: " + Reason.of(e), e);
        }
    }

    private static InputStream open(Path file) throws IOException {
        InputStream in = new BufferedInputStream(Files.newInputStream(file));
        try {
            in.mark(2);
            boolean compressed = in.read() == GZIP_FIRST && in.read() == GZIP_SECOND;
            in.reset();
            return compressed ? new BufferedInputStream(new GZIPInputStream(in)) : in;
        } catch (IOException e) {
            in.close();
            throw e;
        }
    }

    static JsonNode tree(JsonParser json) {
        return JSON.readTree(json);
    }

    /**
     * Reads a list of objects.
     *
     * @param <T> what an element stands for
     * @param what what an element is, for messages
     * @param json where the list begins
     * @param element reads an element
     * @return the list
     * @throws InputException if it is no list, or an element is wrong
     */
    public static <T> List<T> list(String what, JsonParser json, Element<T> element)
            throws InputException {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            throw new InputException("'%s' is not an array".formatted(what));
        }
        List<T> list = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            list.add(element.read(Fields.of(what + " " + list.size(), tree(json))));
        }
        return list;
    }
}
