package org.opensva.uacce.client.session;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Operation;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ContextPool;

import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

/**
 * Digests, and MACs, which are digests with a key (HMAC, RFC 2104).
 *
 * <p><b>Threading.</b> Any thread may call; a {@link DigestStream} belongs to one at a time.
 */
public final class DigestSession implements AutoCloseable {

    /** SHA-512. */
    private static final int LONGEST = 64;

    private final Messages messages;
    private final Recipe recipe;

    /**
     * Makes a session for digests.
     *
     * @param pool who does the work
     * @param algorithm a digest
     */
    public DigestSession(ContextPool pool, Algorithm algorithm) {
        this(pool, checked(Operation.DIGEST, algorithm));
    }

    /**
     * Makes a session for MACs.
     *
     * @param pool who does the work
     * @param algorithm the digest below the MAC
     * @param key the key; copied, and overwritten when the session is closed
     */
    public DigestSession(ContextPool pool, Algorithm algorithm, byte[] key) {
        this(pool, checked(Operation.MAC, algorithm).withKey(key.clone()));
    }

    private DigestSession(ContextPool pool, Recipe recipe) {
        messages = new Messages(pool);
        this.recipe = recipe;
    }

    private static Recipe checked(Operation operation, Algorithm algorithm) {
        if (!algorithm.operations().contains(operation)) {
            throw new IllegalArgumentException(algorithm.id() + " is no digest");
        }
        return Recipe.of(operation, algorithm);
    }

    /**
     * The digest or MAC of a message.
     *
     * @param bytes the message
     * @return as many bytes as the algorithm makes
     * @throws ClientException if it cannot be done
     */
    public byte[] digest(byte[] bytes) {
        return digest(bytes, 0, bytes.length);
    }

    /**
     * The digest or MAC of a part of an array.
     *
     * @param bytes where the message is
     * @param offset first index
     * @param length number of bytes
     * @return as many bytes as the algorithm makes
     * @throws ClientException if it cannot be done
     */
    public byte[] digest(byte[] bytes, int offset, int length) {
        return messages.run(recipe, bytes, offset, length, LONGEST, LONGEST);
    }

    /**
     * The same without waiting.
     *
     * @param bytes the message; not looked at again after the call
     * @return the digest or MAC
     */
    public CompletableFuture<byte[]> digestAsync(byte[] bytes) {
        return messages.submit(recipe, bytes, 0, bytes.length, LONGEST, LONGEST);
    }

    /**
     * Begins a digest or MAC of a message that comes in pieces, of any length.
     *
     * @return the stream; close it
     * @throws ClientException if no device can keep it
     */
    public DigestStream begin() {
        return new DigestStream(messages.pool(), recipe);
    }

    /** Overwrites the key. */
    @Override
    public void close() {
        Arrays.fill(recipe.key(), (byte) 0);
    }
}
