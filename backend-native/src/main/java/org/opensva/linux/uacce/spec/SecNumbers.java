package org.opensva.linux.uacce.spec;

/**
 * The numbers in descriptors of {@code hisi_sec2} ({@code enum sec_*} in {@code
 * drivers/crypto/hisilicon/sec2/sec_crypto.h}; UADK {@code drv/hisi_sec.c}).
 */
public final class SecNumbers {

    /** Cipher: encrypt. */
    public static final int ENCRYPT = 1;

    /** Cipher: decrypt. */
    public static final int DECRYPT = 2;

    /** Authentication: compute the code. */
    public static final int AUTHENTICATE = 1;

    /** Scene: packets, for ciphers ({@code SEC_IPSEC_SCENE}). */
    public static final int SCENE_PACKET = 1;

    /** Scene: streams, for digests of layout 3 ({@code SEC_STREAM_SCENE}). */
    public static final int SCENE_STREAM = 7;

    /** Algorithm of a cipher: AES. */
    public static final int AES = 2;

    /** Mode: electronic codebook. */
    public static final int ECB = 0;

    /** Mode: cipher block chaining. */
    public static final int CBC = 1;

    /** Mode: counter. */
    public static final int CTR = 4;

    /** Mode: XTS. */
    public static final int XTS = 7;

    /** How the counter wraps: at 128 bits ({@code SEC_CTR_CNT_ROLLOVER}). */
    public static final int WRAP_128 = 2;

    /** Digest: SHA-1. */
    public static final int SHA_1 = 0;

    /** Digest: SHA-256. */
    public static final int SHA_256 = 1;

    /** Digest: MD5. */
    public static final int MD5 = 2;

    /** Digest: SHA-224. */
    public static final int SHA_224 = 3;

    /** Digest: SHA-384. */
    public static final int SHA_384 = 4;

    /** Digest: SHA-512. */
    public static final int SHA_512 = 5;

    /** Digest: SHA-512/224. */
    public static final int SHA_512_224 = 6;

    /** Digest: SHA-512/256. */
    public static final int SHA_512_256 = 7;

    /** Added to the number of a digest: its HMAC. */
    public static final int HMAC = 0x10;

    /** The most that a job may read ({@code MAX_INPUT_DATA_LEN}). */
    public static final int MAX_LENGTH = 0xfffe00;

    /** Up to which length translations are fetched before ({@code SEC_SVA_PREFETCH_MAX_LEN}). */
    public static final int PREFETCH_LIMIT = 0x6000;

    private SecNumbers() {}

    /**
     * The number of a key length of AES.
     *
     * @param bytes 16, 24 or 32
     * @return 0 to 2, or -1 if there is none such
     */
    public static int aesKey(long bytes) {
        return switch ((int) Math.min(bytes, 33)) {
            case 16 -> 0;
            case 24 -> 1;
            case 32 -> 2;
            default -> -1;
        };
    }
}
