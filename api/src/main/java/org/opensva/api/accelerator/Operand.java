package org.opensva.api.accelerator;

/**
 * Bytes in the process's memory that a job names besides its source and destination.
 *
 * @param address first byte, a virtual address
 * @param length number of bytes, 0 or more
 */
public record Operand(long address, long length) {

    /** No bytes. */
    public static final Operand NONE = new Operand(0, 0);

    /** Checks the length. */
    public Operand {
        if (length < 0) {
            throw new IllegalArgumentException("a length is negative");
        }
    }
}
