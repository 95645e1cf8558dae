package org.opensva.uacce.engine;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobStatus;

import java.security.GeneralSecurityException;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * Compression to raw DEFLATE (RFC 1951), to the zlib format (RFC 1950), and to the gzip format (RFC
 * 1952, one member), in one job or in a stream of several.
 */
final class Compressor implements AutoCloseable {

    /**
     * RFC 1952 section 2.3: ID1, ID2, CM (8, deflate), FLG (none), MTIME (0, no time stamp is
     * available), XFL (0), OS (255, unknown). The same input gives the same output, always.
     */
    private static final byte[] GZIP_HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 255};

    private static final int GZIP_TRAILER = 8;

    /** RFC 1951: a distance is 32768 at most, so that no more of a dictionary can be of use. */
    static final int LONGEST_DICTIONARY = 1 << 15;

    private static final int BEST_LEVEL = 9;

    /** A stream of compressed data on its way to the destination. */
    private static final class Output extends CompressionStream {

        final Deflater deflater;
        final CRC32 crc = new CRC32();
        final byte[] trailer = new byte[GZIP_TRAILER];
        long size;
        int headerDone;
        int trailerDone;

        Output(JobExecution job, CompressionFormat format) {
            super(job, format);
            deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, format.bare());
        }

        void reset() {
            deflater.reset();
            crc.reset();
            size = 0;
            headerDone = 0;
            trailerDone = 0;
            forgetUnwritten();
        }

        @Override
        void free() {
            deflater.end();
        }
    }

    private final JobData data;
    private final Streams streams;
    private final byte[] probe = new byte[1];
    private final byte[] dictionary = new byte[LONGEST_DICTIONARY];
    private final @Nullable Output[] own = new @Nullable Output[CompressionFormat.values().length];

    /** Bytes of the chunk under way that the codec has taken. */
    private int inputUsed;

    Compressor(JobData data, Streams streams) {
        this.data = data;
        this.streams = streams;
    }

    void compress(JobExecution job) throws GeneralSecurityException {
        CompressionFormat format = CompressionFormat.of(job.operation());
        Output output;
        if (streams.streaming()) {
            output =
                    streams.open(
                            job, Output.class, first -> begin(first, new Output(first, format)));
        } else {
            output = begin(job, own(job, format));
        }
        if (output == null) {
            data.complete(0, 0);
            return;
        }
        long before = output.deflater.getBytesRead();
        if (output.putUnwritten(data)
                && putHeader(output)
                && deflate(output)
                && (!streams.last() || putTrailer(output))) {
            data.flush();
        }
        CompressionStream.letGo(output.deflater);
        data.flushBeforeHole();
        if (streams.streaming()) {
            output.keepUnwritten(data);
        }
        long consumed = output.deflater.getBytesRead() - before;
        streams.settle(job);
        data.complete(consumed, 0);
    }

    private Output own(JobExecution job, CompressionFormat format) {
        Output output = own[format.ordinal()];
        if (output == null) {
            output = new Output(job, format);
            own[format.ordinal()] = output;
        }
        return output;
    }

    /** Level and dictionary; null if there is a failure in the data. */
    private @Nullable Output begin(JobExecution job, Output output) {
        output.reset();
        long level = job.argument();
        if (level < 0 || level > BEST_LEVEL) {
            data.fail(JobStatus.BAD_DESCRIPTOR);
        } else {
            output.deflater.setLevel(level == 0 ? Deflater.DEFAULT_COMPRESSION : (int) level);
            int length = loadDictionary(data, output.format, dictionary);
            if (length > 0) {
                output.deflater.setDictionary(dictionary, 0, length);
            }
        }
        if (data.failed() && streams.streaming()) {
            output.free();
        }
        return data.failed() ? null : output;
    }

    /**
     * Reads the preset dictionary. The gzip format has none.
     *
     * @return its length; a failure is remembered in the data
     */
    static int loadDictionary(JobData data, CompressionFormat format, byte[] target) {
        long length = data.parameters.length(JobParameters.DICTIONARY);
        if (length > target.length || length > 0 && format == CompressionFormat.GZIP) {
            data.badParameters();
            return 0;
        }
        long address = data.parameters.address(JobParameters.DICTIONARY);
        return data.load(data.job(), address, target, (int) length) ? (int) length : 0;
    }

    private boolean putHeader(Output output) {
        while (output.format == CompressionFormat.GZIP && output.headerDone < GZIP_HEADER.length) {
            if (!data.put(GZIP_HEADER[output.headerDone])) {
                return false;
            }
            output.headerDone++;
        }
        return true;
    }

    private boolean putTrailer(Output output) {
        if (output.format != CompressionFormat.GZIP) {
            return true;
        }
        if (output.trailerDone == 0) {
            putInt(output.trailer, 0, (int) output.crc.getValue());
            putInt(output.trailer, Integer.BYTES, (int) output.size);
        }
        while (output.trailerDone < GZIP_TRAILER) {
            if (!data.put(output.trailer[output.trailerDone])) {
                return false;
            }
            output.trailerDone++;
        }
        return true;
    }

    private static void putInt(byte[] target, int offset, int value) {
        for (int i = 0; i < Integer.BYTES; i++) {
            target[offset + i] = (byte) (value >>> 8 * i);
        }
    }

    private int flushMode() {
        if (data.parameters.has(JobParameters.FULL_FLUSH)) {
            return Deflater.FULL_FLUSH;
        }
        return data.parameters.has(JobParameters.SYNC_FLUSH)
                ? Deflater.SYNC_FLUSH
                : Deflater.NO_FLUSH;
    }

    /** Compresses the source; false on failure. */
    private boolean deflate(Output output) {
        Deflater deflater = output.deflater;
        int flush = Deflater.NO_FLUSH;
        boolean ending = false;
        while (!deflater.finished()) {
            int room = data.makeRoom();
            if (room < 0) {
                return false;
            }
            int made = step(output, room, flush);
            if (made > 0 && room == 0) {
                // Whether there is more shows only when one more byte is asked for.
                output.keepUnwritten(probe[0]);
                return data.fail(JobStatus.DESTINATION_FULL);
            }
            if (made > 0 || deflater.finished()) {
                continue;
            }
            if (data.fill()) {
                deflater.setInput(data.in, 0, data.inLimit);
                data.inPosition = data.inLimit;
                inputUsed = 0;
            } else if (data.failed()) {
                return false;
            } else if (ending) {
                // Everything that was asked for has been made.
                return !streams.last() || data.fail(JobStatus.DEVICE_ERROR);
            } else if (streams.last()) {
                deflater.finish();
                ending = true;
            } else {
                flush = flushMode();
                if (flush == Deflater.NO_FLUSH) {
                    return true;
                }
                ending = true;
            }
        }
        // Nothing belongs behind the end of a stream.
        return !data.more() || data.fail(JobStatus.BAD_DATA);
    }

    private int step(Output output, int room, int flush) {
        Deflater deflater = output.deflater;
        long before = deflater.getBytesRead();
        int made;
        if (room == 0) {
            made = deflater.deflate(probe, 0, 1, flush);
        } else {
            made = deflater.deflate(data.out, data.outCount, room, flush);
            data.outCount += made;
        }
        int used = (int) (deflater.getBytesRead() - before);
        if (used > 0 && output.format == CompressionFormat.GZIP) {
            output.crc.update(data.in, inputUsed, used);
        }
        inputUsed += used;
        output.size += used;
        return made;
    }

    @Override
    public void close() {
        for (Output output : own) {
            if (output != null) {
                output.free();
            }
        }
    }
}
