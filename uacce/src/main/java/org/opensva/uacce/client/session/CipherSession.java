package org.opensva.uacce.client.session;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Operation;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ContextPool;

import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

/**
 * Encrypts and decrypts messages with one key. Authenticated ciphers put the tag behind the
 * ciphertext, and release nothing of a message whose tag is wrong.
 *
 * <p>This class does as it is told: who encrypts two messages under one key and the same IV with
 * {@link Algorithm#AES_GCM} or {@link Algorithm#AES_CTR} gives both away. The adapter for the JDK
 * refuses that.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class CipherSession implements AutoCloseable {

    /** A tag, a block of padding, or an RSA key of 8192 bits. */
    private static final int MORE = 1024;

    private static final long LIMIT = Integer.MAX_VALUE;

    private final Messages messages;
    private final Recipe encrypt;
    private final Recipe decrypt;

    /**
     * Makes a session for a cipher with one key for both directions.
     *
     * @param pool who does the work
     * @param algorithm a cipher
     * @param key the key; copied, and overwritten when the session is closed
     */
    public CipherSession(ContextPool pool, Algorithm algorithm, byte[] key) {
        this(pool, algorithm, key, key);
    }

    /**
     * Makes a session for a cipher with a pair of keys.
     *
     * @param pool who does the work
     * @param algorithm a cipher
     * @param encryptionKey for RSA the public key, X.509 SubjectPublicKeyInfo in DER
     * @param decryptionKey for RSA the private key, PKCS #8 in DER
     */
    public CipherSession(
            ContextPool pool, Algorithm algorithm, byte[] encryptionKey, byte[] decryptionKey) {
        if (!algorithm.operations().contains(Operation.ENCRYPT)) {
            throw new IllegalArgumentException(algorithm.id() + " is no cipher");
        }
        messages = new Messages(pool);
        encrypt = Recipe.of(Operation.ENCRYPT, algorithm).withKey(encryptionKey.clone());
        decrypt = Recipe.of(Operation.DECRYPT, algorithm).withKey(decryptionKey.clone());
    }

    /**
     * Encrypts.
     *
     * @param how its parameters
     * @param bytes the message
     * @return the ciphertext, with the tag behind it
     * @throws ClientException if it cannot be done
     */
    public byte[] encrypt(CipherParameters how, byte[] bytes) {
        return encrypt(how, bytes, 0, bytes.length);
    }

    /**
     * Encrypts a part of an array.
     *
     * @param how its parameters
     * @param bytes where the message is
     * @param offset first index
     * @param length number of bytes
     * @return the ciphertext, with the tag behind it
     * @throws ClientException if it cannot be done
     */
    public byte[] encrypt(CipherParameters how, byte[] bytes, int offset, int length) {
        return messages.run(
                how.complete(encrypt), bytes, offset, length, (long) length + MORE, LIMIT);
    }

    /**
     * Encrypts without waiting.
     *
     * @param how its parameters
     * @param bytes the message; not looked at again after the call
     * @return the ciphertext
     */
    public CompletableFuture<byte[]> encryptAsync(CipherParameters how, byte[] bytes) {
        return messages.submit(
                how.complete(encrypt), bytes, 0, bytes.length, (long) bytes.length + MORE, LIMIT);
    }

    /**
     * Decrypts.
     *
     * @param how its parameters
     * @param bytes the ciphertext, with the tag behind it
     * @return the message
     * @throws ClientException {@link ClientException.Reason#AUTHENTICATION_FAILED}, {@link
     *     ClientException.Reason#BAD_DATA}, or if it cannot be done
     */
    public byte[] decrypt(CipherParameters how, byte[] bytes) {
        return decrypt(how, bytes, 0, bytes.length);
    }

    /**
     * Decrypts a part of an array.
     *
     * @param how its parameters
     * @param bytes where the ciphertext is
     * @param offset first index
     * @param length number of bytes
     * @return the message
     * @throws ClientException as {@link #decrypt(CipherParameters, byte[])}
     */
    public byte[] decrypt(CipherParameters how, byte[] bytes, int offset, int length) {
        return messages.run(
                how.complete(decrypt), bytes, offset, length, (long) length + MORE, LIMIT);
    }

    /**
     * Decrypts without waiting.
     *
     * @param how its parameters
     * @param bytes the ciphertext; not looked at again after the call
     * @return the message; exceptionally as {@link #decrypt(CipherParameters, byte[])}
     */
    public CompletableFuture<byte[]> decryptAsync(CipherParameters how, byte[] bytes) {
        return messages.submit(
                how.complete(decrypt), bytes, 0, bytes.length, (long) bytes.length + MORE, LIMIT);
    }

    /** Overwrites the keys. */
    @Override
    public void close() {
        Arrays.fill(encrypt.key(), (byte) 0);
        Arrays.fill(decrypt.key(), (byte) 0);
    }
}
