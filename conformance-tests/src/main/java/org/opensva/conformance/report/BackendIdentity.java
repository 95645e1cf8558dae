package org.opensva.conformance.report;

import org.opensva.api.backend.BackendDescriptor;
import org.opensva.api.backend.Capability;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who was certified, and what it claims. Capabilities and policies are text, so that a certificate
 * of a later version can still be read.
 *
 * @param name the name of the provider
 * @param variant the variant, empty if there is only one
 * @param version the version of the backend
 * @param vendor who stands behind it
 * @param options the options that were given, by key
 * @param capabilities the ids of what it claims
 * @param policies the declared policies by name
 * @param properties further facts by name
 */
public record BackendIdentity(
        String name,
        String variant,
        String version,
        String vendor,
        SortedMap<String, String> options,
        SortedSet<String> capabilities,
        SortedMap<String, String> policies,
        SortedMap<String, String> properties) {

    /** The policy on handles in a process that did not open them. */
    public static final String FOREIGN_HANDLES = "foreign-handles";

    /** The policy on who names the PASID of a job. */
    public static final String PASID_SUPPLY = "pasid-supply";

    /** The property that names the document that describes the machine, by its SHA-256. */
    public static final String PROFILE = "profile-sha256";

    /** Copies the collections. */
    public BackendIdentity {
        options = Collections.unmodifiableSortedMap(new TreeMap<>(options));
        capabilities = Collections.unmodifiableSortedSet(new TreeSet<>(capabilities));
        policies = Collections.unmodifiableSortedMap(new TreeMap<>(policies));
        properties = Collections.unmodifiableSortedMap(new TreeMap<>(properties));
    }

    /**
     * The identity that a backend declares.
     *
     * @param descriptor what the backend says
     * @param options the options that it was opened with
     * @return the identity
     */
    public static BackendIdentity of(BackendDescriptor descriptor, Map<String, String> options) {
        TreeSet<String> capabilities = new TreeSet<>();
        descriptor.capabilities().stream().map(Capability::id).forEach(capabilities::add);
        TreeMap<String, String> policies = new TreeMap<>();
        policies.put(FOREIGN_HANDLES, descriptor.foreignHandles().id());
        policies.put(PASID_SUPPLY, descriptor.pasidSupply().id());
        return new BackendIdentity(
                descriptor.name(),
                descriptor.variant(),
                descriptor.version(),
                descriptor.vendor(),
                new TreeMap<>(options),
                capabilities,
                policies,
                descriptor.properties());
    }

    /**
     * Which document described the machine.
     *
     * @return its SHA-256 in hexadecimal, or empty if the backend names none
     */
    public Optional<String> profile() {
        return Optional.ofNullable(properties.get(PROFILE));
    }

    /**
     * Name and variant as users write them.
     *
     * @return for example {@code emulated:smmuv3}
     */
    public String qualifiedName() {
        return variant.isEmpty() ? name : name + ":" + variant;
    }
}
