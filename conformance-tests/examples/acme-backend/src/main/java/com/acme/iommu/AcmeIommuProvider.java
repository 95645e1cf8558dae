package com.acme.iommu;

import com.google.inject.Module;
import com.google.inject.Singleton;
import com.google.inject.util.Modules;

import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendRequest;
import org.opensva.api.backend.BackendVariant;
import org.opensva.api.iommu.IommuDriver;

import java.util.List;

/** The emulated machine with Acme's IOMMU in it. */
public final class AcmeIommuProvider implements BackendProvider {

    /** Made by the service loader. */
    public AcmeIommuProvider() {}

    @Override
    public String name() {
        return "acme-iommu";
    }

    @Override
    public List<BackendVariant> variants() {
        return List.of(
                BackendVariant.available("", "the emulated machine with Acme's IOMMU in it"));
    }

    /** Acme's IOMMU takes no page requests and walks x86-64 tables, as the machine's own does. */
    @Override
    public Module module(BackendRequest request) {
        return Modules.override(request.base("emulated:vtd-nopri"))
                .with(binder -> {
                    binder.bind(AcmeIommu.class).in(Singleton.class);
                    binder.bind(TranslationAgent.class).to(AcmeIommu.class);
                    binder.bind(IommuDriver.class).to(AcmeIommu.class);
                });
    }
}
