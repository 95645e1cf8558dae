package org.opensva.vtd.layout;

import java.util.List;

/**
 * The table of one structure's fields: what a decoder, a document or a test enumerates.
 *
 * @param name the structure's name in the specification
 * @param section the section of the specification that defines it
 * @param words length in 64-bit words; a 32-bit register is one word
 * @param fields fields that share no bit with each other, in ascending order; fields that the
 *     specification says to ignore are among them only if they have a name
 * @param overlays fields that reuse bits of {@code fields} under a condition that the structure's
 *     documentation gives, and fields of older revisions whose bits are reserved now
 */
public record Structure(
        String name, String section, int words, List<Field> fields, List<Field> overlays) {
    /** Copies the lists. */
    public Structure {
        fields = List.copyOf(fields);
        overlays = List.copyOf(overlays);
    }

    /**
     * The bits of one word that belong to a field; the others are reserved or ignored.
     *
     * @param word index of the word
     * @return the mask of defined bits
     */
    public long definedBits(int word) {
        long mask = 0;
        for (Field field : fields) {
            if (field.word() == word) {
                mask |= field.mask();
            }
        }
        return mask;
    }
}
