package org.opensva.uacce.client.stream;

import org.opensva.uacce.client.ContextPool;

/**
 * How a stream is cut.
 *
 * @param blockSize bytes of input in one job, 1 to 1 GiB
 * @param depth how many blocks may be under way at once, 1 or more
 * @param secret true to overwrite the buffers with zeros when the stream is closed
 */
public record StreamConfig(int blockSize, int depth, boolean secret) {

    private static final int LARGEST = 1 << 30;
    private static final int USUAL = 1 << 18;

    /** Checks the ranges. */
    public StreamConfig {
        if (blockSize < 1 || blockSize > LARGEST) {
            throw new IllegalArgumentException(
                    "blockSize is " + blockSize + ", allowed: 1.." + LARGEST);
        }
        if (depth < 1) {
            throw new IllegalArgumentException("depth is " + depth + ", allowed: 1 or more");
        }
    }

    /**
     * Blocks of 256 KiB, two for each context of the pool.
     *
     * @param pool where the blocks will go
     * @return the configuration
     */
    public static StreamConfig of(ContextPool pool) {
        return new StreamConfig(USUAL, Math.max(2, 2 * pool.contexts()), false);
    }

    /**
     * The same for secrets.
     *
     * @return a changed copy
     */
    public StreamConfig withSecrets() {
        return new StreamConfig(blockSize, depth, true);
    }
}
