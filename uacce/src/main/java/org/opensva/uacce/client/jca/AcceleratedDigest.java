package org.opensva.uacce.client.jca;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.session.DigestSession;

import java.security.MessageDigestSpi;

/**
 * A digest. It can be cloned as long as no more than {@value Message#LONGEST_KEPT} bytes have been
 * given to it; after that the state is in a device, and cloning is refused.
 */
final class AcceleratedDigest extends MessageDigestSpi implements Cloneable {

    private final DigestSession session;
    private final int length;
    private Message message;

    AcceleratedDigest(ContextPool pool, Algorithm algorithm) {
        session = new DigestSession(pool, algorithm);
        length = DigestLength.of(algorithm);
        message = new Message(session);
    }

    @Override
    protected int engineGetDigestLength() {
        return length;
    }

    @Override
    protected void engineUpdate(byte input) {
        engineUpdate(new byte[] {input}, 0, 1);
    }

    @Override
    protected void engineUpdate(byte[] input, int offset, int count) {
        try {
            message.add(input, offset, count);
        } catch (ClientException e) {
            throw Failures.of(e);
        }
    }

    @Override
    protected byte[] engineDigest() {
        try {
            return message.finish();
        } catch (ClientException e) {
            throw Failures.of(e);
        }
    }

    @Override
    protected void engineReset() {
        message.reset();
    }

    @Override
    public Object clone() throws CloneNotSupportedException {
        AcceleratedDigest copy = (AcceleratedDigest) super.clone();
        copy.message = message.copy(session);
        return copy;
    }
}
