package org.opensva.uacce.client.jca;

import org.jspecify.annotations.Nullable;

import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.Key;
import java.security.NoSuchAlgorithmException;
import java.security.ProviderException;
import java.security.SecureRandom;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Arrays;

import javax.crypto.BadPaddingException;
import javax.crypto.CipherSpi;
import javax.crypto.IllegalBlockSizeException;
import javax.crypto.NoSuchPaddingException;

/**
 * What every transformation answers alike: mode and padding are part of its name, and a key is
 * wrapped as a message is encrypted.
 */
abstract class Transformation extends CipherSpi {

    @Override
    protected void engineInit(int opmode, Key key, @Nullable SecureRandom random)
            throws InvalidKeyException {
        try {
            engineInit(opmode, key, (AlgorithmParameterSpec) null, random);
        } catch (InvalidAlgorithmParameterException e) {
            throw new InvalidKeyException(e.getMessage(), e);
        }
    }

    @Override
    protected final void engineSetMode(String name) throws NoSuchAlgorithmException {
        throw new NoSuchAlgorithmException("the mode is part of the transformation");
    }

    @Override
    protected final void engineSetPadding(String name) throws NoSuchPaddingException {
        throw new NoSuchPaddingException("the padding is part of the transformation");
    }

    @Override
    protected final byte[] engineWrap(Key key)
            throws IllegalBlockSizeException, InvalidKeyException {
        byte[] bytes = AesKey.wrapped(key);
        try {
            return engineDoFinal(bytes, 0, bytes.length);
        } catch (BadPaddingException e) {
            throw new ProviderException("nothing is unpadded or verified in encryption", e);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    @Override
    protected final Key engineUnwrap(byte[] wrapped, String algorithm, int type)
            throws InvalidKeyException, NoSuchAlgorithmException {
        try {
            return AesKey.unwrapped(engineDoFinal(wrapped, 0, wrapped.length), algorithm, type);
        } catch (IllegalBlockSizeException | BadPaddingException e) {
            throw new InvalidKeyException("what was wrapped is no key of this cipher", e);
        }
    }
}
