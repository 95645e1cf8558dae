package org.opensva.uacce.engine;

import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.JobParameters;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** The parameter block of the job under way; all zero if it has none. */
final class Parameters {

    /** The longest key, IV or signature: a PKCS #8 key of RSA with 8192 bits has less. */
    static final int LONGEST_OPERAND = 1 << 13;

    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final long CONTROL_MASK =
            (long) (JobParameters.SESSIONS - 1) << JobParameters.SESSION_SHIFT
                    | JobParameters.OPTIONS;

    private static final int STREAM_OPTIONS =
            JobParameters.BEGIN
                    | JobParameters.END
                    | JobParameters.SYNC_FLUSH
                    | JobParameters.FULL_FLUSH;

    private final JobData data;
    private final byte[] block = new byte[JobParameters.SIZE];
    private final byte[] operand = new byte[LONGEST_OPERAND];
    private boolean present;

    /** Bytes of {@link #operand} that may hold a secret. */
    private int used;

    Parameters(JobData data) {
        this.data = data;
    }

    /**
     * Reads the block.
     *
     * @return false if there is a failure in the data
     */
    boolean begin(JobExecution job) {
        boolean has = (job.flags() & JobFlags.PARAMETERS) != 0;
        if (!has) {
            if (present) {
                Arrays.fill(block, (byte) 0);
                present = false;
            }
            return true;
        }
        present = true;
        if (JobData.wraps(job.parameters(), JobParameters.SIZE)) {
            return data.badParameters();
        }
        if (!data.load(job, job.parameters(), block, JobParameters.SIZE)) {
            return false;
        }
        boolean good = (get(JobParameters.CONTROL) & ~CONTROL_MASK) == 0;
        for (int at = JobParameters.RESERVED; at < JobParameters.SIZE; at += Long.BYTES) {
            good &= get(at) == 0;
        }
        for (int at = JobParameters.KEY; at < JobParameters.RESERVED; at += 2 * Long.BYTES) {
            good &= !JobData.wraps(address(at), length(at));
        }
        good &= has(JobParameters.SESSION) || !has(STREAM_OPTIONS);
        return good || data.badParameters();
    }

    private long get(int offset) {
        return (long) LONGS.get(block, offset);
    }

    /** Tells whether one of some options is set. */
    boolean has(int options) {
        return (get(JobParameters.CONTROL) & options) != 0;
    }

    boolean present() {
        return present;
    }

    int session() {
        return (int) (get(JobParameters.CONTROL) >>> JobParameters.SESSION_SHIFT);
    }

    long value() {
        return get(JobParameters.VALUE);
    }

    /** The address of an operand, by the offset of its field. */
    long address(int field) {
        return get(field);
    }

    /** The length of an operand, by the offset of its field. */
    long length(int field) {
        return get(field + Long.BYTES);
    }

    /**
     * Reads an operand into memory that the next call overwrites.
     *
     * @param field the offset of its field
     * @param longest more bytes than that are not what the operation needs
     * @return null if there is a failure in the data
     */
    byte @org.jspecify.annotations.Nullable [] load(int field, int longest) {
        long length = length(field);
        if (length > Math.min(longest, LONGEST_OPERAND)) {
            data.badParameters();
            return null;
        }
        used = Math.max(used, (int) length);
        return data.load(data.job(), address(field), operand, (int) length) ? operand : null;
    }

    /** Forgets what was read of keys. */
    void clear() {
        Arrays.fill(operand, 0, used, (byte) 0);
        used = 0;
    }
}
