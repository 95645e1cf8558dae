package com.acme.atc;

import com.google.inject.Module;
import com.google.inject.util.Modules;

import org.opensva.api.ats.EndpointFactory;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendRequest;
import org.opensva.api.backend.BackendVariant;

import java.util.List;

/** The emulated machine with Acme's ATC in its devices. */
public final class AcmeAtcProvider implements BackendProvider {

    /** Made by the service loader. */
    public AcmeAtcProvider() {}

    @Override
    public String name() {
        return "acme-atc";
    }

    @Override
    public List<BackendVariant> variants() {
        return List.of(BackendVariant.available("", "the emulated machine with Acme's ATC in it"));
    }

    /** Acme's devices make no page requests, so the machine is one without them. */
    @Override
    public Module module(BackendRequest request) {
        return Modules.override(request.base("emulated:vtd-nopri"))
                .with(binder -> binder.bind(EndpointFactory.class).toInstance(AcmeAtc::plug));
    }
}
