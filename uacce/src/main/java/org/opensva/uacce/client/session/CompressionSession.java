package org.opensva.uacce.client.session;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ContextPool;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * Compresses and decompresses messages that are in memory as a whole.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class CompressionSession {

    private final Messages messages;
    private final CompressionFormat format;
    private final Recipe compress;
    private final Recipe decompress;

    /**
     * Makes a session with the device's own level and no dictionary.
     *
     * @param pool who does the work
     * @param format what compressed data look like
     */
    public CompressionSession(ContextPool pool, CompressionFormat format) {
        this(pool, format, 0, new byte[0]);
    }

    /**
     * Makes a session.
     *
     * @param pool who does the work
     * @param format what compressed data look like
     * @param level 1 (fast) to 9 (small), 0 for the device's own choice
     * @param dictionary the preset dictionary; empty for none. gzip cannot have one
     */
    public CompressionSession(
            ContextPool pool, CompressionFormat format, int level, byte[] dictionary) {
        if (level < 0 || level > 9) {
            throw new IllegalArgumentException("level is " + level + ", allowed: 0..9");
        }
        if (format == CompressionFormat.GZIP && dictionary.length > 0) {
            throw new IllegalArgumentException("gzip has no preset dictionary (RFC 1952)");
        }
        this.format = format;
        messages = new Messages(pool);
        compress =
                Recipe.of(format.compress(), Algorithm.NONE)
                        .withArgument(level)
                        .withDictionary(dictionary.clone());
        decompress =
                Recipe.of(format.decompress(), Algorithm.NONE).withDictionary(dictionary.clone());
    }

    /**
     * The format.
     *
     * @return what compressed data look like
     */
    public CompressionFormat format() {
        return format;
    }

    /**
     * Compresses.
     *
     * @param bytes the message
     * @return what it became
     * @throws ClientException if it cannot be done
     */
    public byte[] compress(byte[] bytes) {
        return messages.run(
                compress, bytes, 0, bytes.length, bound(bytes.length), Integer.MAX_VALUE);
    }

    /**
     * Compresses without waiting.
     *
     * @param bytes the message; not looked at again after the call
     * @return what it becomes
     */
    public CompletableFuture<byte[]> compressAsync(byte[] bytes) {
        return messages.submit(
                compress, bytes, 0, bytes.length, bound(bytes.length), Integer.MAX_VALUE);
    }

    /**
     * Decompresses.
     *
     * @param bytes compressed data
     * @param limit how many bytes the message may have at most
     * @return the message
     * @throws ClientException {@link ClientException.Reason#BAD_DATA}, {@link
     *     ClientException.Reason#DESTINATION_FULL} if the message is longer than the limit, or if
     *     it cannot be done
     */
    public byte[] decompress(byte[] bytes, int limit) {
        return messages.run(
                decompress, bytes, 0, bytes.length, guess(bytes.length), positive(limit));
    }

    /**
     * Decompresses without waiting.
     *
     * @param bytes compressed data; not to be changed before the future is completed
     * @param limit how many bytes the message may have at most
     * @return the message; exceptionally as {@link #decompress}
     */
    public CompletableFuture<byte[]> decompressAsync(byte[] bytes, int limit) {
        return messages.submit(
                decompress, bytes, 0, bytes.length, guess(bytes.length), positive(limit));
    }

    private static int positive(int limit) {
        return Objects.checkIndex(limit, Integer.MAX_VALUE);
    }

    private static long bound(int length) {
        return length + (length >> 10) + 64L;
    }

    private static long guess(int length) {
        return 4L * length + 1024;
    }
}
