package org.opensva.uacce.engine;

import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobStatus;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Comparison with other bytes or a pattern, and what makes the one of the other. */
final class Comparer {

    /** Results: the value of the completion. */
    static final int EQUAL = 0;

    static final int DIFFERENT = 1;
    static final int DELTA_TOO_LONG = 2;

    /** A delta record entry: 16 bits of offset, in units of a word, and a word. */
    static final int DELTA_ENTRY = 10;

    static final int WORD = 8;

    /** What 16 bits of offset reach. */
    static final long LONGEST_DELTA = (1L << 16) * WORD;

    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final JobData data;
    private final ByteRanges second = new ByteRanges();

    Comparer(JobData data) {
        this.data = data;
    }

    void compare(JobExecution job) {
        long length = data.sourceLength();
        if (JobData.wraps(job.argument(), length)) {
            data.fail(JobStatus.BAD_DESCRIPTOR);
        }
        second.flat(job.argument(), length);
        long equal = 0;
        boolean same = true;
        while (same && equal < length && data.proceed()) {
            int chunk = (int) Math.min(JobData.CHUNK, length - equal);
            int one = data.source.transfer(job, false, equal, data.in, 0, chunk);
            int both = second.transfer(job, false, equal, data.out, 0, chunk);
            int compared = Math.min(one, both);
            int difference = mismatch(compared);
            same = difference < 0;
            equal += same ? compared : difference;
            if (same && compared < chunk) {
                // A hole behind the first difference is of no interest.
                data.fault(one <= both ? data.source : second);
            }
        }
        data.complete(equal, same ? EQUAL : DIFFERENT);
    }

    private int mismatch(int count) {
        return Arrays.mismatch(data.in, 0, count, data.out, 0, count);
    }

    void comparePattern(JobExecution job) {
        int pattern = (int) Math.min(JobData.CHUNK, data.sourceLength()) + 7 & ~7;
        for (int i = 0; i < pattern; i += WORD) {
            LONGS.set(data.out, i, job.argument());
        }
        long equal = 0;
        boolean same = true;
        long length = data.sourceLength();
        while (same && equal < length && data.proceed()) {
            // The pattern begins again with each chunk, so that a short one is the last one.
            int chunk = (int) Math.min(JobData.CHUNK, length - equal);
            int got = data.source.transfer(job, false, equal, data.in, 0, chunk);
            int difference = mismatch(got);
            same = difference < 0;
            equal += same ? got : difference;
            if (same && got < chunk) {
                data.fault(data.source);
            }
        }
        data.complete(equal, same ? EQUAL : DIFFERENT);
    }

    void createDelta(JobExecution job) {
        long length = data.sourceLength();
        if (length % WORD != 0
                || length > LONGEST_DELTA
                || (job.source() | job.argument()) % WORD != 0
                || JobData.wraps(job.argument(), length)) {
            data.fail(JobStatus.BAD_DESCRIPTOR);
        }
        second.flat(job.argument(), length);
        long done = 0;
        boolean fits = true;
        boolean same = true;
        while (fits && done < length && data.proceed()) {
            // The record goes out through the buffer that the second source comes in by: it is
            // longer by a quarter at most, so that a quarter of a chunk leaves room for all.
            int chunk = (int) Math.min(JobData.CHUNK / 4, length - done);
            int one = data.source.transfer(job, false, done, data.in, 0, chunk);
            int both = second.transfer(job, false, done, data.in, JobData.CHUNK / 2, chunk);
            int words = Math.min(one, both) / WORD;
            for (int i = 0; i < words && fits; i++) {
                long wanted = (long) LONGS.get(data.in, JobData.CHUNK / 2 + i * WORD);
                if ((long) LONGS.get(data.in, i * WORD) != wanted) {
                    same = false;
                    fits = put((done / WORD) + i, wanted);
                }
                done += fits ? 0 : (long) i * WORD;
            }
            if (fits) {
                done += (long) words * WORD;
                if (words * WORD < chunk) {
                    data.fault(one <= both ? data.source : second);
                }
            }
        }
        boolean written = data.failed() || data.flush();
        int result = !fits && written ? DELTA_TOO_LONG : same ? EQUAL : DIFFERENT;
        data.complete(done, result);
    }

    /** Puts an entry into the record; false if there is no room, or on failure. */
    private boolean put(long offset, long word) {
        if (data.capacity() - data.written() - data.outCount < DELTA_ENTRY) {
            return false;
        }
        if (data.room() < DELTA_ENTRY && !data.flush()) {
            return false;
        }
        data.out[data.outCount] = (byte) offset;
        data.out[data.outCount + 1] = (byte) (offset >>> Byte.SIZE);
        LONGS.set(data.out, data.outCount + 2, word);
        data.outCount += DELTA_ENTRY;
        return true;
    }

    void applyDelta(JobExecution job) {
        long record = data.sourceLength();
        long capacity = data.capacity();
        if (record % DELTA_ENTRY != 0
                || capacity % WORD != 0
                || capacity > LONGEST_DELTA
                || job.destination() % WORD != 0) {
            data.fail(JobStatus.BAD_DESCRIPTOR);
        }
        long done = 0;
        long last = -1;
        long words = 0;
        while (done < record && data.proceed()) {
            int chunk = (int) Math.min(JobData.CHUNK / DELTA_ENTRY * DELTA_ENTRY, record - done);
            int got = data.readAt(done, data.in, 0, chunk);
            int at = 0;
            boolean good = true;
            while (good && at + DELTA_ENTRY <= got) {
                long offset = (data.in[at] & 0xff) | (data.in[at + 1] & 0xff) << Byte.SIZE;
                if (offset <= last || offset * WORD >= capacity) {
                    data.fail(JobStatus.BAD_DATA);
                    good = false;
                } else {
                    int moved = data.writeAt(offset * WORD, data.in, at + 2, WORD);
                    good = moved == WORD;
                    words += good ? 1 : 0;
                    at += good ? DELTA_ENTRY : 0;
                    last = offset;
                }
            }
            done += at;
            if (good && got != chunk) {
                data.fault(data.source);
            }
        }
        data.moved(words * WORD);
        data.complete(done, 0);
    }
}
