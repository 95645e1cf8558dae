package org.opensva.api.backend;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Who a backend is and what it claims.
 *
 * @param name the name of the provider, for example {@code emulated}
 * @param variant the variant, for example {@code smmuv3}; empty if there is only one
 * @param version the version of the backend
 * @param vendor who stands behind it
 * @param capabilities what it claims; the policy's capability is added
 * @param foreignHandles what a foreign handle may do
 * @param pasidSupply who names the PASID of a job
 * @param properties further facts for the certificate, such as page size and PASID width
 */
public record BackendDescriptor(
        String name,
        String variant,
        String version,
        String vendor,
        Set<Capability> capabilities,
        ForeignHandlePolicy foreignHandles,
        PasidSupply pasidSupply,
        SortedMap<String, String> properties) {

    /** Copies the collections and adds the capability of the policy. */
    public BackendDescriptor {
        EnumSet<Capability> all = EnumSet.noneOf(Capability.class);
        all.addAll(capabilities);
        all.remove(Capability.FOREIGN_OPENER);
        all.remove(Capability.FOREIGN_REFUSE);
        all.add(foreignHandles.capability());
        capabilities = Collections.unmodifiableSet(all);
        properties = Collections.unmodifiableSortedMap(new TreeMap<>(properties));
    }

    /**
     * Name and variant as users write them.
     *
     * @return for example {@code emulated:smmuv3}
     */
    public String qualifiedName() {
        return variant.isEmpty() ? name : name + ":" + variant;
    }

    /**
     * Tells whether a capability is claimed.
     *
     * @param capability which one
     * @return true if it is
     */
    public boolean claims(Capability capability) {
        return capabilities.contains(capability);
    }
}
