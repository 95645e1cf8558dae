package org.opensva.conformance.report.seal;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.HexFormat;

/**
 * The public half of an Ed25519 key (RFC 8032): tells whether a signature was made by the other.
 */
public final class VerifyingKey {

    static final String ALGORITHM = "Ed25519";

    private final PublicKey key;

    VerifyingKey(PublicKey key) {
        this.key = key;
    }

    /**
     * Reads a key from a PEM file, as {@code openssl pkey -pubout} writes it.
     *
     * @param pem the file: one {@code PUBLIC KEY} (SubjectPublicKeyInfo, RFC 8410)
     * @return the key
     * @throws SealException if it holds no Ed25519 public key
     */
    public static VerifyingKey ofPem(String pem) {
        return ofDer(PemFile.decode(pem, "PUBLIC KEY"));
    }

    static VerifyingKey ofDer(byte[] der) {
        try {
            return new VerifyingKey(
                    KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(der)));
        } catch (GeneralSecurityException | RuntimeException e) {
            throw new SealException("it is no Ed25519 public key", e);
        }
    }

    /**
     * The key as SubjectPublicKeyInfo.
     *
     * @return DER
     */
    public byte[] der() {
        return key.getEncoded();
    }

    /**
     * What tells keys apart for people.
     *
     * @return SHA-256 of the SubjectPublicKeyInfo, 64 hexadecimal digits
     */
    public String fingerprint() {
        return sha256(der());
    }

    /**
     * Checks a signature.
     *
     * @param message what was signed
     * @param signature the signature
     * @return true if the private half of this key made it
     */
    public boolean verifies(byte[] message, byte[] signature) {
        try {
            Signature check = Signature.getInstance(ALGORITHM);
            check.initVerify(key);
            check.update(message);
            return check.verify(signature);
        } catch (GeneralSecurityException e) {
            // A signature of another length is malformed rather than wrong; neither holds.
            return false;
        }
    }

    static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (GeneralSecurityException e) {
            // Every Java platform is required to have it (java.security.MessageDigest).
            throw new IllegalStateException("this Java platform has no SHA-256", e);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof VerifyingKey that && key.equals(that.key);
    }

    @Override
    public int hashCode() {
        return key.hashCode();
    }

    /** The fingerprint. */
    @Override
    public String toString() {
        return fingerprint();
    }
}
