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
import java.security.PrivateKey;
import java.security.ProviderException;
import java.security.PublicKey;
import java.security.SignatureException;
import java.security.SignatureSpi;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Arrays;

/** A signature. The message is collected, and one job signs or verifies it. */
final class AcceleratedSignature extends SignatureSpi {

    private final ContextPool pool;
    private final SignatureKind kind;
    private @Nullable SignatureSession session;
    private @Nullable PSSParameterSpec pss;
    private byte[] key = new byte[0];
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
        byte[] bytes = KeyBytes.x509(given);
        if (given != null) {
            KeyBytes.require(given, kind.keys());
            KeyBytes.requireCurve(given, kind.algorithm().id());
        }
        use(bytes);
    }

    @Override
    protected void engineInitSign(@Nullable PrivateKey given) throws InvalidKeyException {
        byte[] bytes = KeyBytes.pkcs8(given);
        if (given != null) {
            KeyBytes.require(given, kind.keys());
            KeyBytes.requireCurve(given, kind.algorithm().id());
        }
        use(bytes);
    }

    private void use(byte[] bytes) {
        Arrays.fill(key, (byte) 0);
        key = bytes;
        message.reset();
    }

    @Override
    protected void engineUpdate(byte b) throws SignatureException {
        session();
        message.write(b);
    }

    @Override
    protected void engineUpdate(byte[] bytes, int offset, int length) throws SignatureException {
        session();
        message.write(bytes, offset, length);
    }

    @Override
    protected byte[] engineSign() throws SignatureException {
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
        byte[] whole = message.toByteArray();
        message.reset();
        try {
            return session().verify(key, whole, signature);
        } catch (ClientException e) {
            throw new SignatureException(e.getMessage(), e);
        }
    }

    @Override
    protected void engineSetParameter(@Nullable AlgorithmParameterSpec parameters)
            throws InvalidAlgorithmParameterException {
        if (kind.needsParameters()) {
            setPss(parameters);
        } else if (parameters != null) {
            throw new InvalidAlgorithmParameterException(
                    kind.standardName() + " takes no parameters");
        }
    }

    private void setPss(@Nullable AlgorithmParameterSpec parameters)
            throws InvalidAlgorithmParameterException {
        if (!(parameters instanceof PSSParameterSpec spec)) {
            throw new InvalidAlgorithmParameterException("the parameters are not for PSS");
        }
        if (message.size() > 0) {
            throw new ProviderException("the message has begun");
        }
        session = new SignatureSession(pool, SignatureKind.pss(spec), false);
        pss = spec;
    }

    @Override
    protected @Nullable AlgorithmParameters engineGetParameters() {
        PSSParameterSpec spec = pss;
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
