package org.opensva.uacce.client.jca;

import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.Security;

/**
 * Who does what devices turn out not to do, after a program has got its object here: the framework
 * asks the next provider only as long as it has not chosen.
 */
final class Elsewhere {

    private Elsewhere() {}

    /**
     * Finds a provider.
     *
     * @param type of the service
     * @param algorithm its name
     * @return the first one that is not this one
     * @throws NoSuchAlgorithmException if there is none
     */
    static Provider provider(String type, String algorithm) throws NoSuchAlgorithmException {
        for (Provider provider : Security.getProviders()) {
            if (!(provider instanceof OpenSvaProvider)
                    && provider.getService(type, algorithm) != null) {
                return provider;
            }
        }
        throw new NoSuchAlgorithmException("nobody else does " + algorithm);
    }
}
