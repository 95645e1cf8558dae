package org.opensva.ats.link;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.iommu.RequesterId;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.ToLongFunction;

/**
 * A link that loses, repeats, delays and damages messages. It is put before a translation agent,
 * and devices are plugged into it.
 *
 * <p>What happens to the n-th message of a kind follows from the seed alone. What cannot happen on
 * a link does not: messages of an ordered kind do not pass each other, reads and writes are left
 * alone, and a completion does not pass the writes that come before it. A damaged message is never
 * delivered as such: that is what the CRCs of a link are for, so that it is late or gone.
 *
 * <p><b>Threading.</b> Any thread may call. Messages that are late arrive in a thread of the link.
 */
public final class FaultInjectingLink implements TranslationAgent, AutoCloseable {

    private final TranslationAgent agent;
    private final LinkFaults faults;
    private final long seed;
    private final ScheduledThreadPoolExecutor clock;
    private final Map<RequesterId, Wire> wires = new ConcurrentHashMap<>();

    /**
     * Creates a link.
     *
     * @param agent its other end
     * @param faults what happens
     * @param seed what chooses the messages that it happens to
     */
    public FaultInjectingLink(TranslationAgent agent, LinkFaults faults, long seed) {
        this.agent = agent;
        this.faults = faults;
        this.seed = seed;
        clock =
                new ScheduledThreadPoolExecutor(
                        1, Thread.ofPlatform().daemon().name("link").factory());
        clock.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    @Override
    public AgentPort connect(RequesterId requester, DevicePort device) {
        Wire wire = new Wire(device, requester);
        AgentPort port = agent.connect(requester, wire);
        wires.put(requester, wire);
        return wire.towards(port);
    }

    @Override
    public void disconnect(RequesterId requester) {
        agent.disconnect(requester);
        wires.remove(requester);
    }

    /**
     * How many messages were lost so far, of devices that are plugged in.
     *
     * @param kind which messages
     * @return a count
     */
    public long lost(LinkMessage kind) {
        return sum(kind, Lane::lost);
    }

    /**
     * How many messages were garbled on the wire and sent again, of devices that are plugged in.
     *
     * @param kind which messages
     * @return a count
     */
    public long replayed(LinkMessage kind) {
        return sum(kind, Lane::replayed);
    }

    /**
     * How many messages arrived damaged and were dropped, of devices that are plugged in.
     *
     * @param kind which messages
     * @return a count
     */
    public long poisoned(LinkMessage kind) {
        return sum(kind, Lane::poisoned);
    }

    private long sum(LinkMessage kind, ToLongFunction<Lane> count) {
        long sum = 0;
        for (Wire wire : wires.values()) {
            sum += count.applyAsLong(wire.lane(kind));
        }
        return sum;
    }

    /** Ends the link's thread; messages that are still under way are lost. */
    @Override
    public void close() {
        clock.shutdown();
    }

    /** The way to one device, and from there it is made the way to the agent. */
    private final class Wire implements DevicePort {

        private final DevicePort device;
        private final Map<LinkMessage, Lane> lanes = new EnumMap<>(LinkMessage.class);

        Wire(DevicePort device, RequesterId requester) {
            this.device = device;
            for (LinkMessage kind : LinkMessage.values()) {
                lanes.put(kind, new Lane(kind, faults, seed + requester.value() * 31L, clock));
            }
        }

        Lane lane(LinkMessage kind) {
            Lane lane = lanes.get(kind);
            if (lane == null) {
                throw new AssertionError(kind); // The constructor made one for each.
            }
            return lane;
        }

        AgentPort towards(AgentPort port) {
            return new AgentWire(
                    port,
                    lane(LinkMessage.TRANSLATION),
                    lane(LinkMessage.INVALIDATE_COMPLETION),
                    lane(LinkMessage.PAGE_REQUEST));
        }

        @Override
        public void invalidate(InvalidateRequest request) {
            lane(LinkMessage.INVALIDATE_REQUEST).send(() -> device.invalidate(request));
        }

        @Override
        public void respond(PageGroupResponse response) {
            lane(LinkMessage.PAGE_GROUP_RESPONSE).send(() -> device.respond(response));
        }
    }

    /** The way to the agent. */
    private record AgentWire(AgentPort port, Lane translations, Lane completions, Lane pageRequests)
            implements AgentPort {

        @Override
        public int translate(int pasid, int access, long address, long[] entries) {
            return translations.arrives()
                    ? port.translate(pasid, access, address, entries)
                    : COMPLETER_ABORT;
        }

        @Override
        public long readTranslated(long address, byte[] target, int offset, int length) {
            return port.readTranslated(address, target, offset, length);
        }

        @Override
        public long writeTranslated(long address, byte[] source, int offset, int length) {
            return port.writeTranslated(address, source, offset, length);
        }

        @Override
        public void complete(InvalidateCompletion completion) {
            completions.send(() -> port.complete(completion));
        }

        @Override
        public void request(PageRequest request) {
            pageRequests.send(() -> port.request(request));
        }

        @Override
        public long read(
                int pasid, int access, long address, byte[] target, int offset, int length) {
            return port.read(pasid, access, address, target, offset, length);
        }

        @Override
        public long write(
                int pasid, int access, long address, byte[] source, int offset, int length) {
            return port.write(pasid, access, address, source, offset, length);
        }
    }
}
