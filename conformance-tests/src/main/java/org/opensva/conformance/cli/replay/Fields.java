package org.opensva.conformance.cli.replay;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.util.Collection;
import java.util.regex.Pattern;

/**
 * The fields of one object of a recording, each checked where it is taken. A field that is null
 * counts as absent.
 *
 * @param where what the object is, for messages
 * @param node the object
 */
public record Fields(String where, JsonNode node) {

    private static final Pattern NUMBER = Pattern.compile("0[xX][0-9a-fA-F]{1,16}");
    private static final Pattern BYTES = Pattern.compile("([0-9a-fA-F]{2})*+");
    private static final int HEX = 16;

    /**
     * Takes a node for an object.
     *
     * @param where what it is, for messages
     * @param node the node
     * @return its fields
     * @throws InputException if it is no object
     */
    public static Fields of(String where, JsonNode node) throws InputException {
        if (!node.isObject()) {
            throw new InputException(where + " is not an object");
        }
        return new Fields(where, node);
    }

    /**
     * Says what is wrong with a field.
     *
     * @param field its name
     * @param reason the end of a sentence
     * @return what to throw
     */
    public InputException wrong(String field, String reason) {
        return new InputException("%s: '%s' %s".formatted(where, field, reason));
    }

    /** The names of all fields. */
    Collection<String> names() {
        return node.propertyNames();
    }

    boolean has(String field) {
        JsonNode value = node.get(field);
        return value != null && !value.isNull();
    }

    JsonNode required(String field) throws InputException {
        JsonNode value = node.get(field);
        if (value == null || value.isNull()) {
            throw wrong(field, "is missing");
        }
        return value;
    }

    Fields object(String field) throws InputException {
        return of(where + ", " + field, required(field));
    }

    JsonNode array(String field) throws InputException {
        JsonNode value = required(field);
        if (!value.isArray()) {
            throw wrong(field, "is not an array");
        }
        return value;
    }

    /**
     * A string.
     *
     * @param field its name
     * @return the string
     * @throws InputException if there is none
     */
    public String text(String field) throws InputException {
        JsonNode value = required(field);
        if (!value.isString()) {
            throw wrong(field, "is not a string");
        }
        return value.stringValue();
    }

    String text(String field, String otherwise) throws InputException {
        return has(field) ? text(field) : otherwise;
    }

    /**
     * A number of up to 64 bits, written {@code 0x1f}.
     *
     * @param field its name
     * @return the number
     * @throws InputException if there is none
     */
    public long number(String field) throws InputException {
        String text = text(field);
        if (!NUMBER.matcher(text).matches()) {
            throw wrong(field, "is not 0x and 1 to 16 hexadecimal digits");
        }
        return Long.parseUnsignedLong(text, 2, text.length(), HEX);
    }

    long number(String field, long otherwise) throws InputException {
        return has(field) ? number(field) : otherwise;
    }

    @Nullable Long optionalNumber(String field) throws InputException {
        return has(field) ? number(field) : null;
    }

    /** A number of up to some bits. */
    int number(String field, int bits) throws InputException {
        long value = number(field);
        if (value >>> bits != 0) {
            throw wrong(field, "has more than " + bits + " bits");
        }
        return (int) value;
    }

    /**
     * An integer.
     *
     * @param field its name
     * @param least lowest allowed
     * @param most greatest allowed
     * @return the integer
     * @throws InputException if there is no such integer
     */
    public int integer(String field, int least, int most) throws InputException {
        JsonNode value = required(field);
        if (!value.isInt() || value.intValue() < least || value.intValue() > most) {
            throw wrong(field, "is not an integer from %d to %d".formatted(least, most));
        }
        return value.intValue();
    }

    boolean flag(String field) throws InputException {
        if (!has(field)) {
            return false;
        }
        JsonNode value = required(field);
        if (!value.isBoolean()) {
            throw wrong(field, "is neither true nor false");
        }
        return value.booleanValue();
    }

    /**
     * Bytes as hexadecimal digits.
     *
     * @param field its name
     * @return the string, in lower case
     * @throws InputException if there is none
     */
    public String bytes(String field) throws InputException {
        String text = text(field);
        if (!BYTES.matcher(text).matches()) {
            throw wrong(field, "is not a string of bytes in hexadecimal");
        }
        return text.toLowerCase(java.util.Locale.ROOT);
    }

    @Nullable String optionalBytes(String field) throws InputException {
        return has(field) ? bytes(field) : null;
    }

    /** Bytes as many as another string has. */
    @Nullable String optionalBytes(String field, String other) throws InputException {
        String bytes = optionalBytes(field);
        if (bytes != null && bytes.length() != other.length()) {
            throw wrong(field, "is not as long as what it belongs to");
        }
        return bytes;
    }
}
