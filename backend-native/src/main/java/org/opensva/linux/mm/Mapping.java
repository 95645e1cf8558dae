package org.opensva.linux.mm;

import org.opensva.api.memory.Access;

/**
 * A mapping of a process, as the kernel tells of it ({@code struct vm_area_struct}).
 *
 * @param start its first address
 * @param end the address after the last one
 * @param access what it allows, a set of {@link Access} bits
 * @param shared true for {@code MAP_SHARED}
 * @param offset byte offset in the file, 0 for anonymous memory
 * @param device number of the file's device, major in the upper half
 * @param inode number of the file, 0 for anonymous memory
 */
public record Mapping(
        long start, long end, int access, boolean shared, long offset, long device, long inode) {

    /**
     * Tells whether the mapping allows an access.
     *
     * @param wanted a set of {@link Access} bits
     * @return true if it does
     */
    public boolean allows(int wanted) {
        int want = wanted & (Access.READ | Access.WRITE | Access.EXECUTE);
        return (want & access) == want && (wanted & Access.PRIVILEGED) == 0;
    }

    /**
     * Where in the file an address is.
     *
     * @param address an address of the mapping
     * @return byte offset
     */
    public long fileOffset(long address) {
        return offset + (address - start);
    }
}
