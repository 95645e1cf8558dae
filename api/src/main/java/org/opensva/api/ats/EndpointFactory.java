package org.opensva.api.ats;

/** Makes bus interfaces of devices: the layer that a vendor of an ATC replaces. */
public interface EndpointFactory {

    /**
     * Makes an endpoint and plugs it in.
     *
     * @param config what it shall be able to do
     * @param agent where it is plugged in
     * @return the endpoint, with PASID, ATS and PRI disabled
     * @throws IllegalArgumentException if this vendor's endpoint cannot do what is asked for
     */
    Endpoint create(EndpointConfig config, TranslationAgent agent);
}
