package org.opensva.uacce.client.jca;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Algorithm;

import java.security.InvalidAlgorithmParameterException;
import java.security.PublicKey;
import java.security.SignatureException;
import java.security.interfaces.RSAKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;

/** Signature algorithms by their standard names. */
enum SignatureKind {
    SHA256_WITH_RSA("SHA256withRSA", Algorithm.RSA_PKCS1_SHA_256, false, "RSA"),
    SHA384_WITH_RSA("SHA384withRSA", Algorithm.RSA_PKCS1_SHA_384, false, "RSA"),
    SHA512_WITH_RSA("SHA512withRSA", Algorithm.RSA_PKCS1_SHA_512, false, "RSA"),
    RSASSA_PSS("RSASSA-PSS", Algorithm.RSA_PSS_SHA_256, false, "RSA"),
    SHA256_WITH_ECDSA("SHA256withECDSA", Algorithm.ECDSA_SHA_256, false, "EC"),
    SHA384_WITH_ECDSA("SHA384withECDSA", Algorithm.ECDSA_SHA_384, false, "EC"),
    SHA512_WITH_ECDSA("SHA512withECDSA", Algorithm.ECDSA_SHA_512, false, "EC"),
    SHA256_P1363("SHA256withECDSAinP1363Format", Algorithm.ECDSA_SHA_256, true, "EC"),
    SHA384_P1363("SHA384withECDSAinP1363Format", Algorithm.ECDSA_SHA_384, true, "EC"),
    SHA512_P1363("SHA512withECDSAinP1363Format", Algorithm.ECDSA_SHA_512, true, "EC"),
    NONE_WITH_ECDSA("NONEwithECDSA", Algorithm.ECDSA_PREHASHED, false, "EC"),
    NONE_P1363("NONEwithECDSAinP1363Format", Algorithm.ECDSA_PREHASHED, true, "EC"),
    ED25519("Ed25519", Algorithm.ED25519, false, "Ed25519", "EdDSA");

    private static final int ED25519_BYTES = 64;
    private static final byte SEQUENCE = 0x30;

    /** Of SHA-512; the JDK takes no longer one either. */
    private static final int LONGEST_DIGEST = 64;

    private final String standardName;
    private final Algorithm algorithm;
    private final boolean plain;
    private final String[] keys;

    SignatureKind(String standardName, Algorithm algorithm, boolean plain, String... keys) {
        this.standardName = standardName;
        this.algorithm = algorithm;
        this.plain = plain;
        this.keys = keys;
    }

    String standardName() {
        return standardName;
    }

    Algorithm algorithm() {
        return algorithm;
    }

    /** True for r and s side by side (IEEE P1363), false for DER. */
    boolean isPlain() {
        return plain;
    }

    /** True if parameters say what it is; until then it is nothing. */
    boolean needsParameters() {
        return this == RSASSA_PSS;
    }

    /** What devices do of RSASSA-PSS. */
    static Algorithm pss(PSSParameterSpec spec) throws InvalidAlgorithmParameterException {
        String digest = spec.getDigestAlgorithm();
        if (spec.getMGFAlgorithm().equalsIgnoreCase("MGF1")
                && spec.getMGFParameters() instanceof MGF1ParameterSpec mask
                && mask.getDigestAlgorithm().equalsIgnoreCase(digest)
                && spec.getTrailerField() == PSSParameterSpec.TRAILER_FIELD_BC) {
            if (digest.equals("SHA-256") && spec.getSaltLength() == 32) {
                return Algorithm.RSA_PSS_SHA_256;
            }
            if (digest.equals("SHA-384") && spec.getSaltLength() == 48) {
                return Algorithm.RSA_PSS_SHA_384;
            }
            if (digest.equals("SHA-512") && spec.getSaltLength() == 64) {
                return Algorithm.RSA_PSS_SHA_512;
            }
        }
        throw new InvalidAlgorithmParameterException(
                "devices do RSASSA-PSS with SHA-256, SHA-384 or SHA-512, MGF1 with the same, and a"
                        + " salt as long as the digest");
    }

    /** Refuses what cannot be a digest, where the message is one. */
    void check(byte[] message) throws SignatureException {
        if (algorithm == Algorithm.ECDSA_PREHASHED && message.length > LONGEST_DIGEST) {
            throw new SignatureException(
                    "a digest of %d bytes; %s takes at most %d"
                            .formatted(message.length, standardName, LONGEST_DIGEST));
        }
    }

    /**
     * Refuses what cannot be a signature at all, as the JDK does; that it is not the one of the
     * message is another thing.
     */
    void check(byte[] signature, @Nullable PublicKey key) throws SignatureException {
        int length = -1;
        if (key instanceof RSAKey rsa) {
            length = (rsa.getModulus().bitLength() + 7) / Byte.SIZE;
        } else if (this == ED25519) {
            length = ED25519_BYTES;
        } else if (!plain && (signature.length == 0 || signature[0] != SEQUENCE)) {
            throw new SignatureException("a signature in DER is a sequence");
        }
        if (length >= 0 && signature.length != length) {
            throw new SignatureException(
                    "a signature of %d bytes, needed: %d".formatted(signature.length, length));
        }
    }

    /** What keys for it call their algorithm. */
    String[] keys() {
        return keys.clone();
    }
}
