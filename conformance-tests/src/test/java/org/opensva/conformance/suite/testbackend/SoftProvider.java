package org.opensva.conformance.suite.testbackend;

import com.google.inject.AbstractModule;
import com.google.inject.Module;

import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendOption;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendRequest;
import org.opensva.api.backend.BackendVariant;
import org.opensva.api.backend.Capability;
import org.opensva.api.backend.ForeignHandlePolicy;

import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** Provides the test backend under the name {@code soft}, and counts how many are open. */
public final class SoftProvider implements BackendProvider {

    private final Set<Capability> capabilities;
    private final ForeignHandlePolicy policy;
    private final AtomicInteger open;
    private final Set<Fault> faults;

    /** As a service loader makes it: everything claimed, nothing broken. */
    public SoftProvider() {
        this(SoftBackend.ALL, ForeignHandlePolicy.REFUSE, new AtomicInteger(), Set.of());
    }

    SoftProvider(
            Set<Capability> capabilities,
            ForeignHandlePolicy policy,
            AtomicInteger open,
            Set<Fault> faults) {
        this.capabilities = Set.copyOf(capabilities);
        this.policy = policy;
        this.open = open;
        this.faults = Set.copyOf(faults);
    }

    @Override
    public String name() {
        return "soft";
    }

    @Override
    public List<BackendVariant> variants() {
        return List.of(BackendVariant.available("", "for tests"));
    }

    @Override
    public List<BackendOption> options() {
        return List.of(new BackendOption("foreign-handles", "refuse or opener", ""));
    }

    @Override
    public Module module(BackendRequest request) {
        String wanted = request.options().getOrDefault("foreign-handles", "");
        ForeignHandlePolicy chosen =
                wanted.equals(ForeignHandlePolicy.OPENER.id())
                        ? ForeignHandlePolicy.OPENER
                        : policy;
        return new AbstractModule() {
            @Override
            protected void configure() {
                open.incrementAndGet();
                bind(Backend.class)
                        .toInstance(
                                new SoftBackend(
                                        faults, capabilities, chosen, open::decrementAndGet));
            }
        };
    }
}
