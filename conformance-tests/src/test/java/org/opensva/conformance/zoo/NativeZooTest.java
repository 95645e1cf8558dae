package org.opensva.conformance.zoo;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.util.Modules;

import org.junit.jupiter.api.Test;
import org.opensva.api.ats.EndpointFactory;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendRequest;
import org.opensva.api.backend.BackendVariant;
import org.opensva.ats.AtsEndpointFactory;
import org.opensva.ats.EndpointQuirk;
import org.opensva.ats.EndpointQuirks;
import org.opensva.conformance.suite.ConformanceResult;
import org.opensva.conformance.suite.ConformanceRun;
import org.opensva.conformance.suite.Verdict;
import org.opensva.linux.NativeBackendProvider;
import org.opensva.linux.mm.EventDiscipline;

import java.util.List;
import java.util.function.Supplier;

/** Broken ways of watching real processes are caught by the rules that name them. */
class NativeZooTest {

    private static final double PATIENCE = 4;

    /** A race is lost now and then only. */
    private static final int ATTEMPTS = 20;

    /** The native backend with one part replaced. */
    private record Broken(Module part) implements BackendProvider {
        @Override
        public String name() {
            return "broken-native";
        }

        @Override
        public List<BackendVariant> variants() {
            return List.of(BackendVariant.available("", "the native backend, broken"));
        }

        @Override
        public Module module(BackendRequest request) {
            return Modules.override(request.base("native:host")).with(part);
        }
    }

    private static Module watching(EventDiscipline discipline) {
        return new AbstractModule() {
            @Override
            protected void configure() {
                bind(EventDiscipline.class).toInstance(discipline);
            }
        };
    }

    private static void mustBeCaught(String rules, Supplier<Module> part) {
        NativeBackendProvider sound = new NativeBackendProvider();
        // The default option of the sound one: without events devices cache nothing.
        assumeTrue(sound.variants().getFirst().available(), "no real processes here");
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            ConformanceResult result =
                    ConformanceRun.builder()
                            .catalog(BackendCatalog.of(List.of(sound, new Broken(part.get()))))
                            .backend("broken-native")
                            .rules(rules)
                            .seed(attempt)
                            .timeoutFactor(PATIENCE)
                            .run();
            assumeTrue(
                    result.rules().stream()
                            .noneMatch(each -> each.verdict() == Verdict.NOT_APPLICABLE),
                    "devices cache no translations here");
            if (result.rules().stream().anyMatch(each -> each.verdict() == Verdict.FAILED)) {
                return;
            }
        }
        fail(rules + " found nothing");
    }

    private static Module endpoint(EndpointQuirk quirk) {
        return new AbstractModule() {
            @Override
            protected void configure() {
                bind(EndpointFactory.class)
                        .toInstance(new AtsEndpointFactory(EndpointQuirks.of(quirk)));
            }
        };
    }

    @Test
    void anEventThatIsReadBeforeTheInvalidationIsCaught() {
        mustBeCaught("UNMAP-05,UNMAP-28,ATS-07", () -> watching(EventDiscipline.READ_FIRST));
    }

    @Test
    void aMoveThatIsIgnoredIsCaught() {
        mustBeCaught("UNMAP-16", () -> watching(EventDiscipline.MOVES_IGNORED));
    }

    @Test
    void aBindThatNamesTheProcessInsteadOfItsMemoryIsCaught() {
        mustBeCaught("FORK-20", () -> watching(EventDiscipline.PROCESS_NAMED));
    }

    @Test
    void anAtcThatIsKeptOverForkIsCaught() {
        mustBeCaught("FORK-05", KeptOverFork::new);
    }

    @Test
    void aDeviceThatKeepsItsTranslationsIsCaught() {
        mustBeCaught("UNMAP-05", () -> endpoint(EndpointQuirk.KEEPS_ENTRIES));
    }
}
