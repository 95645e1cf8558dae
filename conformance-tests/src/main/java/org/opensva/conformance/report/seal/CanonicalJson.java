package org.opensva.conformance.report.seal;

import tools.jackson.databind.JsonNode;

import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes the canonical form of a JSON document: the JSON Canonicalization Scheme of RFC 8785.
 *
 * <p>There is no white space, members are ordered by the UTF-16 code units of their names (section
 * 3.2.3), text is escaped as little as possible (3.2.2.2) and numbers are IEEE 754 doubles written
 * as ECMAScript does (3.2.2.3). A document that has no such form is refused: half a surrogate pair,
 * or a number that no double is near.
 */
public final class CanonicalJson {

    private final StringBuilder out = new StringBuilder(1 << 12);

    private CanonicalJson() {}

    /**
     * The canonical form.
     *
     * @param document any document
     * @return its form as text; the bytes that are hashed and signed are its UTF-8
     * @throws SealException if it has none
     */
    public static String of(JsonNode document) {
        CanonicalJson json = new CanonicalJson();
        json.value(document);
        return json.out.toString();
    }

    /**
     * The bytes of the canonical form.
     *
     * @param document any document
     * @return UTF-8
     * @throws SealException if it has none
     */
    public static byte[] bytes(JsonNode document) {
        return of(document).getBytes(StandardCharsets.UTF_8);
    }

    private void value(JsonNode node) {
        if (node.isObject()) {
            object(node);
        } else if (node.isArray()) {
            out.append('[');
            for (Iterator<JsonNode> i = node.iterator(); i.hasNext(); ) {
                value(i.next());
                out.append(i.hasNext() ? "," : "");
            }
            out.append(']');
        } else if (node.isString()) {
            text(node.stringValue());
        } else if (node.isNumber()) {
            out.append(CanonicalNumber.of(node.decimalValue().doubleValue()));
        } else if (node.isBoolean()) {
            out.append(node.booleanValue());
        } else if (node.isNull()) {
            out.append("null");
        } else {
            throw new SealException("a value of the kind " + node.getNodeType() + " is not JSON");
        }
    }

    private void object(JsonNode node) {
        // String compares UTF-16 code units, which is the order that section 3.2.3 asks for.
        Map<String, JsonNode> members = new TreeMap<>();
        node.properties().forEach(member -> members.put(member.getKey(), member.getValue()));
        out.append('{');
        boolean first = true;
        for (Map.Entry<String, JsonNode> member : members.entrySet()) {
            out.append(first ? "" : ",");
            first = false;
            text(member.getKey());
            out.append(':');
            value(member.getValue());
        }
        out.append('}');
    }

    private void text(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\b' -> out.append("\\b");
                case '\t' -> out.append("\\t");
                case '\n' -> out.append("\\n");
                case '\f' -> out.append("\\f");
                case '\r' -> out.append("\\r");
                default -> character(text, i);
            }
        }
        out.append('"');
    }

    private void character(String text, int at) {
        char c = text.charAt(at);
        if (c < ' ') {
            out.append("\\u00").append(Character.forDigit(c >> 4, 16));
            out.append(Character.forDigit(c & 0xf, 16));
            return;
        }
        boolean whole =
                Character.isHighSurrogate(c)
                        ? at + 1 < text.length() && Character.isLowSurrogate(text.charAt(at + 1))
                        : !Character.isLowSurrogate(c)
                                || (at > 0 && Character.isHighSurrogate(text.charAt(at - 1)));
        if (!whole) {
            throw new SealException("text with half of a surrogate pair has no canonical form");
        }
        out.append(c);
    }
}
