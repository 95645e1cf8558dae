package org.opensva.conformance.report;

import tools.jackson.databind.JsonNode;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Takes fields out of documents; one that is not what it has to be is named in one line. */
final class JsonFields {

    private static final int NANOSECONDS = 9;
    private static final int MICROSECONDS = 6;
    private static final BigDecimal LONGEST = BigDecimal.valueOf(1_000_000_000L);

    private JsonFields() {}

    static long seed(JsonNode node) {
        String text = text(node, "seed");
        if (!text.matches("0x[0-9a-f]{1,16}")) {
            throw new CertificateException("seed " + quote(text) + " is not 0x and hexadecimal");
        }
        return Long.parseUnsignedLong(text.substring(2), 16);
    }

    static Duration duration(JsonNode node) {
        BigDecimal seconds = number(node, "duration");
        if (seconds.signum() < 0 || seconds.compareTo(LONGEST) > 0 || seconds.scale() > 100) {
            throw new CertificateException("duration is not a sensible number of seconds");
        }
        return Duration.ofNanos(seconds.movePointRight(NANOSECONDS).longValue());
    }

    static List<String> texts(JsonNode node, String field) {
        List<String> values = new ArrayList<>();
        for (JsonNode element : array(node, field)) {
            if (!element.isString()) {
                throw new CertificateException(field + " has an entry that is not text");
            }
            values.add(element.stringValue());
        }
        return values;
    }

    static String optional(JsonNode node, String field) {
        return node.has(field) ? text(node, field) : "";
    }

    static String text(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (!value.isString()) {
            throw new CertificateException(quote(field) + " is missing or not text");
        }
        return value.stringValue();
    }

    static BigDecimal number(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (!value.isNumber()) {
            throw new CertificateException(field + " is missing or not a number");
        }
        return value.decimalValue();
    }

    static JsonNode object(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (!value.isObject()) {
            throw new CertificateException(field + " is missing or not an object");
        }
        return value;
    }

    static JsonNode array(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (!value.isArray()) {
            throw new CertificateException(field + " is missing or not an array");
        }
        return value;
    }

    static String quote(String text) {
        String shown = text.length() > 60 ? text.substring(0, 60) + "..." : text;
        StringBuilder line = new StringBuilder("'");
        shown.chars().forEach(c -> line.append(Character.isISOControl(c) ? '?' : (char) c));
        return line.append('\'').toString();
    }

    static boolean flag(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (!value.isBoolean()) {
            throw new CertificateException(field + " is missing or neither true nor false");
        }
        return value.booleanValue();
    }

    static int count(JsonNode node, String field, int most) {
        BigDecimal number = number(node, field);
        if (number.signum() < 0
                || number.compareTo(BigDecimal.valueOf(most)) > 0
                || number.stripTrailingZeros().scale() > 0) {
            throw new CertificateException(field + " is not a sensible number");
        }
        return number.intValue();
    }

    /** A number of JSON is exact only up to 2^53. */
    static String hex(long seed) {
        return "0x" + Long.toHexString(seed);
    }

    static BigDecimal seconds(Duration duration) {
        return BigDecimal.valueOf(duration.toNanos() / 1000, MICROSECONDS);
    }
}
