package org.opensva.api.memory;

/**
 * A half-open range of unsigned byte addresses: {@code start} is in it, {@code end} is not.
 *
 * <p>The whole address space is {@code [0, all-ones)}, as in the kernel's {@code mmu_notifier_ops}:
 * {@link #WHOLE} stands for every address, the topmost byte included. That an end of all-ones means
 * everything, and that it must never wrap to nothing, is worth a type of its own.
 *
 * @param start the first address
 * @param end the address after the last one, or all-ones with a start of 0 for everything
 */
public record AddressRange(long start, long end) {

    /** Every address. */
    public static final AddressRange WHOLE = new AddressRange(0, -1L);

    /** Checks the order of the bounds. */
    public AddressRange {
        if (Long.compareUnsigned(start, end) > 0) {
            throw new IllegalArgumentException(
                    "range ends before it starts: [0x%x, 0x%x)".formatted(start, end));
        }
    }

    /**
     * Makes a range from its first address and its length.
     *
     * @param start the first address
     * @param length the number of bytes, as an unsigned value
     * @return the range
     * @throws IllegalArgumentException if the range wraps around the end of the address space
     */
    public static AddressRange of(long start, long length) {
        return new AddressRange(start, start + length);
    }

    /**
     * Tells whether this is the whole address space.
     *
     * @return true for {@link #WHOLE}
     */
    public boolean isWhole() {
        return start == 0 && end == -1L;
    }

    /**
     * Tells whether the range holds no address at all.
     *
     * @return true if start and end are equal
     */
    public boolean isEmpty() {
        return start == end;
    }

    /**
     * The number of bytes; for {@link #WHOLE} all-ones.
     *
     * @return the length as an unsigned value
     */
    public long length() {
        return end - start;
    }

    /**
     * Tells whether an address is in the range.
     *
     * @param address an unsigned address
     * @return true if it is
     */
    public boolean contains(long address) {
        return isWhole()
                || (Long.compareUnsigned(start, address) <= 0
                        && Long.compareUnsigned(address, end) < 0);
    }

    /**
     * Tells whether two ranges share an address.
     *
     * @param other another range
     * @return true if they do
     */
    public boolean overlaps(AddressRange other) {
        if (isEmpty() || other.isEmpty()) {
            return false;
        }
        if (isWhole() || other.isWhole()) {
            return true;
        }
        return Long.compareUnsigned(start, other.end) < 0
                && Long.compareUnsigned(other.start, end) < 0;
    }

    @Override
    public String toString() {
        return isWhole() ? "[everything)" : "[0x%x, 0x%x)".formatted(start, end);
    }
}
