package org.opensva.conformance.suite.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.inject.Module;

import org.junit.jupiter.api.Test;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendOption;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendRequest;
import org.opensva.api.backend.BackendVariant;

import java.util.List;
import java.util.Map;

/** One factor for every limit, those of the backend among them. */
class LimitsTest {

    /** Has limits of its own, and remembers what they were asked to be. */
    private static final class Patient implements BackendProvider {
        private String factor = "";

        @Override
        public String name() {
            return "patient";
        }

        @Override
        public List<BackendVariant> variants() {
            return List.of(BackendVariant.available("", "waits"));
        }

        @Override
        public List<BackendOption> options() {
            return List.of(new BackendOption(BackendOption.TIMEOUT_FACTOR, "how long", "1"));
        }

        @Override
        public Module module(BackendRequest request) {
            factor = String.valueOf(request.options().get(BackendOption.TIMEOUT_FACTOR));
            return binder -> {};
        }
    }

    private final Patient provider = new Patient();

    private String asked(double factor, Map<String, String> options) {
        BackendCatalog catalog = BackendCatalog.of(List.of(provider));
        new Limits(factor).reaching(catalog).module("patient", options);
        return provider.factor;
    }

    @Test
    void aSlowMachineIsSlowForTheBackendToo() {
        assertEquals("4.5", asked(4.5, Map.of()));
        assertEquals("1", asked(1, Map.of()));
    }

    @Test
    void whoeverIsInAHurryHurriesNoBackend() {
        assertEquals("1", asked(0.02, Map.of()));
    }

    @Test
    void whatIsAskedOfABackendByNameHolds() {
        assertEquals("3", asked(4.5, Map.of(BackendOption.TIMEOUT_FACTOR, "3")));
    }
}
