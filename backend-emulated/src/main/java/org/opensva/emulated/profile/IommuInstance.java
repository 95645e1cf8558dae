package org.opensva.emulated.profile;

import java.util.Set;

/**
 * One of the IOMMUs of a machine, and what is behind it (on hardware: an IORT or DMAR entry).
 *
 * @param profile what it claims
 * @param devices the names of the devices behind it, in no order
 */
public record IommuInstance(IommuProfile profile, Set<String> devices) {

    /** Copies the names. */
    public IommuInstance {
        devices = Set.copyOf(devices);
    }
}
