package org.opensva.uacce.client.jca;

import org.opensva.uacce.client.ClientException;

import java.security.ProviderException;

/** What the library could not do, in the words of the security framework. */
final class Failures {

    private Failures() {}

    static ProviderException of(ClientException e) {
        return new ProviderException(e.getMessage(), e);
    }
}
