package org.opensva.uacce.client.jca;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.session.DigestSession;

import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.Key;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Arrays;

import javax.crypto.MacSpi;
import javax.crypto.SecretKey;

/** An HMAC (RFC 2104). Cloning is limited as that of {@link AcceleratedDigest}. */
final class AcceleratedMac extends MacSpi implements Cloneable {

    /** More than the block of any digest. */
    private static final int LONGEST_KEY = 1 << 10;

    private final ContextPool pool;
    private final Algorithm algorithm;
    private final int length;
    private byte[] key = new byte[0];
    private @Nullable DigestSession session;
    private @Nullable Message message;

    AcceleratedMac(ContextPool pool, Algorithm algorithm) {
        this.pool = pool;
        this.algorithm = algorithm;
        length = DigestLength.of(algorithm);
    }

    @Override
    protected int engineGetMacLength() {
        return length;
    }

    @Override
    protected void engineInit(@Nullable Key given, @Nullable AlgorithmParameterSpec parameters)
            throws InvalidKeyException, InvalidAlgorithmParameterException {
        if (parameters != null) {
            throw new InvalidAlgorithmParameterException("HMAC takes no parameters");
        }
        if (!(given instanceof SecretKey)) {
            throw new InvalidKeyException("a secret key is needed");
        }
        byte[] bytes = KeyBytes.raw(given);
        engineReset();
        DigestSession old = session;
        if (old != null) {
            old.close();
        }
        Arrays.fill(key, (byte) 0);
        key = usable(bytes);
        DigestSession fresh = new DigestSession(pool, algorithm, key);
        session = fresh;
        message = new Message(fresh);
    }

    /**
     * RFC 2104 pads keys with zeros, so that an empty one and a zero are the same key, and hashes
     * those that are longer than a block: a device needs not take more.
     */
    private byte[] usable(byte[] bytes) {
        if (bytes.length == 0) {
            return new byte[1];
        }
        if (bytes.length <= LONGEST_KEY) {
            return bytes;
        }
        try (DigestSession digest = new DigestSession(pool, algorithm)) {
            return digest.digest(bytes);
        } catch (ClientException e) {
            throw Failures.of(e);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    private Message message() {
        Message current = message;
        if (current == null) {
            throw new IllegalStateException("the MAC has no key");
        }
        return current;
    }

    @Override
    protected void engineUpdate(byte input) {
        engineUpdate(new byte[] {input}, 0, 1);
    }

    @Override
    protected void engineUpdate(byte[] input, int offset, int count) {
        try {
            message().add(input, offset, count);
        } catch (ClientException e) {
            throw Failures.of(e);
        }
    }

    @Override
    protected byte[] engineDoFinal() {
        try {
            return message().finish();
        } catch (ClientException e) {
            throw Failures.of(e);
        }
    }

    @Override
    protected void engineReset() {
        Message current = message;
        if (current != null) {
            current.reset();
        }
    }

    @Override
    public Object clone() throws CloneNotSupportedException {
        AcceleratedMac copy = (AcceleratedMac) super.clone();
        copy.key = key.clone();
        Message current = message;
        if (current != null) {
            DigestSession own = new DigestSession(pool, algorithm, copy.key);
            copy.session = own;
            copy.message = current.copy(own);
        }
        return copy;
    }
}
