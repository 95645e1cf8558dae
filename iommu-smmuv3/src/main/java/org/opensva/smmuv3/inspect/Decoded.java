package org.opensva.smmuv3.inspect;

import org.opensva.smmuv3.layout.Field;
import org.opensva.smmuv3.layout.Structure;

import java.util.ArrayList;
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
     * Takes a structure apart. Fields that hold a long run of address bits keep them in place.
     *
     * @param name what it is
     * @param address where it is
     * @param structure its fields
     * @param words its words, as many as the structure has
     * @return the structure, taken apart
     */
    static Decoded of(String name, long address, Structure structure, long... words) {
        List<Value> fields = new ArrayList<>();
        for (Field field : structure.fields()) {
            long word = words[field.word()];
            boolean inPlace = field.lsb() + field.width() > 32 && field.width() > 32;
            fields.add(new Value(field.name(), inPlace ? field.address(word) : field.get(word)));
        }
        List<Long> all = new ArrayList<>();
        for (long word : words) {
            all.add(word);
        }
        return new Decoded(name, address, all, fields);
    }

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
