package org.opensva.conformance.zoo;

import com.google.inject.AbstractModule;
import com.google.inject.Module;
import com.google.inject.Provides;
import com.google.inject.util.Modules;

import io.opentelemetry.api.OpenTelemetry;

import jakarta.inject.Singleton;

import org.opensva.api.backend.Backend;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendRequest;
import org.opensva.api.backend.BackendVariant;
import org.opensva.emulated.EmulatedBackendProvider;

import java.util.List;

/**
 * Puts a broken machine together: the sound one, with the layers of a defect instead of its own.
 */
final class ZooProvider implements BackendProvider {

    static final String NAME = "zoo";
    static final String SOUND = "emulated:smmuv3";

    private final BrokenBackend member;

    private ZooProvider(BrokenBackend member) {
        this.member = member;
    }

    /** A catalog with the sound backend and one member, which is {@code zoo}. */
    static BackendCatalog catalog(BrokenBackend member) {
        return BackendCatalog.of(List.of(new EmulatedBackendProvider(), new ZooProvider(member)));
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<BackendVariant> variants() {
        return List.of(BackendVariant.available(member.name(), member.fault()));
    }

    @Override
    public Module module(BackendRequest request) {
        Defect defect = member.defect().get();
        Module machine =
                Modules.override(request.catalog().module(defect.machine(), defect.options()))
                        .with(defect.layers());
        return new AbstractModule() {
            @Provides
            @Singleton
            Backend backend(OpenTelemetry telemetry) {
                return defect.around(BackendCatalog.open(machine, member.name(), telemetry));
            }
        };
    }
}
