package org.opensva.api.memory;

/**
 * A window of device registers.
 *
 * <p>Software reaches hardware only through one of these and through memory. A region accepts any
 * offset, width and value that fits the window: what the architecture calls reserved, misaligned or
 * unsupported is answered as the architecture says (read as zero, write ignored, all-ones), never
 * with an exception.
 *
 * <p><b>Threading.</b> Accesses may come from any thread and take effect one after the other, each
 * before the call returns.
 */
public interface MmioRegion {

    /**
     * The size of the window.
     *
     * @return the number of bytes, a multiple of 4096
     */
    long size();

    /**
     * Reads a register.
     *
     * @param offset byte offset in the window
     * @param width access size in bytes: 1, 2, 4 or 8
     * @return the value, zero-extended
     */
    long read(long offset, int width);

    /**
     * Writes a register.
     *
     * @param offset byte offset in the window
     * @param width access size in bytes: 1, 2, 4 or 8
     * @param value the value; bits above the width are ignored
     */
    void write(long offset, int width, long value);
}
