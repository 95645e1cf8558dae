package org.opensva.api.backend;

import com.google.inject.Module;

import java.util.List;

/**
 * A backend that can be plugged in. Implementations are found by {@link java.util.ServiceLoader},
 * need a public constructor without arguments, and must be cheap until {@link #module} is asked
 * for.
 */
public interface BackendProvider {

    /**
     * The name of the backend.
     *
     * @return lower case letters, digits and hyphens, unique among all providers
     */
    String name();

    /**
     * The variants, the default one first.
     *
     * @return at least one; also those that cannot be used here, with the reason
     */
    List<BackendVariant> variants();

    /**
     * Examines this machine: step by step what is there, what is not, why, and what would help.
     * Unlike {@link #variants} this may take some hundred milliseconds; it changes nothing, waits
     * for nobody, and reports what it cannot find out as a step instead of throwing.
     *
     * @return one diagnosis for each variant or family of variants that depends on the machine;
     *     none if all work anywhere
     */
    default List<Diagnosis> diagnose() {
        return List.of();
    }

    /**
     * The options that the backend knows.
     *
     * @return possibly none
     */
    default List<BackendOption> options() {
        return List.of();
    }

    /**
     * The same provider with one more variant, the last one, which a user describes.
     *
     * @param profile the description, in the provider's own format
     * @return a provider of the same name
     * @throws BackendException with one line that names what is wrong with the description, or
     *     because the provider takes none
     */
    default BackendProvider withProfile(String profile) {
        throw new BackendException("backend '%s' takes no profiles".formatted(name()));
    }

    /**
     * Makes the module that binds {@link Backend} and, where a vendor may want to replace them, the
     * layers below it. The injector is made with explicit bindings only and binds {@code
     * io.opentelemetry.api.OpenTelemetry}.
     *
     * @param request variant and options
     * @return a module that binds {@link Backend} as a singleton
     * @throws BackendException if an option has a value that makes no sense
     */
    Module module(BackendRequest request);
}
