package org.opensva.api.iommu;

/**
 * The outcome of a DMA access, packed into a {@code long} so that the data path allocates nothing:
 * how it ended and how many bytes were moved before that.
 *
 * <p>The fault address is the address of the access plus the number of bytes moved: accesses are
 * carried out in address order.
 */
public final class DmaResult {

    private static final int STATUS_SHIFT = 56;
    private static final long BYTES_MASK = (1L << STATUS_SHIFT) - 1;

    private DmaResult() {}

    /**
     * Packs an outcome.
     *
     * @param status how it ended
     * @param bytes how many bytes were moved, 0 to 2<sup>56</sup>-1
     * @return the packed outcome
     */
    public static long of(DmaStatus status, long bytes) {
        return (long) status.ordinal() << STATUS_SHIFT | (bytes & BYTES_MASK);
    }

    /**
     * The outcome of an access that moved everything.
     *
     * @param bytes how many bytes were moved
     * @return the packed outcome
     */
    public static long complete(long bytes) {
        return bytes & BYTES_MASK;
    }

    /**
     * Tells whether all bytes were moved.
     *
     * @param result a packed outcome
     * @return true for {@link DmaStatus#COMPLETE}
     */
    public static boolean isComplete(long result) {
        return result >>> STATUS_SHIFT == 0;
    }

    /**
     * How the access ended.
     *
     * @param result a packed outcome
     * @return the status
     */
    public static DmaStatus status(long result) {
        return DmaStatus.of((int) (result >>> STATUS_SHIFT));
    }

    /**
     * How many bytes were moved.
     *
     * @param result a packed outcome
     * @return the number of bytes before the one that could not be moved
     */
    public static long bytes(long result) {
        return result & BYTES_MASK;
    }

    /**
     * Renders an outcome for people.
     *
     * @param result a packed outcome
     * @return a short text
     */
    public static String describe(long result) {
        return status(result) + " after " + bytes(result) + " bytes";
    }
}
