package org.opensva.conformance.suite.parts;

import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.backend.Capability;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.conformance.suite.bench.NotObservable;
import org.opensva.conformance.suite.bench.TestBench;

/**
 * An endpoint of the backend under test with the suite in the place of its IOMMU.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class WiredEndpoint {

    /** How many page requests the endpoint is made for. */
    public static final int CAPACITY = 16;

    /** The PASID that the tests use. */
    public static final int PASID = 3;

    private static final RequesterId PLACE = RequesterId.of(0x20, 3, 0);

    private final TestBench bench;
    private final ScriptedAgent agent = new ScriptedAgent();
    private final Endpoint endpoint;
    private final boolean pri;

    private WiredEndpoint(TestBench bench, int depth) {
        this.bench = bench;
        this.pri = bench.claims(Capability.PRI);
        var factory =
                bench.parts()
                        .endpoints()
                        .orElseThrow(() ->
                                new NotObservable(
                                        "the backend shows nothing that makes its endpoints"));
        try {
            endpoint =
                    bench.adopt(
                            factory.create(
                                    new EndpointConfig(
                                            "probed", PLACE, 8, true, pri, false, 64, depth,
                                            CAPACITY),
                                    agent));
        } catch (IllegalArgumentException e) {
            throw new NotObservable("no such endpoint can be made: " + e.getMessage());
        }
    }

    /**
     * Makes an endpoint with every switch off.
     *
     * @param bench the bench, which unplugs it
     * @return the endpoint
     */
    public static WiredEndpoint of(TestBench bench) {
        return new WiredEndpoint(bench, 32);
    }

    /**
     * The suite's end of the link.
     *
     * @return the agent
     */
    public ScriptedAgent agent() {
        return agent;
    }

    /**
     * The endpoint.
     *
     * @return as the factory made it
     */
    public Endpoint endpoint() {
        return endpoint;
    }

    /**
     * Enables PASID and ATS, as a driver does.
     *
     * @return this
     */
    public WiredEndpoint ats() {
        bench.step("PASID and ATS are enabled");
        endpoint.setPasidEnabled(true);
        endpoint.setAtsEnabled(true);
        return this;
    }

    /**
     * Enables PASID, ATS and page requests.
     *
     * @param outstanding how many requests may be outstanding
     * @return this
     */
    public WiredEndpoint pri(int outstanding) {
        ats();
        bench.step("page requests are enabled, %d may be outstanding", outstanding);
        endpoint.setPriEnabled(true, outstanding);
        return this;
    }

    /** Disables ATS and enables it again, in the order that PCI Express demands. */
    public void cycleAts() {
        if (pri) {
            endpoint.setPriEnabled(false, 0);
        }
        endpoint.setAtsEnabled(false);
        endpoint.setAtsEnabled(true);
    }

    /**
     * The device reads eight bytes.
     *
     * @param address the untranslated address
     * @return a packed {@link org.opensva.api.iommu.DmaResult}
     */
    public long read(long address) {
        return endpoint.read(PASID, Access.READ, address, new byte[8], 0, 8);
    }

    /**
     * The device writes bytes.
     *
     * @param address the untranslated address
     * @param length how many
     * @return a packed {@link org.opensva.api.iommu.DmaResult}
     */
    public long write(long address, int length) {
        return endpoint.write(PASID, Access.WRITE, address, new byte[length], 0, length);
    }

    /**
     * Sends the device an Invalidate Request for a page of the PASID.
     *
     * @param itag 0 to 31
     * @param page its address
     */
    public void invalidate(int itag, long page) {
        agent.device().invalidate(new InvalidateRequest(itag, PASID, page & -4096L, 12, false));
    }

    /**
     * Answers the group of a request.
     *
     * @param request any request of it
     * @param response the answer
     */
    public void respond(PageRequest request, PageResponse response) {
        agent.device()
                .respond(new PageGroupResponse(request.pasid(), request.groupIndex(), response));
    }
}
