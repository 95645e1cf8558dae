package org.opensva.emulated;

import com.google.inject.Module;

import org.jspecify.annotations.Nullable;
import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.BackendOption;
import org.opensva.api.backend.BackendProvider;
import org.opensva.api.backend.BackendRequest;
import org.opensva.api.backend.BackendVariant;
import org.opensva.emulated.profile.BuiltInProfiles;
import org.opensva.emulated.profile.MachineProfile;
import org.opensva.emulated.profile.ProfileReader;

import java.util.ArrayList;
import java.util.List;

/** The provider of the backend {@code emulated}: each variant is the profile of a machine. */
public final class EmulatedBackendProvider implements BackendProvider {

    /** The name of the backend. */
    public static final String NAME = "emulated";

    /** Read when first asked for. */
    private @Nullable List<MachineProfile> profiles;

    /** Creates the provider, for the service loader. */
    public EmulatedBackendProvider() {}

    private EmulatedBackendProvider(List<MachineProfile> profiles) {
        this.profiles = profiles;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<BackendVariant> variants() {
        return profiles().stream()
                .map(profile -> BackendVariant.available(profile.name(), profile.title()))
                .toList();
    }

    @Override
    public List<BackendOption> options() {
        return EmulatedOptions.all();
    }

    /**
     * The same backend with one more machine, which a user describes.
     *
     * @param profile a JSON object, as {@link ProfileReader} describes it
     * @return a provider whose last variant is the machine
     * @throws BackendException with one line that names what is wrong with the description
     */
    @Override
    public BackendProvider withProfile(String profile) {
        MachineProfile added = ProfileReader.read(profile);
        List<MachineProfile> all = new ArrayList<>(profiles());
        if (all.stream().anyMatch(known -> known.name().equals(added.name()))) {
            throw new BackendException(
                    "profile: 'name' is that of a variant that is there already: " + added.name());
        }
        all.add(added);
        return new EmulatedBackendProvider(List.copyOf(all));
    }

    @Override
    public Module module(BackendRequest request) {
        String variant = request.variant().name();
        MachineProfile profile =
                profiles().stream()
                        .filter(known -> known.name().equals(variant))
                        .findFirst()
                        .orElseThrow(() ->
                                new BackendException(
                                        "backend 'emulated' has no variant '%s'"
                                                .formatted(variant)));
        return new EmulatedModule(EmulatedOptions.parse(profile, request.options()));
    }

    private synchronized List<MachineProfile> profiles() {
        List<MachineProfile> known = profiles;
        if (known == null) {
            known = BuiltInProfiles.all();
            profiles = known;
        }
        return known;
    }
}
