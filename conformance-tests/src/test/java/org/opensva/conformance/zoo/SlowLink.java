package org.opensva.conformance.zoo;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateRequest;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A link on which answers and writes take their time, as they may; those that an invalidation
 * overtakes take longest. Sound by itself: whoever uses a translation waits inside the guard.
 */
final class SlowLink extends FaultyLink {

    /** Long enough that an access is nearly always under way. */
    private static final long MOMENT = 1;

    /** Much longer than what an unmapping takes. */
    private static final long LONG = 1_500_000;

    private final AtomicInteger invalidations = new AtomicInteger();

    @Override
    DevicePort towardsDevice(DevicePort port) {
        return new ForwardingDevicePort(port) {
            @Override
            public void invalidate(InvalidateRequest request) {
                invalidations.incrementAndGet();
                super.invalidate(request);
            }
        };
    }

    @Override
    AgentPort towardsIommu(AgentPort port) {
        return new ForwardingAgentPort(port) {
            @Override
            public int translate(int pasid, int access, long address, long[] entries) {
                int count = super.translate(pasid, access, address, entries);
                LockSupport.parkNanos(LONG);
                return count;
            }

            @Override
            public long writeTranslated(long address, byte[] source, int offset, int length) {
                int before = invalidations.get();
                LockSupport.parkNanos(MOMENT);
                if (invalidations.get() != before) {
                    LockSupport.parkNanos(LONG);
                }
                return super.writeTranslated(address, source, offset, length);
            }
        };
    }
}
