package org.opensva.api.memory;

/**
 * Hands out page frames: naturally aligned, zeroed blocks of physical memory for page tables,
 * queues and process pages.
 *
 * <p><b>Threading.</b> All methods may be called from any thread.
 */
public interface FrameAllocator {

    /**
     * The size of the smallest block.
     *
     * @return the frame size as a power of two, 12 for 4 KiB
     */
    int frameShift();

    /**
     * Allocates a zeroed block of {@code 2^order} frames, aligned to its own size.
     *
     * @param order the binary logarithm of the number of frames, 0 to 20
     * @return the physical address of the block
     * @throws OutOfFramesException if no such block is free
     */
    long allocate(int order);

    /**
     * Returns a block. The caller must have made sure that no processor and no device can reach it
     * any more.
     *
     * @param address what {@link #allocate} returned
     * @param order what {@link #allocate} was given
     * @throws IllegalArgumentException if that block is not allocated
     */
    void free(long address, int order);

    /**
     * Makes smaller blocks of an allocated one, each of which is returned on its own from then on
     * (Linux: {@code split_page}). An allocator that cannot leaves everything as it is; without it
     * there are no huge pages.
     *
     * @param address what {@link #allocate} returned
     * @param order what {@link #allocate} was given
     * @param pieces the order of the new blocks, at most {@code order}
     * @return true if it is done
     * @throws IllegalArgumentException if that block is not allocated
     */
    default boolean split(long address, int order, int pieces) {
        return false;
    }

    /**
     * Counts the frames that there are, in use or not.
     *
     * @return the number of frames of the smallest size; 0 if it is not known, and then memory is
     *     not reclaimed in the background
     */
    default long totalFrames() {
        return 0;
    }

    /**
     * Counts the frames in use, for leak checks.
     *
     * @return the number of allocated frames of the smallest size
     */
    long allocatedFrames();
}
