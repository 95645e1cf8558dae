package org.opensva.vtd.fuzz;

/**
 * The bytes of a fuzzer as a sequence of numbers. After the last byte every number is 0, so that
 * any input is a program.
 */
public final class FuzzInput {

    private final byte[] bytes;
    private int next;

    /** Reads from the start. */
    public FuzzInput(byte[] bytes) {
        this.bytes = bytes.clone();
    }

    /** Whether there is more. */
    public boolean hasMore() {
        return next < bytes.length;
    }

    /** 0 to 255. */
    public int u8() {
        return next < bytes.length ? bytes[next++] & 0xff : 0;
    }

    /** Little-endian, of 0 to 8 bytes. */
    public long bytes(int count) {
        long value = 0;
        for (int i = 0; i < count; i++) {
            value |= (long) u8() << 8 * i;
        }
        return value;
    }

    /** A flag. */
    public boolean flag() {
        return (u8() & 1) != 0;
    }

    /** A number below a bound of at most 65536. */
    public int below(int bound) {
        return (int) (bytes(bound > 256 ? 2 : 1) % bound);
    }

    /**
     * A 64-bit number of a kind that matters: small, a single bit, a page of memory, or anything.
     *
     * @param memory where pointers point to
     */
    public long word(long memory) {
        int kind = u8();
        return switch (kind & 7) {
            case 0 -> 0;
            case 1 -> -1L;
            case 2 -> u8();
            case 3 -> 1L << (u8() & 63);
            case 4 -> memory + (bytes(2) << 6);
            case 5 -> memory + (bytes(2) << 12) | u8();
            case 6 -> bytes(4);
            default -> bytes(8);
        };
    }
}
