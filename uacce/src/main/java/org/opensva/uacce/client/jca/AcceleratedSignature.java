package org.opensva.uacce.client.jca;

import org.jspecify.annotations.Nullable;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.session.SignatureSession;

import java.io.ByteArrayOutputStream;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.InvalidParameterException;
import java.security.Key;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.ProviderException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.SignatureSpi;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Arrays;

/**
 * A signature. The message is collected, and one job signs or verifies it; with parameters that
 * devices do not have, set when it has its key, the next provider does it, and so it does a message
 * that is too long for that.
 */
final class AcceleratedSignature extends SignatureSpi {

    /** What is longer goes to the next provider as it comes: a device would need all at once. */
    static final int LONGEST_KEPT = 16 << 20;

    private final ContextPool pool;
    private final SignatureKind kind;
    private @Nullable SignatureSession session;
    private @Nullable PSSParameterSpec pss;
    private byte[] key = new byte[0];
    private @Nullable PrivateKey signing;
    private @Nullable PublicKey verifying;

    /** Does it instead, with parameters that devices do not have. */
    private @Nullable Signature other;

    /** Does one message instead, which is too long. */
    private @Nullable Signature overflow;

    private boolean begun;
    private final ByteArrayOutputStream message = new ByteArrayOutputStream();

    AcceleratedSignature(ContextPool pool, SignatureKind kind) {
        this.pool = pool;
        this.kind = kind;
        if (!kind.needsParameters()) {
            session = new SignatureSession(pool, kind.algorithm(), kind.isPlain());
        }
    }

    private SignatureSession session() throws SignatureException {
        SignatureSession current = session;
        if (current == null) {
            throw new SignatureException(kind.standardName() + " needs parameters");
        }
        return current;
    }

    @Override
    protected void engineInitVerify(@Nullable PublicKey given) throws InvalidKeyException {
        Signature next = other;
        if (next != null) {
            next.initVerify(given);
        } else {
            use(KeyBytes.x509(given), given);
        }
        verifying = given;
        signing = null;
        begun = false;
    }

    @Override
    protected void engineInitSign(@Nullable PrivateKey given) throws InvalidKeyException {
        Signature next = other;
        if (next != null) {
            next.initSign(given);
        } else {
            use(KeyBytes.pkcs8(given), given);
        }
        signing = given;
        verifying = null;
        begun = false;
    }

    private void use(byte[] bytes, @Nullable Key given) throws InvalidKeyException {
        if (given != null) {
            KeyBytes.require(given, kind.keys());
            KeyBytes.requireCurve(given, kind.algorithm().id());
        }
        Arrays.fill(key, (byte) 0);
        key = bytes;
        message.reset();
        overflow = null;
    }

    @Override
    protected void engineUpdate(byte b) throws SignatureException {
        engineUpdate(new byte[] {b}, 0, 1);
    }

    @Override
    protected void engineUpdate(byte[] bytes, int offset, int length) throws SignatureException {
        Signature next = elsewhere();
        if (next == null) {
            session();
            if (length <= LONGEST_KEPT - message.size()) {
                message.write(bytes, offset, length);
                return;
            }
            next = tooLong(message.toByteArray());
            overflow = next;
            message.reset();
        }
        next.update(bytes, offset, length);
        begun = true;
    }

    /** Who does it instead; null if a device does. */
    private @Nullable Signature elsewhere() {
        return other == null ? overflow : other;
    }

    /** The next provider, with the same key and parameters and all of the message that there is. */
    private Signature tooLong(byte[] sofar) throws SignatureException {
        PrivateKey own = signing;
        try {
            Signature next = next();
            if (pss != null) {
                next.setParameter(pss);
            }
            if (own != null) {
                next.initSign(own);
            } else {
                next.initVerify(verifying);
            }
            next.update(sofar);
            return next;
        } catch (NoSuchAlgorithmException
                | InvalidAlgorithmParameterException
                | InvalidKeyException e) {
            throw new SignatureException(
                    "the message is too long for a device, and nobody else has %s with this key"
                            .formatted(kind.standardName()),
                    e);
        }
    }

    private Signature next() throws NoSuchAlgorithmException {
        String name = kind.standardName();
        return Signature.getInstance(name, Elsewhere.provider("Signature", name));
    }

    /** Ends the message, and returns what was kept of it. */
    private byte[] kept() throws SignatureException {
        byte[] whole = message.toByteArray();
        message.reset();
        kind.check(whole);
        return whole;
    }

    @Override
    protected byte[] engineSign() throws SignatureException {
        Signature next = elsewhere();
        if (next != null) {
            begun = false;
            overflow = null;
            return next.sign();
        }
        byte[] whole = kept();
        try {
            return session().sign(key, whole);
        } catch (ClientException e) {
            if (Failures.isTooLong(e)) {
                return tooLong(whole).sign();
            }
            throw new SignatureException(e.getMessage(), e);
        }
    }

    @Override
    protected boolean engineVerify(byte[] signature) throws SignatureException {
        Signature next = elsewhere();
        if (next != null) {
            begun = false;
            overflow = null;
            return next.verify(signature);
        }
        byte[] whole = kept();
        kind.check(signature, verifying);
        try {
            return session().verify(key, whole, signature);
        } catch (ClientException e) {
            if (Failures.isTooLong(e)) {
                return tooLong(whole).verify(signature);
            }
            throw new SignatureException(e.getMessage(), e);
        }
    }

    @Override
    protected void engineSetParameter(@Nullable AlgorithmParameterSpec parameters)
            throws InvalidAlgorithmParameterException {
        if (message.size() > 0 || begun) {
            throw new ProviderException("the message has begun");
        }
        try {
            setOwn(parameters);
            boolean moved = other != null;
            other = null;
            if (moved) {
                restart();
            }
        } catch (InvalidAlgorithmParameterException e) {
            if (signing == null && verifying == null) {
                throw e;
            }
            moveTo(parameters);
        }
    }

    private void setOwn(@Nullable AlgorithmParameterSpec parameters)
            throws InvalidAlgorithmParameterException {
        if (kind.needsParameters()) {
            setPss(parameters);
        } else if (parameters != null) {
            throw new InvalidAlgorithmParameterException(
                    kind.standardName() + " takes no parameters");
        }
    }

    /** The framework has chosen, and cannot go on to the next provider any more. */
    private void moveTo(@Nullable AlgorithmParameterSpec parameters)
            throws InvalidAlgorithmParameterException {
        try {
            Signature next = next();
            next.setParameter(parameters);
            other = next;
            restart();
        } catch (NoSuchAlgorithmException e) {
            throw new InvalidAlgorithmParameterException(e.getMessage(), e);
        }
    }

    /** The same key once more. */
    private void restart() throws InvalidAlgorithmParameterException {
        PrivateKey own = signing;
        PublicKey peer = verifying;
        try {
            if (own != null) {
                engineInitSign(own);
            } else if (peer != null) {
                engineInitVerify(peer);
            }
        } catch (InvalidKeyException e) {
            throw new InvalidAlgorithmParameterException(e.getMessage(), e);
        }
    }

    private void setPss(@Nullable AlgorithmParameterSpec parameters)
            throws InvalidAlgorithmParameterException {
        if (!(parameters instanceof PSSParameterSpec spec)) {
            throw new InvalidAlgorithmParameterException("the parameters are not for PSS");
        }
        session = new SignatureSession(pool, SignatureKind.pss(spec), false);
        pss = spec;
    }

    @Override
    protected @Nullable AlgorithmParameters engineGetParameters() {
        Signature next = other;
        PSSParameterSpec spec = pss;
        if (next != null) {
            return next.getParameters();
        }
        if (spec == null) {
            return null;
        }
        try {
            AlgorithmParameters parameters = AlgorithmParameters.getInstance("RSASSA-PSS");
            parameters.init(spec);
            return parameters;
        } catch (GeneralSecurityException e) {
            throw new ProviderException("the JDK has no parameters for PSS", e);
        }
    }

    @Deprecated
    @Override
    protected void engineSetParameter(String name, Object value) {
        throw new InvalidParameterException("there is no parameter " + name);
    }

    @Deprecated
    @Override
    protected Object engineGetParameter(String name) {
        throw new InvalidParameterException("there is no parameter " + name);
    }
}
