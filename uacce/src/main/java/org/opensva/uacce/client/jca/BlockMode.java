package org.opensva.uacce.client.jca;

import org.opensva.api.accelerator.Algorithm;

import java.util.Arrays;

/** Modes of AES that can be continued from block to block. */
enum BlockMode {
    ECB(Algorithm.AES_ECB, false),
    CBC(Algorithm.AES_CBC, true),
    CTR(Algorithm.AES_CTR, true);

    static final int BLOCK = 16;

    final Algorithm algorithm;
    final boolean hasIv;

    BlockMode(Algorithm algorithm, boolean hasIv) {
        this.algorithm = algorithm;
        this.hasIv = hasIv;
    }

    /** The IV with which the mode goes on after whole blocks. */
    byte[] next(byte[] iv, byte[] ciphertext, int end, int blocks) {
        return switch (this) {
            case ECB -> iv;
            case CBC -> Arrays.copyOfRange(ciphertext, end - BLOCK, end);
            case CTR -> add(iv, blocks);
        };
    }

    /** Adds to a counter of 128 bits, the highest byte first (SP 800-38A, appendix B.1). */
    private static byte[] add(byte[] counter, int blocks) {
        byte[] sum = counter.clone();
        long carry = blocks;
        for (int i = BLOCK - 1; i >= 0 && carry != 0; i--) {
            carry += sum[i] & 0xff;
            sum[i] = (byte) carry;
            carry >>>= Byte.SIZE;
        }
        return sum;
    }
}
