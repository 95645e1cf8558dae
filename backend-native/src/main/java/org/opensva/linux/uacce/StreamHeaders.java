package org.opensva.linux.uacce;

import org.opensva.api.accelerator.Job;
import org.opensva.api.process.SvaProcess;

/** Finds where compressed data begins behind its header, which the process reads. */
final class StreamHeaders {

    /** What is not known of a header: it is none. */
    static final int NONE = -1;

    /** How far a header may reach: names and comments have no limit of their own. */
    private static final int LIMIT = 65536;

    private static final int ZLIB_SIZE = 2;
    private static final int GZIP_SIZE = 10;
    private static final int FLAGS = 3;

    // RFC 1952 section 2.3.1, FLG.
    private static final int FHCRC = 1 << 1;
    private static final int FEXTRA = 1 << 2;
    private static final int FNAME = 1 << 3;
    private static final int FCOMMENT = 1 << 4;
    private static final int RESERVED = 0xe0;

    private StreamHeaders() {}

    /** Length of a zlib header (RFC 1950 section 2.2), or {@link #NONE}. */
    static int zlib(SvaProcess process, Job job) {
        if (job.sourceLength() < ZLIB_SIZE) {
            return NONE;
        }
        byte[] header = process.load(job.source(), ZLIB_SIZE);
        int word = (header[0] & 0xff) << 8 | header[1] & 0xff;
        boolean deflate = (header[0] & 0xf) == 8;
        boolean dictionary = (header[1] & 0x20) != 0;
        return deflate && !dictionary && word % 31 == 0 ? ZLIB_SIZE : NONE;
    }

    /** Length of a gzip header (RFC 1952 section 2.3), or {@link #NONE}. */
    static int gzip(SvaProcess process, Job job) {
        if (job.sourceLength() < GZIP_SIZE) {
            return NONE;
        }
        byte[] start = process.load(job.source(), GZIP_SIZE);
        int flags = start[FLAGS] & 0xff;
        boolean known = start[0] == 0x1f && start[1] == (byte) 0x8b && start[2] == 8;
        if (!known || (flags & RESERVED) != 0) {
            return NONE;
        }
        if ((flags & (FHCRC | FEXTRA | FNAME | FCOMMENT)) == 0) {
            return GZIP_SIZE;
        }
        byte[] all = process.load(job.source(), (int) Math.min(job.sourceLength(), LIMIT));
        int at = GZIP_SIZE;
        if ((flags & FEXTRA) != 0) {
            if (at + 2 > all.length) {
                return NONE;
            }
            at += 2 + (all[at] & 0xff | (all[at + 1] & 0xff) << 8);
        }
        at = (flags & FNAME) == 0 ? at : text(all, at);
        at = (flags & FCOMMENT) == 0 || at < 0 ? at : text(all, at);
        if (at < 0) {
            return NONE;
        }
        at += (flags & FHCRC) == 0 ? 0 : 2;
        return at < all.length ? at : NONE;
    }

    /** Where a text with a zero at its end ends. */
    private static int text(byte[] all, int from) {
        for (int i = from; i < all.length; i++) {
            if (all[i] == 0) {
                return i + 1;
            }
        }
        return NONE;
    }
}
