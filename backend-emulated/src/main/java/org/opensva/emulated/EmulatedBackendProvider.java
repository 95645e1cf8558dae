package org.opensva.emulated;

import com.google.inject.Module;

import org.opensva.api.backend.BackendOption;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendRequest;
import org.opensva.api.backend.BackendVariant;

import java.util.Arrays;
import java.util.List;

/** The provider of the backend {@code emulated}. */
public final class EmulatedBackendProvider implements BackendProvider {

    /** The name of the backend. */
    public static final String NAME = "emulated";

    /** Creates the provider, for the service loader. */
    public EmulatedBackendProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<BackendVariant> variants() {
        return Arrays.stream(EmulatedVariant.values()).map(EmulatedVariant::describe).toList();
    }

    @Override
    public List<BackendOption> options() {
        return EmulatedOptions.all();
    }

    @Override
    public Module module(BackendRequest request) {
        return new EmulatedModule(
                EmulatedVariant.of(request.variant()), EmulatedOptions.parse(request.options()));
    }
}
