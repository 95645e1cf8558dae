package org.opensva.api.accelerator;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * The parameter block of a job: operands that have no room in its descriptor. It lies in the
 * process's memory, at any address, and the device reads it by DMA when it begins the job; nothing
 * of it is kept.
 *
 * <p>{@value #SIZE} bytes, little-endian:
 *
 * <pre>
 * offset  bits     field
 * 0x00    [31:0]   options
 *         [39:32]  session
 *         [63:40]  reserved, 0
 * 0x08    [63:0]   value
 * 0x10    [63:0]   key: address            0x18  key: length in bytes
 * 0x20    [63:0]   IV: address             0x28  IV: length in bytes
 * 0x30    [63:0]   associated: address     0x38  associated: length in bytes
 * 0x40    [63:0]   tag: address            0x48  tag: length in bytes
 * 0x50    [63:0]   dictionary: address     0x58  dictionary: length in bytes
 * 0x60             reserved, 0
 * </pre>
 *
 * <p>A reserved bit that is set, or an operand that runs over the end of the address space, is
 * {@link JobStatus#BAD_PARAMETERS}. An operand that the operation does not use is not looked at.
 *
 * <p><b>Streams.</b> A job with {@link #SESSION} is part of a stream that its queue keeps under the
 * number of the session: compression, decompression, digests and MACs. The first job has {@link
 * #BEGIN}, the last one {@link #END}, and the result of the jobs is that of one job over all their
 * sources. What a job could not consume (see {@link JobResult#consumed}) belongs into the next one.
 * A key, dictionary or level counts in the first job only.
 *
 * @param options bits of the constants below
 * @param session number of the stream, 0 to {@value #SESSIONS}-1
 * @param value what the operation or {@link Algorithm} says; otherwise 0
 * @param key the key
 * @param iv the initialisation vector, initial counter, or data unit number
 * @param associated the additional authenticated data of {@link Algorithm#AES_GCM}
 * @param tag where the tag of {@link Algorithm#AES_GCM} is read or written; without an address the
 *     tag follows the ciphertext, and the length is that of the tag, 0 for 16. For {@link
 *     Operation#VERIFY} the signature
 * @param dictionary the preset dictionary of compression and decompression
 */
public record JobParameters(
        int options,
        int session,
        long value,
        Operand key,
        Operand iv,
        Operand associated,
        Operand tag,
        Operand dictionary) {

    /** Size of the block in bytes. */
    public static final int SIZE = 128;

    /** How many streams a queue can keep. */
    public static final int SESSIONS = 256;

    /** Option: the job is part of a stream. */
    public static final int SESSION = 1;

    /** Option: the job is the first one of its stream. */
    public static final int BEGIN = 1 << 1;

    /** Option: the job is the last one of its stream. */
    public static final int END = 1 << 2;

    /**
     * Option: at the end of the source, compression writes everything it has, up to a byte boundary
     * ({@code Z_SYNC_FLUSH} of zlib).
     */
    public static final int SYNC_FLUSH = 1 << 3;

    /**
     * Option: as {@link #SYNC_FLUSH}, and what follows does not refer to what was before ({@code
     * Z_FULL_FLUSH} of zlib).
     */
    public static final int FULL_FLUSH = 1 << 4;

    /**
     * Option: after success, AES in CBC and CTR mode writes to the IV operand the IV with which the
     * next job continues. Only with a source of whole blocks.
     */
    public static final int NEXT_IV = 1 << 5;

    /** Option: an ECDSA signature is r and s, each of the size of the order, instead of DER. */
    public static final int PLAIN_SIGNATURE = 1 << 6;

    /** Every option that has a meaning. */
    public static final int OPTIONS = (1 << 7) - 1;

    /** Offset of the options and the session. */
    public static final int CONTROL = 0x00;

    /** Bit of the session in the control word. */
    public static final int SESSION_SHIFT = 32;

    /** Offset of the value. */
    public static final int VALUE = 0x08;

    /** Offset of the address of the key. */
    public static final int KEY = 0x10;

    /** Offset of the address of the IV. */
    public static final int IV = 0x20;

    /** Offset of the address of the associated data. */
    public static final int ASSOCIATED = 0x30;

    /** Offset of the address of the tag. */
    public static final int TAG = 0x40;

    /** Offset of the address of the dictionary. */
    public static final int DICTIONARY = 0x50;

    /** Offset of the reserved bytes. */
    public static final int RESERVED = 0x60;

    /** Nothing said: the start for the {@code with} methods. */
    public static final JobParameters EMPTY =
            new JobParameters(
                    0, 0, 0, Operand.NONE, Operand.NONE, Operand.NONE, Operand.NONE, Operand.NONE);

    /** Checks the number of the session. */
    public JobParameters {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(iv, "iv");
        Objects.requireNonNull(associated, "associated");
        Objects.requireNonNull(tag, "tag");
        Objects.requireNonNull(dictionary, "dictionary");
        if (session < 0 || session >= SESSIONS) {
            throw new IllegalArgumentException(
                    "session is " + session + ", allowed: 0.." + (SESSIONS - 1));
        }
    }

    /**
     * The same with more options.
     *
     * @param more bits of the constants
     * @return a changed copy
     */
    public JobParameters withOptions(int more) {
        return new JobParameters(
                options | more, session, value, key, iv, associated, tag, dictionary);
    }

    /**
     * The same as part of a stream.
     *
     * @param number 0 to {@value #SESSIONS}-1
     * @return a changed copy
     */
    public JobParameters withSession(int number) {
        return new JobParameters(
                options | SESSION, number, value, key, iv, associated, tag, dictionary);
    }

    /**
     * The same with a value.
     *
     * @param number what the operation or algorithm says
     * @return a changed copy
     */
    public JobParameters withValue(long number) {
        return new JobParameters(options, session, number, key, iv, associated, tag, dictionary);
    }

    /**
     * The same with a key.
     *
     * @param operand where it is
     * @return a changed copy
     */
    public JobParameters withKey(Operand operand) {
        return new JobParameters(options, session, value, operand, iv, associated, tag, dictionary);
    }

    /**
     * The same with an IV.
     *
     * @param operand where it is
     * @return a changed copy
     */
    public JobParameters withIv(Operand operand) {
        return new JobParameters(
                options, session, value, key, operand, associated, tag, dictionary);
    }

    /**
     * The same with additional authenticated data.
     *
     * @param operand where they are
     * @return a changed copy
     */
    public JobParameters withAssociated(Operand operand) {
        return new JobParameters(options, session, value, key, iv, operand, tag, dictionary);
    }

    /**
     * The same with a tag or signature of its own.
     *
     * @param operand where it is
     * @return a changed copy
     */
    public JobParameters withTag(Operand operand) {
        return new JobParameters(options, session, value, key, iv, associated, operand, dictionary);
    }

    /**
     * The same with a preset dictionary.
     *
     * @param operand where it is
     * @return a changed copy
     */
    public JobParameters withDictionary(Operand operand) {
        return new JobParameters(options, session, value, key, iv, associated, tag, operand);
    }

    /**
     * The bytes of the block.
     *
     * @return {@value #SIZE} bytes
     */
    public byte[] encode() {
        byte[] bytes = new byte[SIZE];
        ByteBuffer block = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        block.putLong(CONTROL, (long) session << SESSION_SHIFT | options & 0xffff_ffffL);
        block.putLong(VALUE, value);
        put(block, KEY, key);
        put(block, IV, iv);
        put(block, ASSOCIATED, associated);
        put(block, TAG, tag);
        put(block, DICTIONARY, dictionary);
        return bytes;
    }

    private static void put(ByteBuffer block, int offset, Operand operand) {
        block.putLong(offset, operand.address()).putLong(offset + Long.BYTES, operand.length());
    }
}
