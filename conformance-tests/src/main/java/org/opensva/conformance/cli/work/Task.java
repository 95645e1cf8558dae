package org.opensva.conformance.cli.work;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Operation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What can be asked for, by the name that users type.
 *
 * @param id the name
 * @param shape how a stream is cut for it
 * @param operation what the device does first; encryption may be decryption instead
 * @param algorithm with what
 */
public record Task(String id, Shape shape, Operation operation, Algorithm algorithm) {

    /** How a stream is cut. */
    public enum Shape {
        /** Blocks that do not depend on each other, and become others. */
        BLOCKS,
        /** Blocks whose checksums are put together. */
        CHECKSUM,
        /** One stream that a device keeps, compressed or decompressed. */
        CODEC,
        /** One stream that a device keeps, and a digest. */
        DIGEST,
        /** The same with a key. */
        MAC,
        /** Encrypted messages, or pieces of one. */
        CIPHER,
        /** Output without input. */
        FILL,
        /** Two inputs. */
        COMPARE
    }

    /**
     * All tasks, in the order of the help.
     *
     * @return a new list
     */
    public static List<Task> all() {
        List<Task> all = new ArrayList<>();
        add(all, Shape.BLOCKS, Operation.GZIP);
        for (Operation codec :
                List.of(
                        Operation.GUNZIP,
                        Operation.ZLIB,
                        Operation.UNZLIB,
                        Operation.DEFLATE,
                        Operation.INFLATE)) {
            add(all, Shape.CODEC, codec);
        }
        for (Algorithm algorithm : Algorithm.values()) {
            if (algorithm.operations().contains(Operation.DIGEST)) {
                all.add(new Task(algorithm.id(), Shape.DIGEST, Operation.DIGEST, algorithm));
            }
        }
        for (Algorithm algorithm : Algorithm.values()) {
            if (algorithm.operations().contains(Operation.MAC)) {
                String id = "hmac-" + algorithm.id();
                all.add(new Task(id, Shape.MAC, Operation.MAC, algorithm));
            }
        }
        for (Algorithm cipher : List.of(Algorithm.AES_GCM, Algorithm.AES_CTR)) {
            all.add(new Task(cipher.id(), Shape.CIPHER, Operation.ENCRYPT, cipher));
        }
        add(all, Shape.BLOCKS, Operation.COPY);
        add(all, Shape.FILL, Operation.FILL);
        add(all, Shape.COMPARE, Operation.COMPARE);
        add(all, Shape.CHECKSUM, Operation.CRC32C);
        return all;
    }

    private static void add(List<Task> all, Shape shape, Operation operation) {
        all.add(new Task(operation.id(), shape, operation, Algorithm.NONE));
    }

    /**
     * Finds a task.
     *
     * @param id a name
     * @return the task, or empty if there is none of that name
     */
    public static Optional<Task> of(String id) {
        return all().stream().filter(task -> task.id().equals(id)).findFirst();
    }

    /**
     * Tells whether the result is a line of text rather than a file.
     *
     * @return true for digests, checksums and comparisons
     */
    public boolean printsResult() {
        return switch (shape) {
            case CHECKSUM, DIGEST, MAC, COMPARE -> true;
            case BLOCKS, CODEC, CIPHER, FILL -> false;
        };
    }

    /**
     * Tells whether a key is needed.
     *
     * @return true for MACs and ciphers
     */
    public boolean needsKey() {
        return shape == Shape.MAC || shape == Shape.CIPHER;
    }
}
