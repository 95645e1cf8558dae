package org.opensva.api.backend;

import com.google.inject.Module;

import java.util.SortedMap;

/**
 * What a provider is asked for.
 *
 * @param variant one of the provider's variants
 * @param options every option of the provider, with the default where none was given
 * @param catalog the other backends, for a provider that replaces parts of one of them
 */
public record BackendRequest(
        BackendVariant variant, SortedMap<String, String> options, BackendCatalog catalog) {

    /**
     * The module of another backend, to be overridden in part: {@code
     * Modules.override(request.base("emulated:smmuv3")).with(...)}.
     *
     * @param selector name and variant, for example {@code emulated:smmuv3}
     * @return its module, with default options
     * @throws BackendException if there is no such backend
     */
    public Module base(String selector) {
        return catalog.module(selector, new java.util.TreeMap<>());
    }
}
