package org.opensva.uacce.engine;

import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobStatus;

import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Compression to raw DEFLATE (RFC 1951) and to the gzip format (RFC 1952, one member). */
final class Compressor {

    /**
     * RFC 1952 section 2.3: ID1, ID2, CM (8, deflate), FLG (none), MTIME (0, no time stamp is
     * available), XFL (0), OS (255, unknown). The same input gives the same output, always.
     */
    private static final int[] GZIP_HEADER = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};

    private final JobData data;
    private final Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    private final CRC32 crc = new CRC32();
    private final byte[] probe = new byte[1];

    Compressor(JobData data) {
        this.data = data;
    }

    void compress(JobExecution job, boolean gzip) {
        deflater.reset();
        crc.reset();
        if ((!gzip || putHeader()) && deflate(gzip) && (!gzip || putTrailer(job))) {
            data.flush();
        }
        data.complete(deflater.getBytesRead(), 0);
    }

    private boolean putHeader() {
        for (int value : GZIP_HEADER) {
            if (!data.put(value)) {
                return false;
            }
        }
        return true;
    }

    private boolean putTrailer(JobExecution job) {
        return putInt((int) crc.getValue()) && putInt((int) job.sourceLength());
    }

    private boolean putInt(int value) {
        return data.put(value)
                && data.put(value >>> 8)
                && data.put(value >>> 16)
                && data.put(value >>> 24);
    }

    private boolean deflate(boolean checksum) {
        boolean finishing = false;
        while (true) {
            int room = data.makeRoom();
            if (room < 0) {
                return false;
            }
            int made;
            if (room == 0) {
                // Whether the stream has ended shows only when it is asked for one more byte.
                made = deflater.deflate(probe, 0, 1);
                if (made > 0) {
                    data.fail(JobStatus.DESTINATION_FULL);
                    return false;
                }
            } else {
                made = deflater.deflate(data.out, data.outCount, room);
                data.outCount += made;
            }
            if (deflater.finished()) {
                return true;
            }
            if (made > 0) {
                continue;
            }
            if (data.fill()) {
                if (checksum) {
                    crc.update(data.in, 0, data.inLimit);
                }
                deflater.setInput(data.in, 0, data.inLimit);
                data.inPosition = data.inLimit;
            } else if (data.failed()) {
                return false;
            } else if (finishing) {
                // zlib neither ends nor makes anything: not reachable with a sane library.
                data.fail(JobStatus.DEVICE_ERROR);
                return false;
            } else {
                deflater.finish();
                finishing = true;
            }
        }
    }

    void close() {
        deflater.end();
    }
}
