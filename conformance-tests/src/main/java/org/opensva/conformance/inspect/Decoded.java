package org.opensva.conformance.inspect;

import java.util.List;

/**
 * A structure, taken apart.
 *
 * @param name what it is
 * @param address where it is: a physical address, or the offset of a register
 * @param words its 64-bit words
 * @param fields its fields, in the order of the specification
 */
public record Decoded(String name, long address, List<Long> words, List<Value> fields) {

    /** Copies the lists. */
    public Decoded {
        words = List.copyOf(words);
        fields = List.copyOf(fields);
    }

    /**
     * A field with what it holds.
     *
     * @param name the field's name in the specification
     * @param value what it holds; an address has its bits in place
     */
    public record Value(String name, long value) {}

    /**
     * The fields that are not zero, in one line.
     *
     * @return for example {@code V=1 Config=0x5}
     */
    public String inWords() {
        StringBuilder text = new StringBuilder();
        for (Value field : fields) {
            if (field.value() != 0) {
                text.append(text.isEmpty() ? "" : " ").append(field.name()).append('=');
                text.append(
                        Long.compareUnsigned(field.value(), 10) < 0
                                ? Long.toString(field.value())
                                : "0x" + Long.toHexString(field.value()));
            }
        }
        return text.isEmpty() ? "all fields 0" : text.toString();
    }
}
