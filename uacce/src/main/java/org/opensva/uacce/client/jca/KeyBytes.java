package org.opensva.uacce.client.jca;

import org.jspecify.annotations.Nullable;

import java.security.InvalidKeyException;
import java.security.Key;
import java.security.interfaces.EdECKey;
import java.security.interfaces.XECKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.NamedParameterSpec;

/** The bytes of keys, as the framework hands keys over. */
final class KeyBytes {

    private KeyBytes() {}

    /** The bytes of a symmetric key. */
    static byte[] raw(@Nullable Key key) throws InvalidKeyException {
        return encoded(key, "RAW");
    }

    /** The bytes of a private key. */
    static byte[] pkcs8(@Nullable Key key) throws InvalidKeyException {
        return encoded(key, "PKCS#8");
    }

    /** The bytes of a public key. */
    static byte[] x509(@Nullable Key key) throws InvalidKeyException {
        return encoded(key, "X.509");
    }

    private static byte[] encoded(@Nullable Key key, String format) throws InvalidKeyException {
        if (key == null) {
            throw new InvalidKeyException("no key given");
        }
        byte[] bytes;
        try {
            bytes = format.equals(key.getFormat()) ? key.getEncoded() : null;
        } catch (IllegalStateException e) {
            throw new InvalidKeyException("the key has been destroyed", e);
        }
        if (bytes == null) {
            throw new InvalidKeyException(
                    "a key of format %s is needed, this one has %s"
                            .formatted(format, key.getFormat()));
        }
        return bytes;
    }

    /** Refuses a key of another algorithm. */
    static void require(Key key, String... algorithms) throws InvalidKeyException {
        for (String algorithm : algorithms) {
            if (algorithm.equalsIgnoreCase(key.getAlgorithm())) {
                return;
            }
        }
        throw new InvalidKeyException(
                "a key for %s is needed, this one is for %s"
                        .formatted(algorithms[0], key.getAlgorithm()));
    }

    /** Refuses a key of another curve that goes by the same name of an algorithm. */
    static void requireCurve(Key key, String curve) throws InvalidKeyException {
        AlgorithmParameterSpec of =
                switch (key) {
                    case XECKey montgomery -> montgomery.getParams();
                    case EdECKey edwards -> edwards.getParams();
                    default -> null;
                };
        if (of instanceof NamedParameterSpec named && !named.getName().equalsIgnoreCase(curve)) {
            throw new InvalidKeyException(
                    "a key of %s is needed, this one is of %s".formatted(curve, named.getName()));
        }
    }
}
