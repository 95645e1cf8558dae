package org.opensva.conformance.cli.replay;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.util.regex.Pattern;

/**
 * The fields of one object of a recording, each checked where it is taken. A field that is null
 * counts as absent.
 *
 * @param where what the object is, for messages
 * @param node the object
 */
record Fields(String where, JsonNode node) {

    private static final Pattern NUMBER = Pattern.compile("0[xX][0-9a-fA-F]{1,16}");
    private static final Pattern BYTES = Pattern.compile("([0-9a-fA-F]{2})*+");
    private static final int HEX = 16;

    static Fields of(String where, JsonNode node) throws RecordingException {
        if (!node.isObject()) {
            throw new RecordingException(where + " is not an object");
        }
        return new Fields(where, node);
    }

    RecordingException wrong(String field, String reason) {
        return new RecordingException("%s: '%s' %s".formatted(where, field, reason));
    }

    boolean has(String field) {
        JsonNode value = node.get(field);
        return value != null && !value.isNull();
    }

    JsonNode required(String field) throws RecordingException {
        JsonNode value = node.get(field);
        if (value == null || value.isNull()) {
            throw wrong(field, "is missing");
        }
        return value;
    }

    Fields object(String field) throws RecordingException {
        return of(where + ", " + field, required(field));
    }

    JsonNode array(String field) throws RecordingException {
        JsonNode value = required(field);
        if (!value.isArray()) {
            throw wrong(field, "is not an array");
        }
        return value;
    }

    String text(String field) throws RecordingException {
        JsonNode value = required(field);
        if (!value.isString()) {
            throw wrong(field, "is not a string");
        }
        return value.stringValue();
    }

    String text(String field, String otherwise) throws RecordingException {
        return has(field) ? text(field) : otherwise;
    }

    /** A number of up to 64 bits, written {@code 0x1f}. */
    long number(String field) throws RecordingException {
        String text = text(field);
        if (!NUMBER.matcher(text).matches()) {
            throw wrong(field, "is not 0x and 1 to 16 hexadecimal digits");
        }
        return Long.parseUnsignedLong(text, 2, text.length(), HEX);
    }

    long number(String field, long otherwise) throws RecordingException {
        return has(field) ? number(field) : otherwise;
    }

    @Nullable Long optionalNumber(String field) throws RecordingException {
        return has(field) ? number(field) : null;
    }

    /** A number of up to some bits. */
    int number(String field, int bits) throws RecordingException {
        long value = number(field);
        if (value >>> bits != 0) {
            throw wrong(field, "has more than " + bits + " bits");
        }
        return (int) value;
    }

    int integer(String field, int least, int most) throws RecordingException {
        JsonNode value = required(field);
        if (!value.isInt() || value.intValue() < least || value.intValue() > most) {
            throw wrong(field, "is not an integer from %d to %d".formatted(least, most));
        }
        return value.intValue();
    }

    boolean flag(String field) throws RecordingException {
        if (!has(field)) {
            return false;
        }
        JsonNode value = required(field);
        if (!value.isBoolean()) {
            throw wrong(field, "is neither true nor false");
        }
        return value.booleanValue();
    }

    /** Bytes as hexadecimal digits; the string is kept, in lower case. */
    String bytes(String field) throws RecordingException {
        String text = text(field);
        if (!BYTES.matcher(text).matches()) {
            throw wrong(field, "is not a string of bytes in hexadecimal");
        }
        return text.toLowerCase(java.util.Locale.ROOT);
    }

    @Nullable String optionalBytes(String field) throws RecordingException {
        return has(field) ? bytes(field) : null;
    }

    /** Bytes as many as another string has. */
    @Nullable String optionalBytes(String field, String other) throws RecordingException {
        String bytes = optionalBytes(field);
        if (bytes != null && bytes.length() != other.length()) {
            throw wrong(field, "is not as long as what it belongs to");
        }
        return bytes;
    }
}
