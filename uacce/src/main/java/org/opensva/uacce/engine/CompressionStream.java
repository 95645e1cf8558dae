package org.opensva.uacce.engine;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.JobExecution;

import java.util.Arrays;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/** What compression and decompression have in common from one job of a stream to the next. */
abstract class CompressionStream extends Streams.Stream {

    private static final byte[] NOTHING = {};

    final CompressionFormat format;

    /** Made by an earlier job, which could not write it. */
    private byte @Nullable [] unwritten;

    private int unwrittenCount;

    CompressionStream(JobExecution job, CompressionFormat format) {
        super(job);
        this.format = format;
    }

    /**
     * Begins the output of a job with what the one before left.
     *
     * @return false if it fills the destination, or on failure
     */
    final boolean putUnwritten(JobData data) {
        byte[] bytes = unwritten;
        if (unwrittenCount == 0 || bytes == null) {
            return true;
        }
        int put = 0;
        boolean good = true;
        while (good && put < unwrittenCount) {
            good = data.put(bytes[put]);
            put += good ? 1 : 0;
        }
        unwrittenCount -= put;
        System.arraycopy(bytes, put, bytes, 0, unwrittenCount);
        return good;
    }

    /** Keeps what the job has made and not written, in front of what was kept before. */
    final void keepUnwritten(JobData data) {
        if (data.outCount == 0) {
            return;
        }
        byte[] old = unwritten;
        byte[] bytes = Arrays.copyOf(data.out, data.outCount + unwrittenCount);
        if (old != null) {
            System.arraycopy(old, 0, bytes, data.outCount, unwrittenCount);
        }
        unwritten = bytes;
        unwrittenCount = bytes.length;
        data.outCount = 0;
    }

    /** Keeps a byte that there was no room for. */
    final void keepUnwritten(byte value) {
        unwritten = new byte[] {value};
        unwrittenCount = 1;
    }

    /** The buffer that a codec reads belongs to the next job. */
    static void letGo(Deflater deflater) {
        deflater.setInput(NOTHING);
    }

    /** The buffer that a codec reads belongs to the next job. */
    static void letGo(Inflater inflater) {
        inflater.setInput(NOTHING);
    }

    final void forgetUnwritten() {
        unwrittenCount = 0;
    }
}
