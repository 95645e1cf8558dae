package org.opensva.uacce.engine;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobStatus;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Decompression of raw DEFLATE (RFC 1951), of the zlib format (RFC 1950), and of the gzip format
 * (RFC 1952, all members), in one job or in a stream of several.
 */
final class Decompressor implements AutoCloseable {

    private static final int GZIP_TRAILER = 8;

    /** Where in the compressed data it is. */
    private enum Place {
        HEADER,
        BODY,
        TRAILER,
        /** What follows belongs to somebody else; of gzip data only a stream has such an end. */
        END
    }

    /** A stream of compressed data on its way from the source. */
    private static final class Input extends CompressionStream {

        final Inflater inflater;
        final GzipHeader header = new GzipHeader();
        final CRC32 crc = new CRC32();
        Place place = Place.HEADER;

        /** Bytes that the current member expanded to. */
        long size;

        int trailerPosition;

        /** Members that are complete. */
        long members;

        byte @Nullable [] dictionary;

        Input(JobExecution job, CompressionFormat format) {
            super(job, format);
            inflater = new Inflater(format.bare());
        }

        void reset() {
            inflater.reset();
            forgetUnwritten();
            dictionary = null;
            members = 0;
            member();
        }

        /** The beginning of a member. */
        void member() {
            place = format == CompressionFormat.GZIP ? Place.HEADER : Place.BODY;
            header.reset();
            crc.reset();
            size = 0;
            trailerPosition = 0;
        }

        /** Tells whether the compressed data may end here. */
        boolean complete() {
            return place == Place.END || members > 0 && place == Place.HEADER && header.untouched();
        }

        @Override
        void free() {
            inflater.end();
        }
    }

    private final JobData data;
    private final Streams streams;
    private final byte[] probe = new byte[1];
    private final byte[] dictionary = new byte[Compressor.LONGEST_DICTIONARY];
    private final @Nullable Input[] own = new @Nullable Input[CompressionFormat.values().length];

    Decompressor(JobData data, Streams streams) {
        this.data = data;
        this.streams = streams;
    }

    void decompress(JobExecution job) throws GeneralSecurityException {
        CompressionFormat format = CompressionFormat.of(job.operation());
        Input input;
        if (streams.streaming()) {
            input = streams.open(job, Input.class, first -> begin(new Input(first, format)));
        } else {
            input = begin(own(job, format));
        }
        if (input == null) {
            data.complete(0, 0);
            return;
        }
        if (input.putUnwritten(data) && expand(input)) {
            if (streams.last() && !input.complete()) {
                // The source ends inside the compressed data.
                data.fail(JobStatus.BAD_DATA);
            } else {
                data.flush();
            }
        }
        long consumed = data.taken() - input.inflater.getRemaining();
        CompressionStream.letGo(input.inflater);
        data.flushBeforeHole();
        if (streams.streaming()) {
            input.keepUnwritten(data);
        }
        long ended = streams.streaming() && input.complete() ? 1 : 0;
        streams.settle(job);
        data.complete(consumed, ended);
    }

    private Input own(JobExecution job, CompressionFormat format) {
        Input input = own[format.ordinal()];
        if (input == null) {
            input = new Input(job, format);
            own[format.ordinal()] = input;
        }
        return input;
    }

    /** The dictionary; null if there is a failure in the data. */
    private @Nullable Input begin(Input input) {
        input.reset();
        int length = Compressor.loadDictionary(data, input.format, dictionary);
        if (length > 0 && input.format == CompressionFormat.RAW) {
            input.inflater.setDictionary(dictionary, 0, length);
        } else if (length > 0) {
            // The zlib format says whether it needs one, and which.
            input.dictionary = Arrays.copyOf(dictionary, length);
        }
        if (data.failed() && streams.streaming()) {
            input.free();
        }
        return data.failed() ? null : input;
    }

    /** Expands the source until it or the compressed data ends; false on failure. */
    private boolean expand(Input input) {
        while (true) {
            switch (input.place) {
                case HEADER -> {
                    if (!data.more()) {
                        return true;
                    }
                    if (!header(input)) {
                        return false;
                    }
                }
                case BODY -> {
                    if (!body(input)) {
                        return !data.failed();
                    }
                }
                case TRAILER -> {
                    if (!data.more()) {
                        return true;
                    }
                    if (!trailer(input)) {
                        return false;
                    }
                }
                case END -> {
                    return true;
                }
            }
        }
    }

    /** Takes bytes of the header as long as the source has any; false on failure. */
    private boolean header(Input input) {
        while (data.more()) {
            int value = data.next();
            if (value < 0) {
                return false;
            }
            switch (input.header.take(value)) {
                case MORE -> {}
                case DONE -> {
                    input.place = Place.BODY;
                    return true;
                }
                case BAD -> {
                    if (streams.streaming() && input.members > 0) {
                        // What follows the last member may belong to somebody else.
                        data.inPosition--;
                        input.place = Place.END;
                        return true;
                    }
                    return data.fail(JobStatus.BAD_DATA);
                }
            }
        }
        return true;
    }

    /** CRC-32 and size, little-endian, as long as the source has bytes; false on failure. */
    private boolean trailer(Input input) {
        while (data.more()) {
            int value = data.next();
            if (value < 0) {
                return false;
            }
            long wanted = input.crc.getValue() | input.size << Integer.SIZE;
            if (value != (int) (wanted >>> Byte.SIZE * input.trailerPosition & 0xff)) {
                return data.fail(JobStatus.BAD_DATA);
            }
            input.trailerPosition++;
            if (input.trailerPosition == GZIP_TRAILER) {
                input.members++;
                input.member();
                return true;
            }
        }
        return true;
    }

    /**
     * Expands; true at the end of the DEFLATE stream, false at that of the source or on failure.
     */
    private boolean body(Input input) {
        Inflater inflater = input.inflater;
        while (true) {
            int room = data.makeRoom();
            if (room < 0) {
                return false;
            }
            int made;
            try {
                made =
                        room == 0
                                ? inflater.inflate(probe, 0, 1)
                                : inflater.inflate(data.out, data.outCount, room);
            } catch (DataFormatException e) {
                return data.fail(JobStatus.BAD_DATA);
            }
            if (input.format == CompressionFormat.GZIP) {
                input.crc.update(room == 0 ? probe : data.out, room == 0 ? 0 : data.outCount, made);
            }
            input.size += made;
            if (made > 0 && room == 0) {
                input.keepUnwritten(probe[0]);
                return data.fail(JobStatus.DESTINATION_FULL);
            }
            data.outCount += made;
            if (inflater.finished()) {
                // What the stream did not use belongs to what follows it.
                data.inPosition -= inflater.getRemaining();
                inflater.reset();
                input.place = input.format == CompressionFormat.GZIP ? Place.TRAILER : Place.END;
                return true;
            }
            if (made == 0 && !feed(input)) {
                return false;
            }
        }
    }

    private boolean feed(Input input) {
        Inflater inflater = input.inflater;
        if (inflater.needsDictionary()) {
            return useDictionary(input);
        }
        if (!inflater.needsInput()) {
            return data.fail(JobStatus.BAD_DATA);
        }
        if (data.inPosition == data.inLimit && !data.fill()) {
            return false;
        }
        inflater.setInput(data.in, data.inPosition, data.inLimit - data.inPosition);
        data.inPosition = data.inLimit;
        return true;
    }

    private boolean useDictionary(Input input) {
        byte[] bytes = input.dictionary;
        if (bytes == null) {
            return data.fail(JobStatus.BAD_DATA);
        }
        try {
            input.inflater.setDictionary(bytes);
            return true;
        } catch (IllegalArgumentException e) {
            // Not the dictionary whose Adler-32 the data names.
            return data.fail(JobStatus.BAD_DATA);
        }
    }

    @Override
    public void close() {
        for (Input input : own) {
            if (input != null) {
                input.free();
            }
        }
    }
}
