package org.opensva.uacce.client.jca;

import org.jspecify.annotations.Nullable;

import java.security.InvalidKeyException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;

import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/** The key of an AES cipher, and keys that travel encrypted under it. */
final class AesKey {

    private AesKey() {}

    static byte[] of(@Nullable Key key) throws InvalidKeyException {
        byte[] bytes = KeyBytes.raw(key);
        if (key != null) {
            KeyBytes.require(key, "AES", "Rijndael");
        }
        if (bytes.length != 16 && bytes.length != 24 && bytes.length != 32) {
            throw new InvalidKeyException(
                    "an AES key has 16, 24 or 32 bytes, this one has " + bytes.length);
        }
        return bytes;
    }

    static int bits(Key key) throws InvalidKeyException {
        return of(key).length * Byte.SIZE;
    }

    /** The bytes of a key that shall be wrapped. */
    static byte[] wrapped(Key key) throws InvalidKeyException {
        byte[] bytes = key.getEncoded();
        if (bytes == null || bytes.length == 0) {
            throw new InvalidKeyException("the key to wrap shows no encoding");
        }
        return bytes;
    }

    /** A key from the bytes that were wrapped. */
    static Key unwrapped(byte[] bytes, String algorithm, int type)
            throws InvalidKeyException, NoSuchAlgorithmException {
        try {
            return switch (type) {
                case Cipher.SECRET_KEY -> new SecretKeySpec(bytes, algorithm);
                case Cipher.PRIVATE_KEY ->
                        KeyFactory.getInstance(algorithm)
                                .generatePrivate(new PKCS8EncodedKeySpec(bytes));
                case Cipher.PUBLIC_KEY ->
                        KeyFactory.getInstance(algorithm)
                                .generatePublic(new X509EncodedKeySpec(bytes));
                default -> throw new InvalidKeyException("there is no type of keys " + type);
            };
        } catch (IllegalArgumentException | InvalidKeySpecException e) {
            throw new InvalidKeyException("what was wrapped is no such key", e);
        }
    }
}
