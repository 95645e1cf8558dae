package org.opensva.vtd.layout;

/**
 * Builds one structure in memory order, field by field, refusing values that do not fit.
 *
 * <p>For control-plane use: a driver that writes a context entry or a PASID-table entry. Not safe
 * for use by several threads at once.
 */
public final class EntryEncoder {
    private final long[] words;

    /**
     * Starts from all zeroes.
     *
     * @param words length of the structure in 64-bit words
     */
    public EntryEncoder(int words) {
        this.words = new long[words];
    }

    /**
     * Sets a field.
     *
     * @param field the field
     * @param value the value, right-aligned and unsigned
     * @return this encoder
     * @throws IllegalArgumentException if the value has bits beyond the field
     */
    public EntryEncoder set(Field field, long value) {
        if (!field.fits(value)) {
            throw new IllegalArgumentException(
                    field.name()
                            + " holds "
                            + field.width()
                            + " bits; 0x"
                            + Long.toHexString(value)
                            + " does not fit");
        }
        field.put(words, 0, value);
        return this;
    }

    /**
     * Sets a one-bit field.
     *
     * @param field the field
     * @param value the flag
     * @return this encoder
     */
    public EntryEncoder set(Field field, boolean value) {
        return set(field, value ? 1 : 0);
    }

    /**
     * Sets an address field, whose bits stand at their own positions.
     *
     * @param field the field
     * @param address a byte address
     * @return this encoder
     * @throws IllegalArgumentException if the address has bits outside the field
     */
    public EntryEncoder setAddress(Field field, long address) {
        if ((address & ~field.mask()) != 0) {
            throw new IllegalArgumentException(
                    field.name()
                            + " holds address bits ["
                            + field.msb()
                            + ":"
                            + field.lsb()
                            + "]; 0x"
                            + Long.toHexString(address)
                            + " has others");
        }
        words[field.word()] = words[field.word()] & ~field.mask() | address;
        return this;
    }

    /**
     * The structure so far.
     *
     * @return a copy, word 0 first
     */
    public long[] words() {
        return words.clone();
    }
}
