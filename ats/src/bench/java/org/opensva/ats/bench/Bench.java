package org.opensva.ats.bench;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.ats.AtsEndpointFactory;

import java.util.Random;

/**
 * An endpoint on an agent that maps every page to the same place of a plain array, and costs
 * nothing: what is measured is the endpoint.
 */
final class Bench implements TranslationAgent, AgentPort {

    /** As many accesses as there are in a precomputed order. */
    static final int ORDER = 1 << 17;

    private static final RequesterId REQUESTER = RequesterId.of(1, 0, 0);
    private static final long ANSWER =
            TranslationEntry.of(0, 12, TranslationEntry.R | TranslationEntry.W);

    private final byte[] memory = new byte[4096];
    private final boolean moving;
    private DevicePort device = new Unplugged();

    private Bench(boolean moving) {
        this.moving = moving;
    }

    /** Nothing. */
    private record Unplugged() implements DevicePort {
        @Override
        public void invalidate(InvalidateRequest request) {}

        @Override
        public void respond(PageGroupResponse response) {}
    }

    /** An endpoint and where its messages come from. */
    record Plugged(Endpoint endpoint, DevicePort port) {

        /** Invalidates a range. */
        void invalidate(int pasid, long address, int sizeShift) {
            port.invalidate(new InvalidateRequest(0, pasid, address, sizeShift, false));
        }
    }

    /**
     * Makes an endpoint.
     *
     * @param entries capacity of its cache, a power of two
     * @param moving true to move bytes, false to measure the way there only
     */
    static Plugged plug(int entries, boolean moving) {
        Bench agent = new Bench(moving);
        EndpointConfig config =
                new EndpointConfig("bench", REQUESTER, 20, true, false, false, entries, 32, 1);
        Endpoint endpoint = new AtsEndpointFactory().create(config, agent);
        endpoint.setPasidEnabled(true);
        endpoint.setAtsEnabled(true);
        return new Plugged(endpoint, agent.device);
    }

    /** Numbers below a bound in a pseudo-random order, the same in every run. */
    static int[] order(int bound) {
        Random random = new Random(42);
        int[] order = new int[ORDER];
        for (int i = 0; i < ORDER; i++) {
            order[i] = random.nextInt(bound);
        }
        return order;
    }

    @Override
    public AgentPort connect(RequesterId requester, DevicePort plugged) {
        device = plugged;
        return this;
    }

    @Override
    public void disconnect(RequesterId requester) {}

    @Override
    public int translate(int pasid, int access, long address, long[] entries) {
        if (pasid == Pasid.NONE) {
            return UNSUPPORTED_REQUEST;
        }
        for (int i = 0; i < entries.length; i++) {
            entries[i] = ANSWER;
        }
        return entries.length;
    }

    @Override
    public long readTranslated(long address, byte[] target, int offset, int length) {
        if (moving) {
            System.arraycopy(memory, (int) address, target, offset, length);
        }
        return DmaResult.complete(length);
    }

    @Override
    public long writeTranslated(long address, byte[] source, int offset, int length) {
        if (moving) {
            System.arraycopy(source, offset, memory, (int) address, length);
        }
        return DmaResult.complete(length);
    }

    @Override
    public void complete(InvalidateCompletion completion) {}

    @Override
    public void request(PageRequest request) {}

    @Override
    public long read(int pasid, int access, long address, byte[] target, int offset, int length) {
        throw new IllegalStateException("an untranslated read");
    }

    @Override
    public long write(int pasid, int access, long address, byte[] source, int offset, int length) {
        throw new IllegalStateException("an untranslated write");
    }
}
