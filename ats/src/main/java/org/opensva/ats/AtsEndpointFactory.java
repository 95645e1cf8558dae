package org.opensva.ats;

import jakarta.inject.Inject;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.Endpoint;
import org.opensva.api.ats.EndpointConfig;
import org.opensva.api.ats.EndpointFactory;
import org.opensva.api.ats.TranslationAgent;

import java.time.Duration;

/**
 * Makes endpoints with an address translation cache and a page request interface, as PCI Express
 * describes them.
 *
 * <p>What such an endpoint promises:
 *
 * <ul>
 *   <li>An Invalidate Completion leaves after every access that used a covered translation has
 *       finished, reads and writes alike, and no access that begins later uses one.
 *   <li>An answer to a translation request that an invalidation overtook is not used.
 *   <li>A completion without permission is never cached; one for untranslated access only is
 *       obeyed.
 *   <li>A page that is missing is asked for, again and again within bounds, because a response
 *       Success is not a lease; a response that never comes ends the access, not the device.
 *   <li>{@link Endpoint#stopPasid} ends what has begun; what begins later is a new use of the
 *       PASID, and allowed. The caller keeps its engines from beginning anything until there is
 *       one.
 * </ul>
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class AtsEndpointFactory implements EndpointFactory {

    /** How long a page group response is waited for if nothing else is said. */
    public static final Duration PAGE_RESPONSE_TIMEOUT = Duration.ofSeconds(10);

    private final EndpointQuirks quirks;
    private final Duration pageResponseTimeout;

    /** Creates a factory of faithful endpoints. */
    @Inject
    public AtsEndpointFactory() {
        this(EndpointQuirks.NONE);
    }

    /**
     * Creates a factory of endpoints that deviate from the specification.
     *
     * @param quirks how
     */
    public AtsEndpointFactory(EndpointQuirks quirks) {
        this(quirks, PAGE_RESPONSE_TIMEOUT);
    }

    /**
     * Creates a factory.
     *
     * @param quirks how its endpoints deviate from the specification
     * @param pageResponseTimeout how long they wait for a page group response, more than zero
     */
    public AtsEndpointFactory(EndpointQuirks quirks, Duration pageResponseTimeout) {
        if (pageResponseTimeout.isNegative() || pageResponseTimeout.isZero()) {
            throw new IllegalArgumentException(
                    "pageResponseTimeout is " + pageResponseTimeout + ", allowed: more than zero");
        }
        this.quirks = quirks;
        this.pageResponseTimeout = pageResponseTimeout;
    }

    @Override
    public Endpoint create(EndpointConfig config, TranslationAgent agent) {
        MessageReceiver receiver = new MessageReceiver();
        AgentPort port = agent.connect(config.requester(), receiver);
        AtsEndpoint endpoint =
                new AtsEndpoint(
                        config,
                        port,
                        () -> agent.disconnect(config.requester()),
                        quirks,
                        pageResponseTimeout.toNanos());
        receiver.connect(endpoint);
        return endpoint;
    }
}
