package org.opensva.conformance.report;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Checks a document against a JSON Schema (draft 2020-12), as far as the schema of certificates
 * uses it. A keyword that is not known here is an error: nothing is checked less than it seems.
 */
final class SchemaCheck {

    static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Set<String> WORDS =
            Set.of("$schema", "$id", "$defs", "title", "description");

    private final JsonNode root;
    private final List<String> errors = new ArrayList<>();

    private SchemaCheck(JsonNode root) {
        this.root = root;
    }

    static JsonNode schema() {
        try (InputStream in =
                CertificateWriter.class.getResourceAsStream("certificate-1.schema.json")) {
            return JSON.readTree(in);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** What is wrong with a document; empty if nothing is. */
    static List<String> errors(JsonNode schema, JsonNode document) {
        SchemaCheck check = new SchemaCheck(schema);
        check.check(schema, document, "$");
        return check.errors;
    }

    private void check(JsonNode schema, JsonNode value, String at) {
        for (Map.Entry<String, JsonNode> entry : schema.properties()) {
            if (!WORDS.contains(entry.getKey()) && !holds(schema, entry, value, at)) {
                errors.add(at + ": " + entry.getKey() + " " + entry.getValue());
            }
        }
    }

    private boolean holds(
            JsonNode schema, Map.Entry<String, JsonNode> keyword, JsonNode value, String at) {
        JsonNode argument = keyword.getValue();
        switch (keyword.getKey()) {
            case "$ref" -> {
                check(root.at(argument.stringValue().substring(1)), value, at);
                return true;
            }
            case "type" -> {
                return isType(argument.stringValue(), value);
            }
            case "const" -> {
                return argument.equals(value);
            }
            case "enum" -> {
                return contains(argument, value);
            }
            case "required" -> {
                for (JsonNode name : argument) {
                    if (value.isObject() && !value.has(name.stringValue())) {
                        return false;
                    }
                }
                return true;
            }
            case "properties" -> {
                for (Map.Entry<String, JsonNode> property : argument.properties()) {
                    if (value.has(property.getKey())) {
                        JsonNode inner = value.get(property.getKey());
                        check(property.getValue(), inner, at + "." + property.getKey());
                    }
                }
                return true;
            }
            case "additionalProperties" -> {
                return additional(schema, argument, value, at);
            }
            case "items" -> {
                int i = 0;
                for (JsonNode item : value) {
                    check(argument, item, at + "[" + i++ + "]");
                }
                return true;
            }
            case "uniqueItems" -> {
                Set<JsonNode> seen = new HashSet<>();
                for (JsonNode item : value) {
                    if (!seen.add(item)) {
                        return false;
                    }
                }
                return true;
            }
            case "pattern" -> {
                return !value.isString()
                        || Pattern.compile(argument.stringValue())
                                .matcher(value.stringValue())
                                .find();
            }
            case "minLength" -> {
                return !value.isString() || value.stringValue().length() >= argument.intValue();
            }
            case "minimum" -> {
                return value.decimalValue().compareTo(argument.decimalValue()) >= 0;
            }
            case "exclusiveMinimum" -> {
                return value.decimalValue().compareTo(argument.decimalValue()) > 0;
            }
            default -> throw new AssertionError("unknown keyword " + keyword.getKey());
        }
    }

    private boolean additional(JsonNode schema, JsonNode argument, JsonNode value, String at) {
        for (Map.Entry<String, JsonNode> property : value.properties()) {
            if (schema.path("properties").has(property.getKey())) {
                continue;
            }
            if (argument.isBoolean()) {
                return argument.booleanValue();
            }
            check(argument, property.getValue(), at + "." + property.getKey());
        }
        return true;
    }

    private static boolean contains(JsonNode array, JsonNode value) {
        for (JsonNode element : array) {
            if (element.equals(value)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isType(String type, JsonNode value) {
        return switch (type) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isString();
            case "boolean" -> value.isBoolean();
            case "integer" -> value.isIntegralNumber();
            case "number" -> value.isNumber();
            default -> throw new AssertionError("unknown type " + type);
        };
    }
}
