package org.opensva.linux.iommu;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.telemetry.CounterSource;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.linux.mm.SharedMemory;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Where devices are plugged in: PASIDs lead to address spaces of real processes.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class HostIommu implements TranslationAgent, CounterSource {

    /** A device that takes longer to complete an invalidation is cut off, usually. */
    public static final Duration INVALIDATION_LIMIT = Duration.ofSeconds(10);

    private final HardwareEventSink events;
    private final int pasidBits;
    private final boolean ats;
    private final Duration limit;
    private final TranslatedSpace translated = new TranslatedSpace();
    private final Map<RequesterId, HostPort> ports = new ConcurrentHashMap<>();

    /**
     * Creates it without devices.
     *
     * @param events where events go
     * @param pasidBits how many PASID bits requests have, 1 to 20
     * @param ats true if devices may cache translations, and are told when to forget them
     * @param limit after what time a device that does not complete an invalidation is cut off for
     *     good; more than zero
     */
    public HostIommu(HardwareEventSink events, int pasidBits, boolean ats, Duration limit) {
        this.ats = ats;
        this.limit = limit;
        this.events = events;
        this.pasidBits = pasidBits;
    }

    @Override
    public AgentPort connect(RequesterId requester, DevicePort device) {
        HostPort port = new HostPort(requester, device, translated, events, pasidBits, ats, limit);
        if (ports.putIfAbsent(requester, port) != null) {
            throw new IllegalStateException("requester id " + requester + " is taken");
        }
        return port;
    }

    @Override
    public void disconnect(RequesterId requester) {
        HostPort port = ports.remove(requester);
        if (port != null) {
            port.disconnect();
        }
    }

    @Nullable HostPort port(RequesterId requester) {
        return ports.get(requester);
    }

    TranslatedSpace translated() {
        return translated;
    }

    /**
     * Makes a memory object unreachable for devices. No translation that leads there is cached any
     * more, because every process that maps it has ended.
     *
     * @param object the object
     */
    public void forget(SharedMemory object) {
        translated.remove(object);
    }

    @Override
    public long count(HardwareCounter counter) {
        long sum = 0;
        for (HostPort port : ports.values()) {
            sum += port.count(counter);
        }
        return sum;
    }

    @Override
    public long count(HardwareCounter counter, int requester) {
        HostPort port = ports.get(new RequesterId(requester));
        return port == null ? 0 : port.count(counter);
    }
}
