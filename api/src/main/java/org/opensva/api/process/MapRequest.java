package org.opensva.api.process;

import org.opensva.api.memory.Protection;

/**
 * What {@code mmap(2)} is asked for.
 *
 * @param address where to map: a hint, or with {@code fixed} the place itself; 0 leaves the choice
 *     to the kernel
 * @param length number of bytes, more than 0; rounded up to pages
 * @param protection what the mapping allows
 * @param shared true for {@code MAP_SHARED}, false for {@code MAP_PRIVATE}
 * @param fixed true for {@code MAP_FIXED}: whatever was there is unmapped first
 * @param fd the open file to map, or {@link #ANONYMOUS}
 * @param offset byte offset in the file, a multiple of the page size
 */
public record MapRequest(
        long address,
        long length,
        Protection protection,
        boolean shared,
        boolean fixed,
        int fd,
        long offset) {

    /** No file: anonymous memory. */
    public static final int ANONYMOUS = -1;

    /**
     * Private anonymous memory for reading and writing, anywhere.
     *
     * @param length number of bytes, more than 0
     * @return the request
     */
    public static MapRequest anonymous(long length) {
        return new MapRequest(0, length, Protection.READ_WRITE, false, false, ANONYMOUS, 0);
    }

    /**
     * A shared mapping of an open file for reading and writing, anywhere.
     *
     * @param fd the open file
     * @param offset byte offset in the file, a multiple of the page size
     * @param length number of bytes, more than 0
     * @return the request
     */
    public static MapRequest sharedFile(int fd, long offset, long length) {
        return new MapRequest(0, length, Protection.READ_WRITE, true, false, fd, offset);
    }

    /**
     * The same request with another protection.
     *
     * @param value what the mapping shall allow
     * @return a changed copy
     */
    public MapRequest withProtection(Protection value) {
        return new MapRequest(address, length, value, shared, fixed, fd, offset);
    }

    /**
     * The same request at a fixed place ({@code MAP_FIXED}).
     *
     * @param value the address, a multiple of the page size
     * @return a changed copy
     */
    public MapRequest at(long value) {
        return new MapRequest(value, length, protection, shared, true, fd, offset);
    }

    /**
     * The same request as a private (copy-on-write) mapping.
     *
     * @return a changed copy
     */
    public MapRequest asPrivate() {
        return new MapRequest(address, length, protection, false, fixed, fd, offset);
    }
}
