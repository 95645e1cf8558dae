package org.opensva.uacce.engine;

import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobStatus;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** Copy, also to two places, fill, and CRC-32C. */
final class DataMover {

    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final long CRC_MASK = 0xffff_ffffL;

    private final JobData data;
    private final ByteRanges second = new ByteRanges();
    private final CRC32C crc = new CRC32C();

    DataMover(JobData data) {
        this.data = data;
    }

    /** How many bytes are there and have room. */
    private long length() {
        return Math.min(data.sourceLength(), data.capacity());
    }

    void copy() {
        long length = length();
        long done = overlapsAhead(length) ? copyBackwards(length) : copyForwards(length, false);
        end(done, 0);
    }

    /** Tells whether the destination begins inside the source; of lists nothing is promised. */
    private boolean overlapsAhead(long length) {
        if (length == 0 || !data.source.isFlat() || !data.destination.isFlat()) {
            return false;
        }
        long distance = data.destination.address(0) - data.source.address(0);
        return distance != 0 && Long.compareUnsigned(distance, length) < 0;
    }

    private static boolean overlap(long a, long b, long length) {
        return Long.compareUnsigned(a - b, length) < 0 || Long.compareUnsigned(b - a, length) < 0;
    }

    private boolean flatOverlap(long length) {
        return length > 0
                && data.source.isFlat()
                && data.destination.isFlat()
                && overlap(data.source.address(0), data.destination.address(0), length);
    }

    private long copyForwards(long length, boolean checksum) {
        long done = 0;
        while (done < length && data.proceed()) {
            int chunk = (int) Math.min(JobData.CHUNK, length - done);
            int got = data.readAt(done, data.in, 0, chunk);
            // What was read before a hole is written before the hole is reported.
            int moved = got == 0 ? 0 : data.writeAt(done, data.in, 0, got);
            if (checksum) {
                crc.update(data.in, 0, moved);
            }
            done += moved;
            if (got != chunk) {
                data.fault(data.source);
            }
        }
        return done;
    }

    private long copyBackwards(long length) {
        long left = length;
        while (left > 0 && data.proceed()) {
            int chunk = (int) Math.min(JobData.CHUNK, left);
            long at = left - chunk;
            if (data.readAt(at, data.in, 0, chunk) != chunk) {
                data.fault(data.source);
                break;
            }
            int moved = data.writeAt(at, data.in, 0, chunk);
            if (moved != chunk) {
                return length - left + moved;
            }
            left = at;
        }
        return length - left;
    }

    void copyCrc32c(JobExecution job) {
        long length = length();
        crc.reset();
        long done = 0;
        if (badSeed(job) || flatOverlap(length)) {
            data.fail(JobStatus.BAD_DESCRIPTOR);
        } else {
            done = copyForwards(length, true);
        }
        end(done, Crc32cShift.combine(job.argument(), crc.getValue(), done));
    }

    void dualCast(JobExecution job) {
        long length = length();
        long other = job.argument();
        long done = 0;
        if (JobData.wraps(other, length)
                || flatOverlap(length)
                || data.source.isFlat()
                        && length > 0
                        && overlap(data.source.address(0), other, length)
                || data.destination.isFlat()
                        && length > 0
                        && overlap(data.destination.address(0), other, length)) {
            data.fail(JobStatus.BAD_DESCRIPTOR);
        } else {
            second.flat(other, length);
            done = cast(length);
        }
        end(done, 0);
    }

    private long cast(long length) {
        long done = 0;
        while (done < length && data.proceed()) {
            int chunk = (int) Math.min(JobData.CHUNK, length - done);
            int got = data.readAt(done, data.in, 0, chunk);
            // As far as the one destination could be written the other one is written, too.
            int one = got == 0 ? 0 : data.writeAt(done, data.in, 0, got);
            int both = one == 0 ? 0 : data.writeAt(second, done, data.in, 0, one);
            done += both;
            if (got != chunk) {
                data.fault(data.source);
            }
        }
        return done;
    }

    void fill(JobExecution job) {
        long length = length();
        boolean wide = data.parameters.present();
        int pattern = (int) Math.min(JobData.CHUNK, length) + 15 & ~15;
        for (int i = 0; i < pattern; i += 2 * Long.BYTES) {
            LONGS.set(data.out, i, job.argument());
            LONGS.set(data.out, i + Long.BYTES, wide ? data.parameters.value() : job.argument());
        }
        long done = 0;
        while (done < length && data.proceed()) {
            // A chunk is a multiple of the pattern, so each one begins with its first byte.
            int chunk = (int) Math.min(JobData.CHUNK, length - done);
            done += data.writeAt(done, data.out, 0, chunk);
        }
        end(done, 0);
    }

    void crc32c(JobExecution job) {
        crc.reset();
        if (badSeed(job)) {
            data.fail(JobStatus.BAD_DESCRIPTOR);
        }
        while (data.fill()) {
            crc.update(data.in, 0, data.inLimit);
            data.inPosition = data.inLimit;
        }
        long done = data.taken();
        data.complete(done, Crc32cShift.combine(job.argument(), crc.getValue(), done));
    }

    private static boolean badSeed(JobExecution job) {
        return (job.argument() & ~CRC_MASK) != 0;
    }

    private void end(long done, long value) {
        if (!data.failed() && data.capacity() < data.sourceLength()) {
            data.fail(JobStatus.DESTINATION_FULL);
        }
        data.moved(done);
        data.complete(done, value);
    }
}
