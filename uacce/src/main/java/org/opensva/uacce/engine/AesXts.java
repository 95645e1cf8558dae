package org.opensva.uacce.engine;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;

import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/**
 * XTS-AES (IEEE 1619-2007 section 5) with ciphertext stealing, made of AES in ECB mode: the JDK has
 * no XTS of its own.
 */
final class AesXts {

    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int BLOCK = AesCipher.BLOCK;

    /** IEEE 1619 section 5.1: a data unit has 2^20 blocks at most. */
    private static final long LONGEST_UNIT = (1L << 20) * BLOCK;

    /** IEEE 1619 section 5.2: x^128 + x^7 + x^2 + x + 1. */
    private static final long FEEDBACK = 0x87;

    private static final int LONGEST_KEYS = 64;

    private final JobData data;
    private @Nullable Cipher dataCipher;
    private @Nullable Cipher tweakCipher;
    private final byte[] unit = new byte[BLOCK];
    private final byte[] first = new byte[BLOCK];
    private final byte[] tail = new byte[2 * BLOCK];

    /** The tweak of the next block. */
    private long low;

    private long high;

    AesXts(JobData data) {
        this.data = data;
    }

    void run(JobExecution job) throws GeneralSecurityException {
        long length = data.sourceLength();
        long size = data.parameters.value() == 0 ? length : data.parameters.value();
        if (data.parameters.value() != 0 && size < BLOCK || size < 0 || size > LONGEST_UNIT) {
            data.badParameters();
        } else if (length < BLOCK || length % size != 0 && length % size < BLOCK) {
            data.fail(JobStatus.BAD_DATA);
        } else if (data.capacity() < length) {
            data.fail(JobStatus.DESTINATION_FULL);
        } else if (init(job.operation() == Operation.ENCRYPT)) {
            long at = 0;
            while (at < length && !data.failed()) {
                long here = Math.min(size, length - at);
                pass(at, here, job.operation() == Operation.ENCRYPT);
                at += here;
                increment(unit);
            }
        }
        data.complete(data.written(), 0);
    }

    private boolean init(boolean encrypt) throws GeneralSecurityException {
        int keys = (int) Math.min(data.parameters.length(JobParameters.KEY), 99);
        if (keys != LONGEST_KEYS / 2 && keys != LONGEST_KEYS
                || data.parameters.length(JobParameters.IV) != BLOCK) {
            return data.badParameters();
        }
        byte[] bytes = data.parameters.load(JobParameters.KEY, LONGEST_KEYS);
        if (bytes == null) {
            return false;
        }
        int half = keys / 2;
        SecretKeySpec one = new SecretKeySpec(bytes, 0, half, "AES");
        SecretKeySpec two = new SecretKeySpec(bytes, half, half, "AES");
        byte[] number = data.parameters.load(JobParameters.IV, BLOCK);
        if (number == null) {
            return false;
        }
        System.arraycopy(number, 0, unit, 0, BLOCK);
        Cipher text = dataCipher == null ? Cipher.getInstance("AES/ECB/NoPadding") : dataCipher;
        Cipher tweak = tweakCipher == null ? Cipher.getInstance("AES/ECB/NoPadding") : tweakCipher;
        dataCipher = text;
        tweakCipher = tweak;
        text.init(encrypt ? Cipher.ENCRYPT_MODE : Cipher.DECRYPT_MODE, one);
        tweak.init(Cipher.ENCRYPT_MODE, two);
        return true;
    }

    private static Cipher made(@Nullable Cipher cipher) {
        if (cipher == null) {
            throw new IllegalStateException("not initialised");
        }
        return cipher;
    }

    /** One data unit. */
    private void pass(long at, long length, boolean encrypt) throws GeneralSecurityException {
        made(tweakCipher).update(unit, 0, BLOCK, first, 0);
        low = (long) LONGS.get(first, 0);
        high = (long) LONGS.get(first, Long.BYTES);
        int rest = (int) (length % BLOCK);
        // Where the last block is incomplete, it and the one before it are done together.
        long whole = rest == 0 ? length : length - rest - BLOCK;
        long done = 0;
        while (done < whole && data.proceed()) {
            int chunk = (int) Math.min(JobData.CHUNK, whole - done);
            int got = data.readAt(at + done, data.in, 0, chunk);
            int complete = got - got % BLOCK;
            if (complete > 0) {
                blocks(data.in, data.out, complete);
                data.moved(data.writeAt(at + done, data.out, 0, complete));
            }
            if (got != chunk) {
                data.fault(data.source);
            }
            done += complete;
        }
        if (rest != 0 && data.proceed()) {
            int count = BLOCK + rest;
            if (data.readAt(at + whole, tail, 0, count) == count) {
                steal(rest, encrypt);
                data.moved(data.writeAt(at + whole, tail, 0, count));
            } else {
                data.fault(data.source);
            }
        }
    }

    /**
     * Whole blocks: XOR, AES, XOR, each with its tweak (IEEE 1619 section 5.3.1). Both buffers are
     * used on the way: the library would make one of its own to work in place.
     */
    private void blocks(byte[] from, byte[] to, int length) throws GeneralSecurityException {
        long startLow = low;
        long startHigh = high;
        mask(from, to, length);
        made(dataCipher).update(to, 0, length, from, 0);
        low = startLow;
        high = startHigh;
        mask(from, to, length);
    }

    private void mask(byte[] from, byte[] to, int length) {
        long tweakLow = low;
        long tweakHigh = high;
        for (int i = 0; i < length; i += BLOCK) {
            LONGS.set(to, i, (long) LONGS.get(from, i) ^ tweakLow);
            LONGS.set(to, i + Long.BYTES, (long) LONGS.get(from, i + Long.BYTES) ^ tweakHigh);
            long carry = tweakHigh >> 63 & FEEDBACK;
            tweakHigh = tweakHigh << 1 | tweakLow >>> 63;
            tweakLow = tweakLow << 1 ^ carry;
        }
        low = tweakLow;
        high = tweakHigh;
    }

    /**
     * The last two blocks, of which the second has {@code rest} bytes (IEEE 1619 sections 5.3.2 and
     * 5.4.2). Decryption uses the two tweaks in the other order.
     */
    private void steal(int rest, boolean encrypt) throws GeneralSecurityException {
        long beforeLow = low;
        long beforeHigh = high;
        if (!encrypt) {
            long carry = high >> 63 & FEEDBACK;
            high = high << 1 | low >>> 63;
            low = low << 1 ^ carry;
        }
        blocks(tail, first, BLOCK);
        // What stays of the first result is the incomplete block; its end completes the second.
        for (int i = 0; i < rest; i++) {
            byte stolen = tail[BLOCK + i];
            tail[BLOCK + i] = first[i];
            first[i] = stolen;
        }
        if (!encrypt) {
            low = beforeLow;
            high = beforeHigh;
        }
        blocks(first, tail, BLOCK);
    }

    /** The number of the next data unit, little-endian. */
    private static void increment(byte[] number) {
        for (int i = 0; i < number.length; i++) {
            number[i]++;
            if (number[i] != 0) {
                return;
            }
        }
    }
}
