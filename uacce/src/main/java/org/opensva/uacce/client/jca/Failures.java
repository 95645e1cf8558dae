package org.opensva.uacce.client.jca;

import org.opensva.api.accelerator.JobStatus;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ClientException.Reason;

import java.security.ProviderException;

/** What the library could not do, in the words of the security framework. */
final class Failures {

    private Failures() {}

    /** No device takes it in one job, or it does not fit into the pool's buffers. */
    static boolean isTooLong(ClientException e) {
        return e.reason() == Reason.NO_MEMORY
                || e.result().filter(r -> r.status() == JobStatus.UNSUPPORTED).isPresent();
    }

    static ProviderException of(ClientException e) {
        return new ProviderException(e.getMessage(), e);
    }
}
