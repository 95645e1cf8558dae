package org.opensva.linux.uacce.spec;

import org.opensva.linux.abi.BitField;

/**
 * A descriptor of {@code hisi_sec2} behind a queue manager of version 3 and later, 128 bytes
 * ({@code struct sec_sqe3} in {@code drivers/crypto/hisilicon/sec2/sec_crypto.h}; UADK {@code
 * struct hisi_sec_sqe3} in {@code drv/hisi_sec.c}).
 */
public final class SecDescriptor3 {

    /** Size in bytes. */
    public static final int SIZE = 128;

    /** Layout of the descriptor: 3. */
    public static final BitField LAYOUT = BitField.bits(0, 3, 0);

    /** What kind of work it is, see {@link SecNumbers}. */
    public static final BitField SCENE = BitField.bits(0, 8, 5);

    /** 1 if the output goes to the destination. */
    public static final BitField DESTINATION_VALID = BitField.bits(0, 10, 9);

    /** What the cipher does, see {@link SecNumbers}. */
    public static final BitField CIPHER = BitField.bits(1, 1, 0);

    /** Length of the cipher key, see {@link SecNumbers}. */
    public static final BitField CIPHER_KEY = BitField.bits(1, 15, 13);

    /** Mode of the cipher, see {@link SecNumbers}. */
    public static final BitField MODE = BitField.bits(1, 19, 16);

    /** Algorithm of the cipher, see {@link SecNumbers}. */
    public static final BitField ALGORITHM = BitField.bits(1, 23, 20);

    /** Tag. */
    public static final BitField TAG = BitField.quad(8);

    /** Address of the input. */
    public static final BitField SOURCE = BitField.quad(16);

    /** Address of the authentication key. */
    public static final BitField DIGEST_KEY = BitField.quad(24);

    /** Address of the cipher key. */
    public static final BitField KEY = BitField.quad(48);

    /** What the authentication does, see {@link SecNumbers}. */
    public static final BitField AUTHENTICATION = BitField.bits(14, 1, 0);

    /** Length of the code in words of 4 bytes. */
    public static final BitField CODE_WORDS = BitField.bits(14, 8, 4);

    /** Length of the authentication key in words of 4 bytes. */
    public static final BitField KEY_WORDS = BitField.bits(14, 14, 9);

    /** Algorithm of the authentication, see {@link SecNumbers}. */
    public static final BitField DIGEST = BitField.bits(14, 20, 15);

    /** How the counter of counter mode wraps: 2 at 128 bits. */
    public static final BitField COUNTER_WRAP = BitField.bits(14, 26, 25);

    /** 1 to have translations fetched before they are needed. */
    public static final BitField PREFETCH = BitField.bits(14, 27, 27);

    /** Bytes to authenticate. */
    public static final BitField DIGEST_LENGTH = BitField.bits(17, 23, 0);

    /** Bytes to encrypt or decrypt. */
    public static final BitField CIPHER_LENGTH = BitField.bits(18, 23, 0);

    /** Address of the output. */
    public static final BitField DESTINATION = BitField.quad(76);

    /** Address of the code. */
    public static final BitField CODE = BitField.quad(84);

    /** Address of the initialisation vector. */
    public static final BitField VECTOR = BitField.quad(92);

    /** Result: 1 once it was done. */
    public static final BitField DONE = BitField.bits(28, 0, 0);

    /** Result: 0, or the kind of error. */
    public static final BitField ERROR = BitField.bits(28, 23, 16);

    /** Result: 0, or what went wrong with shared addresses ({@code hac_sva_status}). */
    public static final BitField SVA_STATUS = BitField.bits(30, 15, 8);

    private SecDescriptor3() {}
}
