package org.opensva.api.memory;

/**
 * The physical address space as a bus master sees it: sparse, byte addressed, little-endian.
 *
 * <p>Addresses are unsigned 64-bit byte addresses. Memory exists only where the machine has some;
 * an access that touches a byte outside of it ends in a {@link BusErrorException}, the external
 * abort of Arm IHI 0070 section 3.12 and the unsupported request of PCI Express.
 *
 * <p><b>Threading.</b> Every method may be called from any thread. {@link #readLong} has acquire
 * and {@link #writeLong} has release semantics, and both are single-copy atomic, as a hardware
 * table walker needs. Bulk transfers are atomic only byte by byte, but never disturb a neighbouring
 * byte: two masters that write different bytes of one word both succeed.
 *
 * <p>No method allocates.
 */
public interface PhysicalMemory {

    /**
     * Tells whether every byte of a range exists.
     *
     * @param address first byte
     * @param length number of bytes, at least 0
     * @return true if an access to the range would not abort
     */
    boolean contains(long address, long length);

    /**
     * Reads eight bytes with acquire semantics.
     *
     * @param address a multiple of 8
     * @return the value, little-endian
     * @throws BusErrorException if there is no memory at the address
     * @throws IllegalArgumentException if the address is not a multiple of 8
     */
    long readLong(long address);

    /**
     * Writes eight bytes with release semantics.
     *
     * @param address a multiple of 8
     * @param value the value, little-endian
     * @throws BusErrorException if there is no memory at the address
     * @throws IllegalArgumentException if the address is not a multiple of 8
     */
    void writeLong(long address, long value);

    /**
     * Replaces eight bytes if they hold the expected value, as one atomic operation. Hardware
     * updates of access flags and dirty state go through here, so that they never lose an update of
     * the processor.
     *
     * @param address a multiple of 8
     * @param expected the value that must be there
     * @param replacement the value to write
     * @return true if the memory held {@code expected} and now holds {@code replacement}
     * @throws BusErrorException if there is no memory at the address
     * @throws IllegalArgumentException if the address is not a multiple of 8
     */
    boolean compareAndSetLong(long address, long expected, long replacement);

    /**
     * Reads four bytes with acquire semantics.
     *
     * @param address a multiple of 4
     * @return the value, little-endian
     * @throws BusErrorException if there is no memory at the address
     * @throws IllegalArgumentException if the address is not a multiple of 4
     */
    int readInt(long address);

    /**
     * Writes four bytes with release semantics and leaves the other half of the word alone.
     *
     * @param address a multiple of 4
     * @param value the value, little-endian
     * @throws BusErrorException if there is no memory at the address
     * @throws IllegalArgumentException if the address is not a multiple of 4
     */
    void writeInt(long address, int value);

    /**
     * Copies memory to an array. Nothing is copied if any byte of the range does not exist.
     *
     * @param address first byte, any alignment
     * @param target the array to fill
     * @param offset first index of the array
     * @param length number of bytes, at least 0
     * @throws BusErrorException if a byte of the range does not exist
     * @throws IndexOutOfBoundsException if the array is too small
     */
    void read(long address, byte[] target, int offset, int length);

    /**
     * Copies an array to memory. Nothing is copied if any byte of the range does not exist.
     *
     * @param address first byte, any alignment
     * @param source the array to copy from
     * @param offset first index of the array
     * @param length number of bytes, at least 0
     * @throws BusErrorException if a byte of the range does not exist
     * @throws IndexOutOfBoundsException if the array is too small
     */
    void write(long address, byte[] source, int offset, int length);

    /**
     * Sets every byte of a range to one value. Nothing is written if any byte of the range does not
     * exist.
     *
     * @param address first byte, any alignment
     * @param length number of bytes, at least 0
     * @param value the value of each byte
     * @throws BusErrorException if a byte of the range does not exist
     */
    void fill(long address, long length, byte value);
}
