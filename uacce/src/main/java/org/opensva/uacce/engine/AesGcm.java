package org.opensva.uacce.engine;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.util.Arrays;

import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * AES in Galois/Counter Mode (NIST SP 800-38D).
 *
 * <p>Decryption collects the ciphertext inside the device and releases plaintext only when the tag
 * was found good, as section 7.2 demands; that bounds the size of one job.
 */
final class AesGcm {

    /** The most ciphertext of one decryption. */
    static final int LONGEST_DECRYPTION = 1 << 24;

    private static final int DEFAULT_TAG = 16;

    /** SP 800-38D section 5.2.1.2: 96 bits at least where tags are not a special case. */
    private static final int SHORTEST_TAG = 12;

    private static final int LONGEST_IV = 1 << 10;

    /** SP 800-38D section 5.2.1.1: 2^39 - 256 bits of plaintext. */
    private static final long LONGEST = (1L << 36) - 32;

    private final JobData data;
    private @Nullable Cipher cipher;

    /** Grows to the longest decryption so far. */
    private byte[] collected = new byte[0];

    AesGcm(JobData data) {
        this.data = data;
    }

    void run(JobExecution job) throws GeneralSecurityException {
        long tagLength = data.parameters.length(JobParameters.TAG);
        boolean separate = data.parameters.address(JobParameters.TAG) != 0;
        int tag = tagLength == 0 && !separate ? DEFAULT_TAG : (int) Math.min(tagLength, 99);
        long ivLength = data.parameters.length(JobParameters.IV);
        if (tag < SHORTEST_TAG || tag > DEFAULT_TAG || ivLength < 1 || ivLength > LONGEST_IV) {
            data.badParameters();
        } else if (job.operation() == Operation.ENCRYPT) {
            encrypt(tag, separate);
        } else {
            decrypt(tag, separate);
        }
        data.complete(data.failed() ? data.written() : data.sourceLength(), 0);
    }

    private void encrypt(int tag, boolean separate) throws GeneralSecurityException {
        long length = data.sourceLength();
        if (length > LONGEST) {
            data.fail(JobStatus.BAD_DATA);
            return;
        }
        if (data.capacity() < length + (separate ? 0 : tag)) {
            data.fail(JobStatus.DESTINATION_FULL);
            return;
        }
        Cipher gcm = begin(Cipher.ENCRYPT_MODE, tag);
        if (gcm == null) {
            return;
        }
        long written = 0;
        int made = -1;
        while (data.fill()) {
            data.inPosition = data.inLimit;
            if (data.more()) {
                int ready = gcm.update(data.in, 0, data.inLimit, data.out, 0);
                int moved = data.writeAt(written, data.out, 0, ready);
                data.moved(moved);
                written += moved;
            } else {
                // The last chunk, mostly the only one, with its tag in one call.
                made = gcm.doFinal(data.in, 0, data.inLimit, data.out, 0);
            }
        }
        if (data.failed()) {
            return;
        }
        made = made < 0 ? gcm.doFinal(data.out, 0) : made;
        int text = separate ? made - tag : made;
        data.moved(data.writeAt(written, data.out, 0, text));
        if (separate && !data.failed()) {
            System.arraycopy(data.out, text, data.out, 0, tag);
            data.store(data.parameters.address(JobParameters.TAG), data.out, tag);
        }
    }

    private void decrypt(int tag, boolean separate) throws GeneralSecurityException {
        long all = data.sourceLength() + (separate ? tag : 0);
        long text = all - tag;
        if (text < 0 || all < 0) {
            data.fail(JobStatus.BAD_DATA);
        } else if (text > LONGEST_DECRYPTION) {
            data.fail(JobStatus.UNSUPPORTED);
        } else if (data.capacity() < text) {
            data.fail(JobStatus.DESTINATION_FULL);
        }
        if (data.failed()) {
            return;
        }
        Cipher gcm = begin(Cipher.DECRYPT_MODE, tag);
        if (gcm == null || !collect((int) all, separate ? tag : 0)) {
            return;
        }
        try {
            gcm.doFinal(collected, 0, (int) all, collected, 0);
        } catch (AEADBadTagException e) {
            data.fail(JobStatus.AUTHENTICATION_FAILED);
            return;
        }
        release((int) text);
    }

    private boolean collect(int all, int separateTag) {
        if (collected.length < all + JobData.SPARE) {
            collected = new byte[Math.max(all + JobData.SPARE, JobData.CHUNK)];
        }
        int got = 0;
        while (data.fill()) {
            System.arraycopy(data.in, 0, collected, got, data.inLimit);
            got += data.inLimit;
            data.inPosition = data.inLimit;
        }
        if (data.failed()) {
            return false;
        }
        byte[] tag = separateTag == 0 ? null : data.parameters.load(JobParameters.TAG, separateTag);
        if (tag != null) {
            System.arraycopy(tag, 0, collected, got, separateTag);
        }
        return !data.failed();
    }

    private void release(int text) {
        int done = 0;
        while (done < text && data.proceed()) {
            int moved = data.writeAt(done, collected, done, Math.min(JobData.CHUNK, text - done));
            data.moved(moved);
            done += moved;
        }
        Arrays.fill(collected, 0, text, (byte) 0);
    }

    private @Nullable Cipher begin(int direction, int tag) throws GeneralSecurityException {
        SecretKeySpec key = AesCipher.key(data);
        if (key == null) {
            return null;
        }
        byte[] iv = data.parameters.load(JobParameters.IV, LONGEST_IV);
        if (iv == null) {
            return null;
        }
        int ivLength = (int) data.parameters.length(JobParameters.IV);
        Cipher gcm = cipher;
        if (gcm == null) {
            gcm = Cipher.getInstance("AES/GCM/NoPadding");
            cipher = gcm;
        }
        GCMParameterSpec spec = new GCMParameterSpec(tag * Byte.SIZE, iv, 0, ivLength);
        try {
            gcm.init(direction, key, spec);
        } catch (InvalidAlgorithmParameterException e) {
            // The library refuses the same key and IV twice in a row. Whether that is wise is for
            // the program to know; a device has no memory of earlier jobs.
            gcm = Cipher.getInstance("AES/GCM/NoPadding");
            cipher = gcm;
            gcm.init(direction, key, spec);
        }
        return associate(gcm) ? gcm : null;
    }

    /** Takes the additional authenticated data in. */
    private boolean associate(Cipher gcm) {
        long address = data.parameters.address(JobParameters.ASSOCIATED);
        long length = data.parameters.length(JobParameters.ASSOCIATED);
        for (long done = 0; done < length; done += JobData.CHUNK) {
            int chunk = (int) Math.min(JobData.CHUNK, length - done);
            if (!data.load(data.job(), address + done, data.in, chunk)) {
                return false;
            }
            gcm.updateAAD(data.in, 0, chunk);
        }
        return true;
    }
}
