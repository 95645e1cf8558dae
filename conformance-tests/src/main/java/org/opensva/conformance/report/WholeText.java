package org.opensva.conformance.report;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.List;

/**
 * Replaces what no encoding of text can hold: half of a surrogate pair, as a backend may leave it
 * in a message that it cuts. With it a document would have neither UTF-8 nor a canonical form.
 */
final class WholeText {

    private static final char REPLACEMENT = 0xfffd;

    private WholeText() {}

    /** Mends every text in a document, names of members included. */
    static void mend(JsonNode node) {
        if (node instanceof ObjectNode object) {
            for (String name : List.copyOf(object.propertyNames())) {
                JsonNode value = object.get(name);
                String whole = of(name);
                if (value.isString()) {
                    object.put(name, of(value.stringValue()));
                } else {
                    mend(value);
                }
                if (!whole.equals(name)) {
                    object.set(whole, object.remove(name));
                }
            }
        } else if (node instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                if (array.get(i).isString()) {
                    array.set(i, of(array.get(i).stringValue()));
                } else {
                    mend(array.get(i));
                }
            }
        }
    }

    static String of(String text) {
        StringBuilder mended = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                mended = mended == null ? new StringBuilder(text) : mended;
                mended.setCharAt(i, REPLACEMENT);
            }
        }
        return mended == null ? text : mended.toString();
    }
}
