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
 * devices do not have, set when it has its key, the next provider does it.
 */
final class AcceleratedSignature extends SignatureSpi {

    private final ContextPool pool;
    private final SignatureKind kind;
    private @Nullable SignatureSession session;
    private @Nullable PSSParameterSpec pss;
    private byte[] key = new byte[0];
    private @Nullable PrivateKey signing;
    private @Nullable PublicKey verifying;

    /** Does it instead, with parameters that devices do not have. */
    private @Nullable Signature other;

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
    }

    private void use(byte[] bytes, @Nullable Key given) throws InvalidKeyException {
        if (given != null) {
            KeyBytes.require(given, kind.keys());
            KeyBytes.requireCurve(given, kind.algorithm().id());
        }
        Arrays.fill(key, (byte) 0);
        key = bytes;
        message.reset();
    }

    @Override
    protected void engineUpdate(byte b) throws SignatureException {
        engineUpdate(new byte[] {b}, 0, 1);
    }

    @Override
    protected void engineUpdate(byte[] bytes, int offset, int length) throws SignatureException {
        Signature next = other;
        if (next != null) {
            next.update(bytes, offset, length);
            begun = true;
            return;
        }
        session();
        message.write(bytes, offset, length);
    }

    @Override
    protected byte[] engineSign() throws SignatureException {
        Signature next = other;
        if (next != null) {
            begun = false;
            return next.sign();
        }
        byte[] whole = message.toByteArray();
        message.reset();
        try {
            return session().sign(key, whole);
        } catch (ClientException e) {
            throw new SignatureException(e.getMessage(), e);
        }
    }

    @Override
    protected boolean engineVerify(byte[] signature) throws SignatureException {
        Signature next = other;
        if (next != null) {
            begun = false;
            return next.verify(signature);
        }
        byte[] whole = message.toByteArray();
        message.reset();
        kind.check(signature, verifying);
        try {
            return session().verify(key, whole, signature);
        } catch (ClientException e) {
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
        String name = kind.standardName();
        try {
            Signature next = Signature.getInstance(name, Elsewhere.provider("Signature", name));
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
