package org.opensva.uacce.client.session;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.Operation;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ClientException.Reason;
import org.opensva.uacce.client.ContextPool;

/**
 * Signatures.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class SignatureSession {

    /** RSA with 16384 bits. */
    private static final int LONGEST = 2048;

    private final Messages messages;
    private final Algorithm algorithm;
    private final int options;

    /**
     * Makes a session.
     *
     * @param pool who does the work
     * @param algorithm a signature algorithm
     * @param plain true for ECDSA signatures that are r and s side by side, false for DER
     */
    public SignatureSession(ContextPool pool, Algorithm algorithm, boolean plain) {
        if (!algorithm.operations().contains(Operation.SIGN)) {
            throw new IllegalArgumentException(algorithm.id() + " makes no signatures");
        }
        messages = new Messages(pool);
        this.algorithm = algorithm;
        options = plain ? JobParameters.PLAIN_SIGNATURE : 0;
    }

    /**
     * Signs.
     *
     * @param privateKey PKCS #8 in DER
     * @param bytes the message
     * @return the signature
     * @throws ClientException if it cannot be done
     */
    public byte[] sign(byte[] privateKey, byte[] bytes) {
        Recipe recipe =
                Recipe.of(Operation.SIGN, algorithm).withOptions(options).withKey(privateKey);
        return messages.run(recipe, bytes, 0, bytes.length, LONGEST, LONGEST);
    }

    /**
     * Verifies.
     *
     * @param publicKey X.509 SubjectPublicKeyInfo in DER
     * @param bytes the message
     * @param signature its signature
     * @return true if it is that of the message
     * @throws ClientException if it cannot be done
     */
    public boolean verify(byte[] publicKey, byte[] bytes, byte[] signature) {
        if (signature.length == 0) {
            return false;
        }
        Recipe recipe =
                Recipe.of(Operation.VERIFY, algorithm)
                        .withOptions(options)
                        .withKey(publicKey)
                        .withTag(signature);
        try {
            messages.run(recipe, bytes, 0, bytes.length, 0, 0);
            return true;
        } catch (ClientException e) {
            if (e.reason() == Reason.AUTHENTICATION_FAILED) {
                return false;
            }
            throw e;
        }
    }
}
