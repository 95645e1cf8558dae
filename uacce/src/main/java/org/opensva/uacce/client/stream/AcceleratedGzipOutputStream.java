package org.opensva.uacce.client.stream;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.Operation;
import org.opensva.uacce.client.ContextPool;

import java.io.OutputStream;

/**
 * Stands in for {@link java.util.zip.GZIPOutputStream}: what is written is compressed by
 * accelerators. Each block becomes a gzip member of its own, so blocks are compressed side by side;
 * RFC 1952 section 2.2 makes the concatenation of members a gzip file, which every reader takes.
 */
public final class AcceleratedGzipOutputStream extends BlockOutputStream {

    /**
     * Compresses in blocks of 256 KiB.
     *
     * @param out where the compressed bytes go
     * @param pool who does the work
     */
    public AcceleratedGzipOutputStream(OutputStream out, ContextPool pool) {
        this(out, pool, StreamConfig.of(pool), 0);
    }

    /**
     * Compresses.
     *
     * @param out where the compressed bytes go
     * @param pool who does the work
     * @param config how the stream is cut
     * @param level 1 (fast) to 9 (small), 0 for the device's own choice
     */
    public AcceleratedGzipOutputStream(
            OutputStream out, ContextPool pool, StreamConfig config, int level) {
        super(out, pool, config, new Members(level), true);
    }

    private record Members(int level) implements BlockTransform {

        /** Stored blocks of 64 KiB with 5 bytes each, header and trailer; and a little more. */
        private static final int OVERHEAD = 64;

        Members {
            if (level < 0 || level > 9) {
                throw new IllegalArgumentException("level is " + level + ", allowed: 0..9");
            }
        }

        @Override
        public long bound(int length) {
            return (long) length + (length >> 10) + OVERHEAD;
        }

        @Override
        public Job job(long position, long source, int length, long destination, long capacity) {
            return new Job(Operation.GZIP, source, length, destination, capacity, level);
        }
    }
}
