package org.opensva.linux.uacce.spec;

import org.opensva.linux.abi.BitField;

/**
 * A descriptor of {@code hisi_sec2} behind a queue manager of version 2, 128 bytes ({@code struct
 * sec_sqe} with {@code struct sec_sqe_type2} in {@code drivers/crypto/hisilicon/sec2/sec_crypto.h};
 * UADK {@code struct hisi_sec_sqe} in {@code drv/hisi_sec.c}).
 */
public final class SecDescriptor2 {

    /** Size in bytes. */
    public static final int SIZE = 128;

    /** Layout of the descriptor: 2. */
    public static final BitField LAYOUT = BitField.bits(0, 3, 0);

    /** What the cipher does, see {@link SecNumbers}. */
    public static final BitField CIPHER = BitField.bits(0, 5, 4);

    /** What the authentication does, see {@link SecNumbers}. */
    public static final BitField AUTHENTICATION = BitField.bits(0, 7, 6);

    /** 1 if the output goes to the destination. */
    public static final BitField DESTINATION_VALID = BitField.bits(0, 10, 9);

    /** What kind of work it is, see {@link SecNumbers}. */
    public static final BitField SCENE = BitField.bits(0, 14, 11);

    /** Length of the code in words of 4 bytes. */
    public static final BitField CODE_WORDS = BitField.bits(2, 4, 0);

    /** Length of the authentication key in words of 4 bytes. */
    public static final BitField KEY_WORDS = BitField.bits(2, 10, 5);

    /** Algorithm of the authentication, see {@link SecNumbers}. */
    public static final BitField DIGEST = BitField.bits(2, 16, 11);

    /** Length of the cipher key, see {@link SecNumbers}. */
    public static final BitField CIPHER_KEY = BitField.bits(3, 11, 9);

    /** Mode of the cipher, see {@link SecNumbers}. */
    public static final BitField MODE = BitField.bits(3, 15, 12);

    /** Algorithm of the cipher, see {@link SecNumbers}. */
    public static final BitField ALGORITHM = BitField.bits(3, 19, 16);

    /** Bytes to authenticate. */
    public static final BitField DIGEST_LENGTH = BitField.bits(4, 23, 0);

    /** Bytes to encrypt or decrypt. */
    public static final BitField CIPHER_LENGTH = BitField.bits(5, 23, 0);

    /** Tag. */
    public static final BitField TAG = BitField.bits(10, 15, 0);

    /** Address of the authentication key. */
    public static final BitField DIGEST_KEY = BitField.quad(64);

    /** Address of the code. */
    public static final BitField CODE = BitField.quad(72);

    /** Address of the initialisation vector. */
    public static final BitField VECTOR = BitField.quad(80);

    /** Address of the cipher key. */
    public static final BitField KEY = BitField.quad(88);

    /** Address of the input. */
    public static final BitField SOURCE = BitField.quad(96);

    /** Address of the output. */
    public static final BitField DESTINATION = BitField.quad(104);

    /** Result: 1 once it was done. */
    public static final BitField DONE = BitField.bits(28, 0, 0);

    /** Result: 0, or the kind of error. */
    public static final BitField ERROR = BitField.bits(28, 23, 16);

    private SecDescriptor2() {}
}
