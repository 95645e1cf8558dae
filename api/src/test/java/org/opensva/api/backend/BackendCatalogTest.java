package org.opensva.api.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.inject.Module;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.process.ProcessHost;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

class BackendCatalogTest {

    /** A backend that can only say who it is. */
    private record Named(BackendDescriptor descriptor) implements Backend {
        static Named of(String name, String variant) {
            return new Named(
                    new BackendDescriptor(
                            name,
                            variant,
                            "1",
                            "nobody",
                            EnumSet.of(Capability.FORK, Capability.FOREIGN_OPENER),
                            ForeignHandlePolicy.REFUSE,
                            PasidSupply.QUEUE,
                            new TreeMap<>()));
        }

        @Override
        public ProcessHost processes() {
            throw new UnsupportedOperationException();
        }

        @Override
        public List<Accelerator> accelerators() {
            return List.of();
        }

        @Override
        public Optional<Introspection> introspection() {
            return Optional.empty();
        }

        @Override
        public void close() {}
    }

    private static class Provider implements BackendProvider {
        private final String name;

        /** How large the backend was that was asked for last. */
        private String size = "";

        Provider(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public List<BackendVariant> variants() {
            return List.of(
                    BackendVariant.available("one", "the first"),
                    BackendVariant.unavailable("two", "the second", "it needs a device"));
        }

        @Override
        public List<BackendOption> options() {
            return List.of(new BackendOption("size", "how large", "1"));
        }

        @Override
        public Module module(BackendRequest request) {
            size = String.valueOf(request.options().get("size"));
            return binder ->
                    binder.bind(Backend.class).toInstance(Named.of(name, request.variant().name()));
        }
    }

    /** Puts its backend together from another one. */
    private static final class Derived extends Provider {
        Derived() {
            super("derived");
        }

        @Override
        public Module module(BackendRequest request) {
            return request.base("base:one");
        }
    }

    private final Provider base = new Provider("base");
    private final BackendCatalog catalog = BackendCatalog.of(List.of(base, new Derived()));

    private String refusal(String selector, Map<String, String> options) {
        return assertThrows(
                        BackendException.class,
                        () -> catalog.open(selector, options, OpenTelemetry.noop()))
                .getMessage();
    }

    @Test
    void withoutAVariantTheFirstOneIsMeant() {
        assertEquals("base:one", catalog.resolve("base"));
    }

    @Test
    void aBackendMadeFromAnotherHasItsOwnNameAndSaysWhatItIsMadeOf() {
        try (Backend derived = catalog.open("derived", Map.of(), OpenTelemetry.noop())) {
            assertEquals("derived:one", derived.descriptor().qualifiedName());
            assertEquals("base:one", derived.descriptor().properties().get("based-on"));
        }
        try (Backend base = catalog.open("base", Map.of(), OpenTelemetry.noop())) {
            assertFalse(base.descriptor().properties().containsKey("based-on"));
        }
    }

    @Test
    void thePolicyDecidesWhichOfItsCapabilitiesIsClaimed() {
        BackendDescriptor descriptor = Named.of("base", "one").descriptor();
        assertTrue(descriptor.claims(Capability.FOREIGN_REFUSE));
        assertFalse(descriptor.claims(Capability.FOREIGN_OPENER));
    }

    @Test
    void everyMistakeIsOneLineThatSaysWhatToChange() {
        assertEquals("unknown backend 'bse'; there are: base, derived", refusal("bse", Map.of()));
        assertEquals(
                "backend 'base' has no variant 'three'; it has: one, two",
                refusal("base:three", Map.of()));
        assertEquals(
                "backend 'base:two' is not available here: it needs a device",
                refusal("base:two", Map.of()));
        assertEquals(
                "backend 'base' has no option 'sise'; it has: size",
                refusal("base", Map.of("sise", "2")));
    }

    private String size(BackendCatalog of, String selector, Map<String, String> options) {
        of.open(selector, options, OpenTelemetry.noop()).close();
        return base.size;
    }

    @Test
    void anotherDefaultHoldsWhereTheOptionIsNotGivenAlsoForABackendThatOthersAreMadeOf() {
        BackendCatalog larger = catalog.withDefault("size", "7").withDefault("colour", "red");
        assertEquals("1", size(catalog, "base", Map.of()));
        assertEquals("7", size(larger, "base", Map.of()));
        assertEquals("7", size(larger, "derived", Map.of()));
        assertEquals("2", size(larger, "base", Map.of("size", "2")));
        assertEquals("8", size(larger.withDefault("size", "8"), "base", Map.of()));
    }

    @Test
    void twoBackendsOfOneNameAreRefused() {
        String message =
                assertThrows(
                                BackendException.class,
                                () ->
                                        BackendCatalog.of(
                                                List.of(
                                                        new Provider("base"),
                                                        new Provider("base"))))
                        .getMessage();
        assertTrue(message.startsWith("two backends are named 'base'"), message);
        assertEquals(1, message.lines().count());
    }
}
