package org.opensva.conformance.zoo;

import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.conformance.suite.testbackend.ForwardingBackend;

import java.util.Map;

/** Claims to refuse foreign handles, and does not. */
final class OnlySaysItRefuses implements Defect {

    private static final class Claiming extends ForwardingBackend {
        Claiming(Backend machine) {
            super(machine);
        }

        @Override
        public BackendDescriptor descriptor() {
            BackendDescriptor own = super.descriptor();
            return new BackendDescriptor(
                    own.name(),
                    own.variant(),
                    own.version(),
                    own.vendor(),
                    own.capabilities(),
                    ForeignHandlePolicy.REFUSE,
                    own.pasidSupply(),
                    own.properties());
        }
    }

    @Override
    public Map<String, String> options() {
        return Map.of("foreign-handles", ForeignHandlePolicy.OPENER.id());
    }

    @Override
    public Backend around(Backend machine) {
        return new Claiming(machine);
    }
}
