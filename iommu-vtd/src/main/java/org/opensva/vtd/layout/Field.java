package org.opensva.vtd.layout;

/**
 * One field of a structure: a run of bits within one 64-bit word.
 *
 * <p>A 128-, 256- or 512-bit structure is an array of little-endian 64-bit words; bit b of the
 * specification is bit b mod 64 of word b / 64. Instances are constants, so that the extraction is
 * compiled to a shift and a mask; no method allocates.
 *
 * @param name the field's name in the specification
 * @param word index of the 64-bit word, 0 to 7
 * @param lsb lowest bit within the word, 0 to 63
 * @param width number of bits, 1 to 64 - lsb
 */
public record Field(String name, int word, int lsb, int width) {
    /**
     * Checks that the field lies within its word.
     *
     * @throws IllegalArgumentException if it does not
     */
    public Field {
        if (word < 0 || word > 7 || lsb < 0 || width < 1 || lsb + width > 64) {
            throw new IllegalArgumentException(
                    "field " + name + ": word " + word + ", lsb " + lsb + ", width " + width);
        }
    }

    /**
     * The highest bit within the word.
     *
     * @return 0 to 63
     */
    public int msb() {
        return lsb + width - 1;
    }

    /**
     * The greatest value the field can hold, which is also the mask of the value before shifting.
     *
     * @return 2^width - 1 as an unsigned number
     */
    public long max() {
        return -1L >>> (64 - width);
    }

    /**
     * The bits of the field within its word.
     *
     * @return the mask
     */
    public long mask() {
        return max() << lsb;
    }

    /**
     * Extracts the field.
     *
     * @param w the word that holds the field
     * @return the value, right-aligned and unsigned
     */
    public long get(long w) {
        return w >>> lsb & max();
    }

    /**
     * Extracts the field of a structure held in an array.
     *
     * @param words an array that holds the structure
     * @param base index of the structure's word 0
     * @return the value, right-aligned and unsigned
     */
    public long in(long[] words, int base) {
        return get(words[base + word]);
    }

    /**
     * Whether any bit of the field is 1; for a one-bit field, the flag.
     *
     * @param w the word that holds the field
     * @return true if the field is not zero
     */
    public boolean isSet(long w) {
        return (w & mask()) != 0;
    }

    /**
     * The field's bits in place, the rest zero: the form in which address fields are used, because
     * each holds its address bits at their own positions.
     *
     * @param w the word that holds the field
     * @return {@code w} masked
     */
    public long address(long w) {
        return w & mask();
    }

    /**
     * Replaces the field in a word.
     *
     * @param w the word
     * @param value the value, right-aligned; bits beyond the width are dropped
     * @return the word with the field replaced
     */
    public long set(long w, long value) {
        return w & ~mask() | place(value);
    }

    /**
     * Replaces the field of a structure held in an array.
     *
     * @param words an array that holds the structure
     * @param base index of the structure's word 0
     * @param value the value, right-aligned; bits beyond the width are dropped
     */
    public void put(long[] words, int base, long value) {
        words[base + word] = set(words[base + word], value);
    }

    /**
     * The value moved to the field's position, to be combined with other fields by OR.
     *
     * @param value the value, right-aligned; bits beyond the width are dropped
     * @return the shifted value
     */
    public long place(long value) {
        return (value & max()) << lsb;
    }

    /**
     * Whether a value fits the field without losing bits.
     *
     * @param value an unsigned value
     * @return true if it fits
     */
    public boolean fits(long value) {
        return (value & ~max()) == 0;
    }

    /**
     * Whether two fields of one structure share a bit.
     *
     * @param other another field of the same structure
     * @return true if they overlap
     */
    public boolean overlaps(Field other) {
        return word == other.word && (mask() & other.mask()) != 0;
    }
}
