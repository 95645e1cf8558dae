package org.opensva.uacce.client.session;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Operation;

/**
 * What a job does, apart from its input: everything that lies beside the input in memory. Immutable
 * but for the key, whose session overwrites it.
 */
final class Recipe {

    private static final byte[] NONE = {};

    private final Operation operation;
    private final Algorithm algorithm;
    private int options;
    private long argument;
    private long value;
    private int tagLength;
    private byte[] key = NONE;
    private byte[] iv = NONE;
    private byte[] associated = NONE;
    private byte[] tag = NONE;
    private byte[] dictionary = NONE;

    private Recipe(Operation operation, Algorithm algorithm) {
        this.operation = operation;
        this.algorithm = algorithm;
    }

    static Recipe of(Operation operation, Algorithm algorithm) {
        return new Recipe(operation, algorithm);
    }

    private Recipe copy() {
        Recipe copy = new Recipe(operation, algorithm);
        copy.options = options;
        copy.argument = argument;
        copy.value = value;
        copy.tagLength = tagLength;
        copy.key = key;
        copy.iv = iv;
        copy.associated = associated;
        copy.tag = tag;
        copy.dictionary = dictionary;
        return copy;
    }

    /** Bits of the parameter block. */
    Recipe withOptions(int bits) {
        Recipe copy = copy();
        copy.options = bits;
        return copy;
    }

    /** What the operation says. */
    Recipe withArgument(long number) {
        Recipe copy = copy();
        copy.argument = number;
        return copy;
    }

    /** What the algorithm says. */
    Recipe withValue(long number) {
        Recipe copy = copy();
        copy.value = number;
        return copy;
    }

    /** The key; not copied. */
    Recipe withKey(byte[] bytes) {
        Recipe copy = copy();
        copy.key = bytes;
        return copy;
    }

    Recipe withIv(byte[] bytes) {
        Recipe copy = copy();
        copy.iv = bytes;
        return copy;
    }

    Recipe withAssociated(byte[] bytes) {
        Recipe copy = copy();
        copy.associated = bytes;
        return copy;
    }

    /** The signature to verify. */
    Recipe withTag(byte[] bytes) {
        Recipe copy = copy();
        copy.tag = bytes;
        return copy;
    }

    /** The length of the tag that follows the ciphertext; 0 for the usual one. */
    Recipe withTagLength(int count) {
        Recipe copy = copy();
        copy.tagLength = count;
        return copy;
    }

    Recipe withDictionary(byte[] bytes) {
        Recipe copy = copy();
        copy.dictionary = bytes;
        return copy;
    }

    Operation operation() {
        return operation;
    }

    Algorithm algorithm() {
        return algorithm;
    }

    int options() {
        return options;
    }

    long argument() {
        return argument;
    }

    long value() {
        return value;
    }

    int tagLength() {
        return tagLength;
    }

    byte[] key() {
        return key;
    }

    byte[] iv() {
        return iv;
    }

    byte[] associated() {
        return associated;
    }

    byte[] tag() {
        return tag;
    }

    byte[] dictionary() {
        return dictionary;
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
