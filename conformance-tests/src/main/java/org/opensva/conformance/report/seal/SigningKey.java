package org.opensva.conformance.report.seal;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;

/** The private half of an Ed25519 key (RFC 8032). Never printed and never written. */
public final class SigningKey {

    private final EdECPrivateKey key;
    private final VerifyingKey verifying;

    private SigningKey(EdECPrivateKey key, VerifyingKey verifying) {
        this.key = key;
        this.verifying = verifying;
    }

    /**
     * Reads a key from a PEM file, as {@code openssl genpkey -algorithm ed25519} writes it.
     *
     * @param pem the file: one {@code PRIVATE KEY} (PKCS#8, RFC 8410), not encrypted
     * @return the key
     * @throws SealException if it holds no such key
     */
    public static SigningKey ofPem(String pem) {
        byte[] der = PemFile.decode(pem, "PRIVATE KEY");
        try {
            if (KeyFactory.getInstance(VerifyingKey.ALGORITHM)
                            .generatePrivate(new PKCS8EncodedKeySpec(der))
                    instanceof EdECPrivateKey key) {
                SigningKey signing = new SigningKey(key, publicHalf(key));
                signing.check();
                return signing;
            }
            throw new SealException("it is no Ed25519 private key");
        } catch (GeneralSecurityException e) {
            throw new SealException("it is no Ed25519 private key", e);
        }
    }

    /**
     * Java derives a public key only while it generates one, from the 32 bytes that are the private
     * key (RFC 8032 section 5.1.5); so it is given these bytes instead of random ones.
     */
    private static VerifyingKey publicHalf(EdECPrivateKey key) throws GeneralSecurityException {
        byte[] seed =
                key.getBytes()
                        .orElseThrow(() -> new SealException("its private key cannot be read"));
        KeyPairGenerator generator = KeyPairGenerator.getInstance(VerifyingKey.ALGORITHM);
        generator.initialize(NamedParameterSpec.ED25519, new Given(seed));
        return new VerifyingKey(generator.generateKeyPair().getPublic());
    }

    private void check() {
        byte[] message = {1, 2, 3};
        if (!verifying.verifies(message, sign(message))) {
            throw new SealException("this Java platform cannot derive its public key");
        }
    }

    /**
     * The other half.
     *
     * @return the public key
     */
    public VerifyingKey verifying() {
        return verifying;
    }

    /**
     * Signs.
     *
     * @param message any bytes
     * @return 64 bytes; the same each time
     */
    public byte[] sign(byte[] message) {
        try {
            Signature signature = Signature.getInstance(VerifyingKey.ALGORITHM);
            signature.initSign(key);
            signature.update(message);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new SealException("this Java platform cannot sign with it", e);
        }
    }

    /** The fingerprint of the public half. */
    @Override
    public String toString() {
        return verifying.fingerprint();
    }

    /** Hands out bytes that are already chosen. */
    private static final class Given extends SecureRandom {
        private static final long serialVersionUID = 1L;

        @SuppressWarnings("serial") // never serialised
        private final byte[] bytes;

        Given(byte[] bytes) {
            this.bytes = bytes.clone();
        }

        @Override
        public void nextBytes(byte[] target) {
            System.arraycopy(Arrays.copyOf(bytes, target.length), 0, target, 0, target.length);
        }
    }
}
