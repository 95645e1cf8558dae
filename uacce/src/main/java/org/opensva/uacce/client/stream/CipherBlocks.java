package org.opensva.uacce.client.stream;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.Operand;
import org.opensva.api.accelerator.Operation;

import java.util.Arrays;

/** Encrypts or decrypts each block with the IV that the mode has at its place. */
final class CipherBlocks implements BlockTransform {

    private static final int KEY = JobParameters.SIZE;
    private static final int IV = KEY + 64;
    private static final int HEAD = IV + 64;

    private final BlockCipher cipher;
    private final Operation operation;

    private final LastBlock last;

    /** With CBC the block of ciphertext before: the IV of the next one. */
    private byte[] before;

    /**
     * Makes the transformation.
     *
     * @param last where the results go
     */
    CipherBlocks(BlockCipher cipher, Operation operation, LastBlock last) {
        if (operation != Operation.ENCRYPT && operation != Operation.DECRYPT) {
            throw new IllegalArgumentException(operation.id() + " is not what a cipher does");
        }
        this.cipher = cipher;
        this.operation = operation;
        this.last = last;
        before = cipher.iv();
    }

    /** The ciphertext of one block goes into the next one: they are done one after the other. */
    boolean isChained() {
        return cipher.algorithm() == Algorithm.AES_CBC && operation == Operation.ENCRYPT;
    }

    /** Whole blocks, and whole data units. */
    StreamConfig checked(StreamConfig config) {
        int grain = Math.max(BlockCipher.BLOCK, cipher.unit());
        if (config.blockSize() % grain != 0) {
            throw new IllegalArgumentException(
                    "blockSize is %d, needed: a multiple of %d"
                            .formatted(config.blockSize(), grain));
        }
        return new StreamConfig(config.blockSize(), isChained() ? 1 : config.depth(), true);
    }

    @Override
    public long bound(int length) {
        return length;
    }

    @Override
    public int headSize() {
        return HEAD;
    }

    @Override
    public byte[] head(long position, byte[] bytes, int length, long address) {
        byte[] key = cipher.key();
        byte[] iv = iv(position, bytes, length);
        JobParameters parameters =
                JobParameters.EMPTY
                        .withKey(new Operand(address + KEY, key.length))
                        .withIv(
                                iv.length == 0
                                        ? Operand.NONE
                                        : new Operand(address + IV, iv.length))
                        .withValue(cipher.unit());
        byte[] head = Arrays.copyOf(parameters.encode(), HEAD);
        System.arraycopy(key, 0, head, KEY, key.length);
        System.arraycopy(iv, 0, head, IV, iv.length);
        return head;
    }

    private byte[] iv(long position, byte[] bytes, int length) {
        return switch (cipher.algorithm()) {
            case AES_CTR -> cipher.iv(position / BlockCipher.BLOCK);
            case AES_XTS -> cipher.iv(position / cipher.unit());
            case AES_CBC -> {
                if (isChained()) {
                    yield position == 0 ? before : last.block();
                }
                byte[] iv = before;
                if (length >= BlockCipher.BLOCK) {
                    before = Arrays.copyOfRange(bytes, length - BlockCipher.BLOCK, length);
                }
                yield iv;
            }
            default -> cipher.iv();
        };
    }

    @Override
    public Job job(long position, long source, int length, long destination, long capacity) {
        return new Job(
                operation,
                source,
                length,
                destination,
                capacity,
                0,
                cipher.algorithm(),
                JobFlags.PARAMETERS,
                source - HEAD);
    }
}
