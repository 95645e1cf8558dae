package org.opensva.uacce.engine;

import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobStatus;

import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Decompression of raw DEFLATE (RFC 1951) and of the gzip format (RFC 1952, all members). */
final class Decompressor {

    // RFC 1952 section 2.3.1, FLG. Bit 0, FTEXT, is a hint without effect.
    private static final int FHCRC = 1 << 1;
    private static final int FEXTRA = 1 << 2;
    private static final int FNAME = 1 << 3;
    private static final int FCOMMENT = 1 << 4;
    private static final int RESERVED = 0xe0;

    private static final int HEADER_FIXED_REST = 6;

    private final JobData data;
    private final Inflater inflater = new Inflater(true);
    private final CRC32 crc = new CRC32();
    private final byte[] probe = new byte[1];

    /** Bytes that the current member expanded to. */
    private long size;

    Decompressor(JobData data) {
        this.data = data;
    }

    void inflate(JobExecution job) {
        if (stream()) {
            data.flush();
        }
        end();
    }

    void gunzip(JobExecution job) {
        boolean good;
        do {
            good = header() && stream() && trailer();
        } while (good && data.more());
        if (good) {
            data.flush();
        }
        end();
    }

    private void end() {
        data.complete(data.taken() - inflater.getRemaining(), 0);
        inflater.reset();
    }

    private boolean header() {
        crc.reset();
        if (!expect(0x1f) || !expect(0x8b) || !expect(8)) {
            return false;
        }
        int flags = headerByte();
        if (flags < 0) {
            return false;
        }
        if ((flags & RESERVED) != 0) {
            data.fail(JobStatus.BAD_DATA);
            return false;
        }
        return skip(HEADER_FIXED_REST)
                && ((flags & FEXTRA) == 0 || skipExtra())
                && ((flags & FNAME) == 0 || skipText())
                && ((flags & FCOMMENT) == 0 || skipText())
                && ((flags & FHCRC) == 0 || checkHeader());
    }

    private int headerByte() {
        int value = data.next();
        if (value >= 0) {
            crc.update(value);
        }
        return value;
    }

    private boolean expect(int wanted) {
        int value = headerByte();
        if (value >= 0 && value != wanted) {
            data.fail(JobStatus.BAD_DATA);
        }
        return value == wanted;
    }

    private boolean skip(int count) {
        for (int i = 0; i < count; i++) {
            if (headerByte() < 0) {
                return false;
            }
        }
        return true;
    }

    private boolean skipExtra() {
        int low = headerByte();
        int high = low < 0 ? -1 : headerByte();
        return high >= 0 && skip(high << 8 | low);
    }

    private boolean skipText() {
        int value;
        do {
            value = headerByte();
        } while (value > 0);
        return value == 0;
    }

    /** RFC 1952: CRC16 is the lower half of the CRC-32 of the header up to here. */
    private boolean checkHeader() {
        int wanted = (int) crc.getValue() & 0xffff;
        int low = data.next();
        int high = low < 0 ? -1 : data.next();
        return equal(high, high << 8 | low, wanted);
    }

    private boolean trailer() {
        return equalInt((int) crc.getValue()) && equalInt((int) size);
    }

    private boolean equalInt(int wanted) {
        int found = 0;
        int last = 0;
        for (int i = 0; i < Integer.SIZE && last >= 0; i += Byte.SIZE) {
            last = data.next();
            found |= last << i;
        }
        return equal(last, found, wanted);
    }

    private boolean equal(int last, int found, int wanted) {
        if (last >= 0 && found != wanted) {
            data.fail(JobStatus.BAD_DATA);
        }
        return last >= 0 && found == wanted;
    }

    /** Expands one DEFLATE stream, with its checksum and size. */
    private boolean stream() {
        inflater.reset();
        crc.reset();
        size = 0;
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
                data.fail(JobStatus.BAD_DATA);
                return false;
            }
            if (made > 0 && room == 0) {
                data.fail(JobStatus.DESTINATION_FULL);
                return false;
            }
            crc.update(data.out, data.outCount, made);
            data.outCount += made;
            size += made;
            if (inflater.finished()) {
                // What the stream did not use belongs to what follows it.
                data.inPosition -= inflater.getRemaining();
                inflater.reset();
                return true;
            }
            if (made == 0 && !feed()) {
                return false;
            }
        }
    }

    private boolean feed() {
        if (inflater.needsDictionary() || !inflater.needsInput()) {
            data.fail(JobStatus.BAD_DATA);
            return false;
        }
        if (data.inPosition == data.inLimit && !data.fill()) {
            // The source ends inside the stream, or cannot be read.
            data.fail(JobStatus.BAD_DATA);
            return false;
        }
        inflater.setInput(data.in, data.inPosition, data.inLimit - data.inPosition);
        data.inPosition = data.inLimit;
        return true;
    }

    void close() {
        inflater.end();
    }
}
