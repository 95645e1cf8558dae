package org.opensva.uacce.client.session;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Operation;

/**
 * What a job does, apart from its input: everything that lies beside the input in memory.
 *
 * @param operation what to do
 * @param algorithm with what
 * @param options bits of the parameter block
 * @param argument what the operation says
 * @param value what the algorithm says
 * @param key the key; empty for none, as with the rest
 * @param iv the initialisation vector
 * @param associated the additional authenticated data
 * @param tag the signature to verify
 * @param tagLength bytes of the tag that follows the ciphertext; 0 for the usual number
 * @param dictionary the preset dictionary
 */
record Recipe(
        Operation operation,
        Algorithm algorithm,
        int options,
        long argument,
        long value,
        byte[] key,
        byte[] iv,
        byte[] associated,
        byte[] tag,
        int tagLength,
        byte[] dictionary) {

    private static final byte[] NONE = {};

    static Recipe of(Operation operation, Algorithm algorithm) {
        return new Recipe(operation, algorithm, 0, 0, 0, NONE, NONE, NONE, NONE, 0, NONE);
    }

    Recipe withOptions(int bits) {
        return new Recipe(
                operation,
                algorithm,
                bits,
                argument,
                value,
                key,
                iv,
                associated,
                tag,
                tagLength,
                dictionary);
    }

    Recipe withArgument(long number) {
        return new Recipe(
                operation,
                algorithm,
                options,
                number,
                value,
                key,
                iv,
                associated,
                tag,
                tagLength,
                dictionary);
    }

    Recipe withValue(long number) {
        return new Recipe(
                operation,
                algorithm,
                options,
                argument,
                number,
                key,
                iv,
                associated,
                tag,
                tagLength,
                dictionary);
    }

    Recipe withKey(byte[] bytes) {
        return new Recipe(
                operation,
                algorithm,
                options,
                argument,
                value,
                bytes,
                iv,
                associated,
                tag,
                tagLength,
                dictionary);
    }

    Recipe withIv(byte[] bytes) {
        return new Recipe(
                operation,
                algorithm,
                options,
                argument,
                value,
                key,
                bytes,
                associated,
                tag,
                tagLength,
                dictionary);
    }

    Recipe withAssociated(byte[] bytes) {
        return new Recipe(
                operation,
                algorithm,
                options,
                argument,
                value,
                key,
                iv,
                bytes,
                tag,
                tagLength,
                dictionary);
    }

    Recipe withTag(byte[] bytes) {
        return new Recipe(
                operation,
                algorithm,
                options,
                argument,
                value,
                key,
                iv,
                associated,
                bytes,
                tagLength,
                dictionary);
    }

    Recipe withTagLength(int count) {
        return new Recipe(
                operation,
                algorithm,
                options,
                argument,
                value,
                key,
                iv,
                associated,
                tag,
                count,
                dictionary);
    }

    Recipe withDictionary(byte[] bytes) {
        return new Recipe(
                operation,
                algorithm,
                options,
                argument,
                value,
                key,
                iv,
                associated,
                tag,
                tagLength,
                bytes);
    }

    /** Tells whether the job needs a parameter block. */
    boolean hasParameters() {
        return options != 0
                || value != 0
                || tagLength != 0
                || key.length + iv.length + associated.length + tag.length + dictionary.length > 0;
    }

    /** Tells whether what lies in memory is secret. */
    boolean isSecret() {
        return key.length > 0;
    }

    String name() {
        return algorithm == Algorithm.NONE
                ? operation.id()
                : operation.id() + " with " + algorithm.id();
    }
}
