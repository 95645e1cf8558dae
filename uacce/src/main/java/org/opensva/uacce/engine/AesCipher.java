package org.opensva.uacce.engine;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.security.GeneralSecurityException;
import java.util.EnumMap;
import java.util.Map;

import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** AES in the modes ECB, CBC and CTR (NIST SP 800-38A). */
final class AesCipher {

    static final int BLOCK = 16;

    private static final int LONGEST_KEY = 32;

    private final JobData data;
    private final Map<Algorithm, Cipher> ciphers = new EnumMap<>(Algorithm.class);

    /** The last block of ciphertext: with CBC the next IV. */
    private final byte[] chain = new byte[BLOCK];

    AesCipher(JobData data) {
        this.data = data;
    }

    void run(JobExecution job) throws GeneralSecurityException {
        Algorithm mode = job.algorithm();
        boolean blocks = mode != Algorithm.AES_CTR;
        boolean nextIv = data.parameters.has(JobParameters.NEXT_IV);
        long length = data.sourceLength();
        if (nextIv && (mode == Algorithm.AES_ECB || length % BLOCK != 0)) {
            data.badParameters();
        } else if (blocks && length % BLOCK != 0) {
            data.fail(JobStatus.BAD_DATA);
        } else if (data.capacity() < length) {
            data.fail(JobStatus.DESTINATION_FULL);
        } else {
            Cipher cipher = cipher(mode);
            boolean encrypt = job.operation() == Operation.ENCRYPT;
            if (init(cipher, mode, encrypt)) {
                pass(cipher, encrypt, blocks ? BLOCK : 1);
                if (nextIv && !data.failed()) {
                    advance(mode, length);
                    data.store(data.parameters.address(JobParameters.IV), chain, BLOCK);
                }
            }
        }
        data.complete(data.written(), 0);
    }

    private Cipher cipher(Algorithm mode) throws GeneralSecurityException {
        Cipher cipher = ciphers.get(mode);
        if (cipher == null) {
            String name =
                    switch (mode) {
                        case AES_ECB -> "AES/ECB/NoPadding";
                        case AES_CBC -> "AES/CBC/NoPadding";
                        default -> "AES/CTR/NoPadding";
                    };
            cipher = Cipher.getInstance(name);
            ciphers.put(mode, cipher);
        }
        return cipher;
    }

    /**
     * Reads an AES key: 16, 24 or 32 bytes.
     *
     * @return null if there is a failure in the data
     */
    static @org.jspecify.annotations.Nullable SecretKeySpec key(JobData data) {
        long length = data.parameters.length(JobParameters.KEY);
        if (length != 16 && length != 24 && length != LONGEST_KEY) {
            data.badParameters();
            return null;
        }
        byte[] bytes = data.parameters.load(JobParameters.KEY, LONGEST_KEY);
        return bytes == null ? null : new SecretKeySpec(bytes, 0, (int) length, "AES");
    }

    private boolean init(Cipher cipher, Algorithm mode, boolean encrypt)
            throws GeneralSecurityException {
        SecretKeySpec key = key(data);
        if (key == null) {
            return false;
        }
        int direction = encrypt ? Cipher.ENCRYPT_MODE : Cipher.DECRYPT_MODE;
        if (mode == Algorithm.AES_ECB) {
            cipher.init(direction, key);
            return true;
        }
        if (data.parameters.length(JobParameters.IV) != BLOCK) {
            return data.badParameters();
        }
        byte[] iv = data.parameters.load(JobParameters.IV, BLOCK);
        if (iv == null) {
            return false;
        }
        System.arraycopy(iv, 0, chain, 0, BLOCK);
        cipher.init(direction, key, new IvParameterSpec(iv, 0, BLOCK));
        return true;
    }

    /** Source to destination, chunk by chunk, in whole units. */
    private void pass(Cipher cipher, boolean encrypt, int unit) throws GeneralSecurityException {
        long length = data.sourceLength();
        long done = 0;
        while (done < length && data.proceed()) {
            int chunk = (int) Math.min(JobData.CHUNK, length - done);
            int got = data.readAt(done, data.in, 0, chunk);
            int whole = got - got % unit;
            if (whole > 0) {
                cipher.update(data.in, 0, whole, data.out, 0);
                if (unit == BLOCK) {
                    byte[] text = encrypt ? data.out : data.in;
                    System.arraycopy(text, whole - BLOCK, chain, 0, BLOCK);
                }
                data.moved(data.writeAt(done, data.out, 0, whole));
            }
            if (got != chunk) {
                data.fault(data.source);
            }
            done += whole;
        }
    }

    /** Makes the IV of what follows; with CTR the counter is a big-endian number of 128 bits. */
    private void advance(Algorithm mode, long length) {
        if (mode == Algorithm.AES_CBC) {
            return;
        }
        long carry = length / BLOCK;
        for (int i = BLOCK - 1; i >= 0 && carry != 0; i--) {
            carry += chain[i] & 0xff;
            chain[i] = (byte) carry;
            carry >>>= Byte.SIZE;
        }
    }
}
