package org.opensva.uacce.client.session;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Operation;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ContextPool;

/**
 * Key agreement.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class AgreementSession {

    private static final int LONGEST = 1024;

    private final Messages messages;
    private final Algorithm algorithm;

    /**
     * Makes a session.
     *
     * @param pool who does the work
     * @param algorithm a key agreement algorithm
     */
    public AgreementSession(ContextPool pool, Algorithm algorithm) {
        if (!algorithm.operations().contains(Operation.AGREE)) {
            throw new IllegalArgumentException(algorithm.id() + " agrees on no keys");
        }
        messages = new Messages(pool);
        this.algorithm = algorithm;
    }

    /**
     * The secret of two parties.
     *
     * @param privateKey one's own, PKCS #8 in DER
     * @param publicKey the peer's, X.509 SubjectPublicKeyInfo in DER
     * @return the raw secret
     * @throws ClientException if it cannot be done
     */
    public byte[] agree(byte[] privateKey, byte[] publicKey) {
        Recipe recipe = Recipe.of(Operation.AGREE, algorithm).withKey(privateKey);
        return messages.run(recipe, publicKey, 0, publicKey.length, LONGEST, LONGEST);
    }
}
