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
     * Counts the frames in use, for leak checks.
     *
     * @return the number of allocated frames of the smallest size
     */
    long allocatedFrames();
}
