package org.opensva.conformance.zoo;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.memory.Access;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongPredicate;

/**
 * The IOMMU keeps certain answers to translation requests and gives them again, whatever is asked,
 * until it sends an invalidation that covers them.
 */
final class AnswersKept extends FaultyLink {

    private record Asked(int pasid, long page) {}

    private final LongPredicate keeps;
    private final boolean forEver;
    private final Map<Asked, Long> kept = new ConcurrentHashMap<>();

    private AnswersKept(LongPredicate keeps, boolean forEver) {
        this.keeps = keeps;
        this.forEver = forEver;
    }

    /** Read-only translations are kept, as an IOTLB may that does not walk again. */
    static AnswersKept readOnlyOnes() {
        return new AnswersKept(
                entry ->
                        (TranslationEntry.access(entry) & (Access.READ | Access.WRITE))
                                == Access.READ,
                false);
    }

    /** Refusals are kept, which PCI Express forbids. */
    static AnswersKept refusals() {
        return new AnswersKept(entry -> TranslationEntry.access(entry) == 0, true);
    }

    @Override
    AgentPort towardsIommu(AgentPort port) {
        return new ForwardingAgentPort(port) {
            @Override
            public int translate(int pasid, int access, long address, long[] entries) {
                Asked asked = new Asked(pasid, address >>> 12);
                Long known = kept.get(asked);
                if (known != null) {
                    entries[0] = known;
                    return 1;
                }
                int count = super.translate(pasid, access, address, entries);
                if (count > 0 && keeps.test(entries[0])) {
                    kept.put(asked, entries[0]);
                }
                return count;
            }
        };
    }

    @Override
    DevicePort towardsDevice(DevicePort port) {
        return new DevicePort() {
            @Override
            public void invalidate(InvalidateRequest request) {
                if (!forEver) {
                    kept.keySet()
                            .removeIf(asked ->
                                    asked.pasid() == request.pasid()
                                            && request.covers(asked.page() << 12));
                }
                port.invalidate(request);
            }

            @Override
            public void respond(PageGroupResponse response) {
                port.respond(response);
            }
        };
    }
}
