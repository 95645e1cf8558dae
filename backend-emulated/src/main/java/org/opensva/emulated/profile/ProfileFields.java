package org.opensva.emulated.profile;

import org.jspecify.annotations.Nullable;
import org.opensva.api.backend.BackendException;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The fields of one object of a profile; each is taken out once, checked, and named if wrong. */
final class ProfileFields {

    private static final Pattern NUMBER = Pattern.compile("0x[0-9a-fA-F]{1,16}");
    private static final int HEX = 16;

    private final String where;
    private final Map<String, @Nullable Object> rest;

    ProfileFields(String where, Map<?, ?> fields) {
        this.where = where;
        this.rest = new LinkedHashMap<>();
        fields.forEach((name, value) -> {
            // As in other documents of the field: null is as good as nothing.
            if (value != null) {
                rest.put(String.valueOf(name), value);
            }
        });
    }

    /** What to throw about a field. */
    BackendException wrong(String field, String reason) {
        return new BackendException("%s: '%s' %s".formatted(where, field, reason));
    }

    /** What to throw about the whole object. */
    BackendException wrong(String reason) {
        return new BackendException("%s: %s".formatted(where, reason));
    }

    boolean has(String field) {
        return rest.get(field) != null;
    }

    private Object required(String field) {
        Object value = rest.remove(field);
        if (value == null) {
            throw wrong(field, "is missing");
        }
        return value;
    }

    String text(String field) {
        if (required(field) instanceof String text) {
            return text;
        }
        throw wrong(field, "is not a string");
    }

    String text(String field, String otherwise) {
        return has(field) ? text(field) : otherwise;
    }

    boolean isText(String field) {
        return rest.get(field) instanceof String;
    }

    /** A number of up to 64 bits, written as text such as {@code 0x1b}. */
    long number(String field) {
        String text = text(field);
        if (!NUMBER.matcher(text).matches()) {
            throw wrong(field, "is not 0x and 1 to 16 hexadecimal digits");
        }
        return Long.parseUnsignedLong(text, 2, text.length(), HEX);
    }

    int integer(String field, int least, int most) {
        if (required(field) instanceof Integer value && value >= least && value <= most) {
            return value;
        }
        throw wrong(field, "is not an integer from %d to %d".formatted(least, most));
    }

    int integer(String field, int least, int most, int otherwise) {
        return has(field) ? integer(field, least, most) : otherwise;
    }

    boolean flag(String field, boolean otherwise) {
        if (!has(field)) {
            return otherwise;
        }
        if (required(field) instanceof Boolean value) {
            return value;
        }
        throw wrong(field, "is neither true nor false");
    }

    ProfileFields object(String field) {
        if (required(field) instanceof Map<?, ?> value) {
            return new ProfileFields(where + ", " + field, value);
        }
        throw wrong(field, "is not an object");
    }

    List<ProfileFields> objects(String field, int least, int most) {
        if (!(required(field) instanceof List<?> values)
                || values.size() < least
                || values.size() > most) {
            throw wrong(field, "is not an array of %d to %d objects".formatted(least, most));
        }
        List<ProfileFields> objects = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            if (!(values.get(i) instanceof Map<?, ?> value)) {
                throw wrong(field, "is not an array of objects");
            }
            objects.add(new ProfileFields("%s, %s %d".formatted(where, field, i), value));
        }
        return objects;
    }

    List<String> texts(String field, int least, int most) {
        if (required(field) instanceof List<?> values
                && values.size() >= least
                && values.size() <= most
                && values.stream().allMatch(String.class::isInstance)) {
            return values.stream().map(String.class::cast).toList();
        }
        throw wrong(field, "is not an array of %d to %d strings".formatted(least, most));
    }

    /** Everything that was not taken yet. */
    Map<String, @Nullable Object> takeRest() {
        Map<String, @Nullable Object> taken = new LinkedHashMap<>(rest);
        rest.clear();
        return taken;
    }

    void mustBeEmpty() {
        if (!rest.isEmpty()) {
            throw wrong(rest.keySet().iterator().next(), "is not a field of it");
        }
    }
}
