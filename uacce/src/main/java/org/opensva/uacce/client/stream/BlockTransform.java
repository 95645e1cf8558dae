package org.opensva.uacce.client.stream;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;

/**
 * What is done to each block of a stream. Blocks do not depend on each other, and may be done in
 * any order and more than once.
 *
 * <p><b>Threading.</b> Called by the thread that writes to the stream.
 */
public interface BlockTransform {

    /**
     * How many bytes a block may become.
     *
     * @param length bytes of the block
     * @return bytes of its result at most, or what it is usually: if that is too little, the job is
     *     done again with more room
     */
    long bound(int length);

    /**
     * How many bytes of the block's memory are in front of it, for what its job needs besides.
     *
     * @return bytes, a multiple of 64
     */
    default int headSize() {
        return 0;
    }

    /**
     * What is in front of a block. Called once for each block, in the order of the stream.
     *
     * @param position how many bytes of the stream are before the block
     * @param bytes the block, from index 0 on
     * @param length how many bytes it has
     * @param address where the head goes; the block follows {@link #headSize} bytes later
     * @return at most {@link #headSize} bytes
     */
    default byte[] head(long position, byte[] bytes, int length, long address) {
        return new byte[0];
    }

    /**
     * The job for a block.
     *
     * @param position how many bytes of the stream are before it
     * @param source where it is
     * @param length how many bytes it has
     * @param destination where its result goes
     * @param capacity how much room is there
     * @return the work
     */
    Job job(long position, long source, int length, long destination, long capacity);

    /**
     * Takes the result of a block that was done; called in the order of the stream.
     *
     * @param result how the job ended
     * @param length how many bytes the block has
     */
    default void done(JobResult result, int length) {}
}
