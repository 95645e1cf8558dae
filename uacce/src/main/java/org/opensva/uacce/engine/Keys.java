package org.opensva.uacce.engine;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.JobParameters;

import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.RSAKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Keys of public-key algorithms, from the bytes that the process has of them. */
final class Keys {

    /** A longer key would keep a worker for seconds with one job. */
    private static final int LONGEST_RSA = 8192;

    private final JobData data;
    private final Map<String, KeyFactory> factories = new HashMap<>();

    Keys(JobData data) {
        this.data = data;
    }

    private static String type(Algorithm algorithm) {
        return switch (algorithm) {
            case ECDH, ECDSA_SHA_256, ECDSA_SHA_384, ECDSA_SHA_512, ECDSA_PREHASHED -> "EC";
            case X25519 -> "X25519";
            case ED25519 -> "Ed25519";
            default -> "RSA";
        };
    }

    private KeyFactory factory(Algorithm algorithm) throws GeneralSecurityException {
        String type = type(algorithm);
        KeyFactory factory = factories.get(type);
        if (factory == null) {
            factory = KeyFactory.getInstance(type);
            factories.put(type, factory);
        }
        return factory;
    }

    /**
     * The key operand as a private key.
     *
     * @return null if there is a failure in the data
     */
    @Nullable PrivateKey privateKey(Algorithm algorithm) throws GeneralSecurityException {
        byte[] bytes = operand();
        if (bytes == null) {
            return null;
        }
        try {
            return sane(factory(algorithm).generatePrivate(new PKCS8EncodedKeySpec(bytes)));
        } catch (GeneralSecurityException | RuntimeException e) {
            data.badParameters();
            return null;
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /**
     * The key operand as a public key.
     *
     * @return null if there is a failure in the data
     */
    @Nullable PublicKey publicKey(Algorithm algorithm) throws GeneralSecurityException {
        byte[] bytes = operand();
        if (bytes == null) {
            return null;
        }
        PublicKey key = publicKey(algorithm, bytes);
        if (key == null) {
            data.badParameters();
        }
        return key;
    }

    /**
     * A public key of bytes.
     *
     * @return null if they are none
     */
    @Nullable PublicKey publicKey(Algorithm algorithm, byte[] bytes)
            throws GeneralSecurityException {
        KeyFactory factory = factory(algorithm);
        try {
            return sane(factory.generatePublic(new X509EncodedKeySpec(bytes)));
        } catch (GeneralSecurityException | RuntimeException e) {
            return null;
        }
    }

    private static <K extends Key> K sane(K key) throws GeneralSecurityException {
        if (key instanceof RSAKey rsa && rsa.getModulus().bitLength() > LONGEST_RSA) {
            throw new java.security.InvalidKeyException("more than " + LONGEST_RSA + " bits");
        }
        return key;
    }

    private byte @Nullable [] operand() {
        byte[] bytes = data.parameters.load(JobParameters.KEY, Parameters.LONGEST_OPERAND);
        int length = (int) data.parameters.length(JobParameters.KEY);
        return bytes == null ? null : Arrays.copyOf(bytes, length);
    }
}
