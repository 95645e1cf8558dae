package org.opensva.conformance.zoo;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.backend.Introspection;
import org.opensva.api.process.ProcessHost;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Claims to refuse foreign handles, and does not. */
final class OnlySaysItRefuses implements Defect {

    private record Claiming(Backend machine) implements Backend {
        @Override
        public BackendDescriptor descriptor() {
            BackendDescriptor own = machine.descriptor();
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

        @Override
        public ProcessHost processes() {
            return machine.processes();
        }

        @Override
        public List<Accelerator> accelerators() {
            return machine.accelerators();
        }

        @Override
        public Optional<Introspection> introspection() {
            return machine.introspection();
        }

        @Override
        public void close() {
            machine.close();
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
