package org.opensva.emulated.profile;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The profiles that come with the backend. */
public final class BuiltInProfiles {

    private static final List<String> NAMES =
            List.of(
                    "smmuv3",
                    "smmuv3-stall",
                    "smmuv3-noats",
                    "smmuv3-16k",
                    "smmuv3-64k",
                    "smmuv3-narrow",
                    "smmuv3-btm",
                    "smmuv3-dual",
                    "vtd",
                    "vtd-5level",
                    "vtd-nopri",
                    "vtd-dual");

    private BuiltInProfiles() {}

    /**
     * Reads them.
     *
     * @return the profiles, the default one first
     */
    public static List<MachineProfile> all() {
        return NAMES.stream().map(BuiltInProfiles::read).toList();
    }

    private static MachineProfile read(String name) {
        try (InputStream in = BuiltInProfiles.class.getResourceAsStream(name + ".json")) {
            if (in == null) {
                throw new IllegalStateException("profile " + name + " is missing");
            }
            return ProfileReader.read(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
