package com.acme.sva;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.Capability;

import java.util.Map;

/** The example is found by its name and takes its option. */
class AcmeBackendProviderTest {

    private final BackendCatalog catalog =
            BackendCatalog.load(AcmeBackendProviderTest.class.getClassLoader());

    private Backend open(Map<String, String> options) {
        return catalog.open("acme", options, OpenTelemetry.noop());
    }

    @Test
    void itIsFoundByNameAndOpened() {
        try (Backend backend = open(Map.of("queues", "2"))) {
            assertEquals("acme", backend.descriptor().qualifiedName());
            assertEquals(2, backend.accelerators().get(1).availableInstances());
            assertEquals(
                    backend.introspection().isPresent(),
                    backend.descriptor().claims(Capability.INTROSPECTION));
            assertTrue(backend.descriptor().claims(Capability.FOREIGN_REFUSE));
        }
    }

    @Test
    void aNumberOfQueuesThatMakesNoSenseIsOneLine() {
        String message =
                assertThrows(BackendException.class, () -> open(Map.of("queues", "many")))
                        .getMessage();
        assertEquals(
                "option 'queues' of backend 'acme' is 'many'; it must be a number from 1 to 4096",
                message);
    }
}
