package org.opensva.conformance.suite.claims;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.api.OpenTelemetry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.Capability;
import org.opensva.api.process.ProcessHost;
import org.opensva.api.process.SvaProcess;
import org.opensva.conformance.suite.bench.Limits;
import org.opensva.conformance.suite.claims.ClaimResult.Found;
import org.opensva.conformance.suite.testbackend.ForwardingBackend;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

class ClaimProbesTest {

    private static final BackendCatalog CATALOG =
            BackendCatalog.load(ClaimProbesTest.class.getClassLoader());

    /** Whose capability is the other one's absence, or what is needed to ask at all. */
    private static final Set<Capability> TIED =
            EnumSet.of(
                    Capability.FOREIGN_OPENER,
                    Capability.FOREIGN_REFUSE,
                    Capability.PRI,
                    Capability.STALL,
                    Capability.QUEUE_STATES,
                    // An advice that is taken shows too little to speak of a claim that is missing.
                    Capability.PAGEOUT,
                    Capability.HUGE_PAGES);

    /** A machine for each probe. */
    private static final class Fresh implements ClaimProbes.Machines {
        private final String selector;
        private final Set<Capability> claims;
        private Optional<Backend> open = Optional.empty();

        Fresh(String selector, Set<Capability> claims) {
            this.selector = selector;
            this.claims = claims;
        }

        @Override
        public Backend acquire() {
            Backend machine = CATALOG.open(selector, Map.of(), OpenTelemetry.noop());
            open = Optional.of(machine);
            return new Claiming(machine, claims);
        }

        @Override
        public void release(boolean healthy) {
            open.ifPresent(Backend::close);
        }
    }

    private static Set<Capability> claims(String selector) {
        try (Backend machine = CATALOG.open(selector, Map.of(), OpenTelemetry.noop())) {
            return machine.descriptor().capabilities();
        }
    }

    private static ClaimProbes probes(String selector, Set<Capability> claims) {
        return new ClaimProbes(new Fresh(selector, claims), 1, new Limits(6));
    }

    @ParameterizedTest
    @ValueSource(strings = {"emulated:smmuv3", "emulated:vtd-nopri"})
    void aTrueClaimIsBorneOutAndBothKindsOfLieAreSeen(String selector) {
        Set<Capability> truth = claims(selector);
        List<ClaimResult> honest = probes(selector, truth).run();
        assertEquals(Capability.values().length, honest.size());
        List<String> wrong = new ArrayList<>();
        int seen = 0;
        for (ClaimResult result : honest) {
            Capability capability = result.capability();
            assertEquals(truth.contains(capability), result.claimed(), result.toString());
            if (result.isContradicted()) {
                wrong.add(result.toString());
            }
            if (result.found() == Found.UNKNOWN || TIED.contains(capability)) {
                continue;
            }
            EnumSet<Capability> lie = EnumSet.copyOf(truth);
            if (!lie.remove(capability)) {
                lie.add(capability);
            }
            ClaimResult caught = probes(selector, lie).ask(capability);
            if (!caught.isContradicted()) {
                wrong.add("not seen to be a lie: " + caught);
            }
            seen++;
        }
        assertEquals(List.of(), wrong);
        assertTrue(seen >= 20, () -> "too little was asked for");
    }

    @Test
    void aRefusalThatIsNoneOfTheContractIsNoRefusal() {
        Set<Capability> claims = EnumSet.of(Capability.PASID_VISIBLE);
        ClaimProbes.Machines crashing =
                new ClaimProbes.Machines() {
                    private final Fresh fresh = new Fresh("emulated:smmuv3", claims);

                    @Override
                    public Backend acquire() {
                        return new Childless(fresh.acquire());
                    }

                    @Override
                    public void release(boolean healthy) {
                        fresh.release(healthy);
                    }
                };
        ClaimResult result = new ClaimProbes(crashing, 1, new Limits(6)).ask(Capability.FORK);
        assertEquals(Found.BROKEN, result.found());
        assertTrue(result.isContradicted());
        assertTrue(result.how().contains("neither done nor refused"), result.how());
        assertFalse(result.how().contains("\n"), result.how());
    }

    /** A machine whose host ends in a fault of its own. */
    private static final class Childless extends ForwardingBackend {
        Childless(Backend machine) {
            super(machine);
        }

        @Override
        public ProcessHost processes() {
            int pageSize = super.processes().pageSize();
            return new ProcessHost() {
                @Override
                public SvaProcess spawn(String name) {
                    throw new IllegalStateException("no table for processes\nwas ever made");
                }

                @Override
                public int pageSize() {
                    return pageSize;
                }
            };
        }
    }
}
