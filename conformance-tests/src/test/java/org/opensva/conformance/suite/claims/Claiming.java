package org.opensva.conformance.suite.claims;

import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.Capability;
import org.opensva.conformance.suite.testbackend.ForwardingBackend;

import java.util.Set;

/** A machine that says something else about itself than what is true. */
final class Claiming extends ForwardingBackend {

    private final Set<Capability> claims;

    Claiming(Backend machine, Set<Capability> claims) {
        super(machine);
        this.claims = claims;
    }

    @Override
    public BackendDescriptor descriptor() {
        BackendDescriptor own = super.descriptor();
        return new BackendDescriptor(
                own.name(),
                own.variant(),
                own.version(),
                own.vendor(),
                claims,
                own.foreignHandles(),
                own.pasidSupply(),
                own.properties());
    }
}
