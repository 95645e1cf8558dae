package com.acme.engine;

import com.google.inject.Module;
import com.google.inject.util.Modules;

import org.opensva.api.accelerator.EngineFactory;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendRequest;
import org.opensva.api.backend.BackendVariant;

import java.util.List;

/** The emulated machine with Acme's engine in its accelerators. */
public final class AcmeEngineProvider implements BackendProvider {

    /** Made by the service loader. */
    public AcmeEngineProvider() {}

    @Override
    public String name() {
        return "acme-engine";
    }

    @Override
    public List<BackendVariant> variants() {
        return List.of(
                BackendVariant.available("", "the emulated machine with Acme's engine in it"));
    }

    @Override
    public Module module(BackendRequest request) {
        return Modules.override(request.base("emulated:smmuv3"))
                .with(binder -> binder.bind(EngineFactory.class).toInstance(AcmeEngine::new));
    }
}
