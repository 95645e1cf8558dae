package org.opensva.api.ats;

/**
 * The device end of a link: what the IOMMU sends to.
 *
 * <p><b>Threading.</b> Any thread may call, with locks of the IOMMU held. An implementation may
 * answer from within the call or later, from any thread; it must not wait for anything that needs
 * the IOMMU's command queue to make progress.
 */
public interface DevicePort {

    /**
     * Receives an Invalidate Request. The device answers with {@link AgentPort#complete} once every
     * access that used a matching entry has finished.
     *
     * @param request the message
     */
    void invalidate(InvalidateRequest request);

    /**
     * Receives a PRG Response.
     *
     * @param response the message
     */
    void respond(PageGroupResponse response);
}
