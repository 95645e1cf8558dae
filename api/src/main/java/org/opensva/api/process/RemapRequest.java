package org.opensva.api.process;

/**
 * What {@code mremap(2)} is asked for.
 *
 * @param address the old place, a multiple of the page size
 * @param oldLength the old size in bytes; 0 to map what is mapped there, shared, a second time
 * @param newLength the new size in bytes
 * @param mayMove true for {@code MREMAP_MAYMOVE}, without which {@code fixed} and {@code keepOld}
 *     are refused
 * @param fixed true for {@code MREMAP_FIXED}: whatever is at the new place is unmapped first
 * @param newAddress the new place if {@code fixed}, a hint if {@code keepOld}, otherwise without
 *     meaning; 0 for no hint
 * @param keepOld true for {@code MREMAP_DONTUNMAP}: the old place stays mapped, without its pages
 */
public record RemapRequest(
        long address,
        long oldLength,
        long newLength,
        boolean mayMove,
        boolean fixed,
        long newAddress,
        boolean keepOld) {

    /**
     * To move a mapping wherever there is room.
     *
     * @param address the old place
     * @param oldLength the old size in bytes
     * @param newLength the new size in bytes
     * @return the request
     */
    public static RemapRequest anywhere(long address, long oldLength, long newLength) {
        return new RemapRequest(address, oldLength, newLength, true, false, 0, false);
    }

    /**
     * The same request for a place ({@code MREMAP_FIXED}).
     *
     * @param value the address, a multiple of the page size
     * @return a changed copy
     */
    public RemapRequest to(long value) {
        return new RemapRequest(address, oldLength, newLength, mayMove, true, value, keepOld);
    }

    /**
     * The same request with the old place left mapped ({@code MREMAP_DONTUNMAP}).
     *
     * @return a changed copy
     */
    public RemapRequest keepingOld() {
        return new RemapRequest(address, oldLength, newLength, mayMove, fixed, newAddress, true);
    }
}
