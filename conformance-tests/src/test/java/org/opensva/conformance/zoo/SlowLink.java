package org.opensva.conformance.zoo;

import org.opensva.api.ats.AgentPort;

import java.util.concurrent.locks.LockSupport;

/**
 * A link on which answers and writes take their time, as they may. Sound by itself: whoever uses a
 * translation waits inside the guard.
 */
final class SlowLink extends FaultyLink {

    private static final long NANOS = 300_000;

    @Override
    AgentPort towardsIommu(AgentPort port) {
        return new ForwardingAgentPort(port) {
            @Override
            public int translate(int pasid, int access, long address, long[] entries) {
                int count = super.translate(pasid, access, address, entries);
                LockSupport.parkNanos(NANOS);
                return count;
            }

            @Override
            public long writeTranslated(long address, byte[] source, int offset, int length) {
                LockSupport.parkNanos(NANOS);
                return super.writeTranslated(address, source, offset, length);
            }
        };
    }
}
