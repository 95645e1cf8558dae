package org.opensva.api.accelerator;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * With what an {@link Operation} that leaves the choice is done.
 *
 * <p>Keys are bytes in the process's memory: raw for MACs and ciphers, PKCS #8 (private) and X.509
 * SubjectPublicKeyInfo (public), both DER, for public-key algorithms.
 */
public enum Algorithm {
    /** None: the operation says it all. */
    NONE("none", 0x0000, Use.NONE),

    /** MD5 (RFC 1321), for compatibility only. */
    MD5("md5", 0x0101, Use.DIGEST),
    /** SHA-1 (FIPS 180-4), for compatibility only. */
    SHA_1("sha1", 0x0102, Use.DIGEST),
    /** SHA-224 (FIPS 180-4). */
    SHA_224("sha224", 0x0103, Use.DIGEST),
    /** SHA-256 (FIPS 180-4). */
    SHA_256("sha256", 0x0104, Use.DIGEST),
    /** SHA-384 (FIPS 180-4). */
    SHA_384("sha384", 0x0105, Use.DIGEST),
    /** SHA-512 (FIPS 180-4). */
    SHA_512("sha512", 0x0106, Use.DIGEST),
    /** SHA-512/224 (FIPS 180-4). */
    SHA_512_224("sha512-224", 0x0107, Use.DIGEST),
    /** SHA-512/256 (FIPS 180-4). */
    SHA_512_256("sha512-256", 0x0108, Use.DIGEST),
    /** SHA3-224 (FIPS 202). */
    SHA3_224("sha3-224", 0x0109, Use.DIGEST),
    /** SHA3-256 (FIPS 202). */
    SHA3_256("sha3-256", 0x010a, Use.DIGEST),
    /** SHA3-384 (FIPS 202). */
    SHA3_384("sha3-384", 0x010b, Use.DIGEST),
    /** SHA3-512 (FIPS 202). */
    SHA3_512("sha3-512", 0x010c, Use.DIGEST),

    /** AES, Electronic Codebook (NIST SP 800-38A), whole blocks. */
    AES_ECB("aes-ecb", 0x0201, Use.CIPHER),
    /** AES, Cipher Block Chaining (NIST SP 800-38A), whole blocks; the IV has 16 bytes. */
    AES_CBC("aes-cbc", 0x0202, Use.CIPHER),
    /** AES, Counter mode (NIST SP 800-38A), any length; the IV is the first counter block. */
    AES_CTR("aes-ctr", 0x0203, Use.CIPHER),
    /** AES, Galois/Counter Mode (NIST SP 800-38D). */
    AES_GCM("aes-gcm", 0x0204, Use.CIPHER),
    /**
     * XTS-AES (IEEE 1619) with ciphertext stealing. The key is both keys, 32 or 64 bytes; the IV is
     * the number of the first data unit, 16 bytes, little-endian; {@link JobParameters#value} is
     * the size of a data unit in bytes, 0 for one unit.
     */
    AES_XTS("aes-xts", 0x0205, Use.CIPHER),

    /** RSAES-PKCS1-v1_5 (RFC 8017). */
    RSA_PKCS1("rsa-pkcs1", 0x0301, Use.CIPHER),
    /** RSAES-OAEP (RFC 8017) with SHA-1 and MGF1 with SHA-1. */
    RSA_OAEP_SHA_1("rsa-oaep-sha1", 0x0302, Use.CIPHER),
    /** RSAES-OAEP with SHA-256 and MGF1 with SHA-256. */
    RSA_OAEP_SHA_256("rsa-oaep-sha256", 0x0303, Use.CIPHER),
    /** RSAES-OAEP with SHA-384 and MGF1 with SHA-384. */
    RSA_OAEP_SHA_384("rsa-oaep-sha384", 0x0304, Use.CIPHER),
    /** RSAES-OAEP with SHA-512 and MGF1 with SHA-512. */
    RSA_OAEP_SHA_512("rsa-oaep-sha512", 0x0305, Use.CIPHER),

    /** RSASSA-PKCS1-v1_5 (RFC 8017) with SHA-256. */
    RSA_PKCS1_SHA_256("rsa-pkcs1-sha256", 0x0401, Use.SIGNATURE),
    /** RSASSA-PKCS1-v1_5 with SHA-384. */
    RSA_PKCS1_SHA_384("rsa-pkcs1-sha384", 0x0402, Use.SIGNATURE),
    /** RSASSA-PKCS1-v1_5 with SHA-512. */
    RSA_PKCS1_SHA_512("rsa-pkcs1-sha512", 0x0403, Use.SIGNATURE),
    /** RSASSA-PSS (RFC 8017) with SHA-256, MGF1 with SHA-256, and a salt of 32 bytes. */
    RSA_PSS_SHA_256("rsa-pss-sha256", 0x0404, Use.SIGNATURE),
    /** RSASSA-PSS with SHA-384, MGF1 with SHA-384, and a salt of 48 bytes. */
    RSA_PSS_SHA_384("rsa-pss-sha384", 0x0405, Use.SIGNATURE),
    /** RSASSA-PSS with SHA-512, MGF1 with SHA-512, and a salt of 64 bytes. */
    RSA_PSS_SHA_512("rsa-pss-sha512", 0x0406, Use.SIGNATURE),
    /** ECDSA (FIPS 186-5) with SHA-256; the curve is the key's. */
    ECDSA_SHA_256("ecdsa-sha256", 0x0411, Use.SIGNATURE),
    /** ECDSA with SHA-384. */
    ECDSA_SHA_384("ecdsa-sha384", 0x0412, Use.SIGNATURE),
    /** ECDSA with SHA-512. */
    ECDSA_SHA_512("ecdsa-sha512", 0x0413, Use.SIGNATURE),
    /** ECDSA of a digest that the program has computed: the source is the digest. */
    ECDSA_PREHASHED("ecdsa-prehashed", 0x0414, Use.SIGNATURE),
    /** Ed25519 (RFC 8032). */
    ED25519("ed25519", 0x0421, Use.SIGNATURE),

    /** ECDH (NIST SP 800-56A): the secret is the x coordinate; the curve is the keys'. */
    ECDH("ecdh", 0x0501, Use.AGREEMENT),
    /** X25519 (RFC 7748). */
    X25519("x25519", 0x0502, Use.AGREEMENT);

    private enum Use {
        NONE(EnumSet.complementOf(EnumSet.range(Operation.DIGEST, Operation.AGREE))),
        DIGEST(EnumSet.of(Operation.DIGEST, Operation.MAC)),
        CIPHER(EnumSet.of(Operation.ENCRYPT, Operation.DECRYPT)),
        SIGNATURE(EnumSet.of(Operation.SIGN, Operation.VERIFY)),
        AGREEMENT(EnumSet.of(Operation.AGREE));

        final Set<Operation> operations;

        Use(EnumSet<Operation> operations) {
            this.operations = Collections.unmodifiableSet(operations);
        }
    }

    private final String id;
    private final int code;
    private final Use use;

    Algorithm(String id, int code, Use use) {
        this.id = id;
        this.code = code;
        this.use = use;
    }

    /**
     * The name in commands, attributes and reports.
     *
     * @return lower case
     */
    public String id() {
        return id;
    }

    /**
     * The number in descriptors of the project's own queue format. Never reused.
     *
     * @return 0 to 65535
     */
    public int code() {
        return code;
    }

    /**
     * What can be done with it.
     *
     * @return the operations; of {@link #NONE} those that leave no choice
     */
    public Set<Operation> operations() {
        return use.operations;
    }
}
