package org.opensva.api.backend;

import com.google.inject.CreationException;
import com.google.inject.Guice;
import com.google.inject.Module;
import com.google.inject.ProvisionException;
import com.google.inject.Stage;

import io.opentelemetry.api.OpenTelemetry;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The backends of an application: finds providers, checks names and options, and opens what is
 * asked for.
 *
 * <p>A selector is {@code name} or {@code name:variant}; without a variant the first one is meant.
 * All errors are {@link BackendException}s with one line that says what to change. Immutable; any
 * thread may call.
 */
public final class BackendCatalog {

    private final SortedMap<String, BackendProvider> providers;

    /** What holds where an option is not given, if it is not what the provider says. */
    private final Map<String, String> defaults;

    private BackendCatalog(
            SortedMap<String, BackendProvider> providers, Map<String, String> defaults) {
        this.providers = providers;
        this.defaults = defaults;
    }

    /**
     * Finds the providers that a class loader sees.
     *
     * @param loader where to look
     * @return the catalog
     * @throws BackendException if a provider cannot be loaded, or two have the same name
     */
    public static BackendCatalog load(ClassLoader loader) {
        return of(found(loader));
    }

    /**
     * Finds the providers that several class loaders see, for example the application's and one for
     * each plugin; a provider that several see counts once.
     *
     * @param loaders where to look
     * @return the catalog
     * @throws BackendException if a provider cannot be loaded, or two have the same name
     */
    public static BackendCatalog load(Collection<ClassLoader> loaders) {
        List<BackendProvider> all = new ArrayList<>();
        for (ClassLoader loader : loaders) {
            for (BackendProvider provider : found(loader)) {
                if (all.stream().noneMatch(known -> known.getClass() == provider.getClass())) {
                    all.add(provider);
                }
            }
        }
        return of(all);
    }

    /**
     * Makes a catalog of given providers.
     *
     * @param providers the providers
     * @return the catalog
     * @throws BackendException if two have the same name, or a name is malformed
     */
    public static BackendCatalog of(Collection<? extends BackendProvider> providers) {
        SortedMap<String, BackendProvider> byName = new TreeMap<>();
        for (BackendProvider provider : providers) {
            String name = provider.name();
            if (!name.matches("[a-z][a-z0-9-]*")) {
                throw new BackendException(
                        "backend name '%s' of %s is not lower case letters, digits and hyphens"
                                .formatted(name, provider.getClass().getName()));
            }
            BackendProvider other = byName.put(name, provider);
            if (other != null) {
                throw new BackendException(
                        "two backends are named '%s': %s and %s; remove one of them"
                                .formatted(
                                        name,
                                        other.getClass().getName(),
                                        provider.getClass().getName()));
            }
        }
        return new BackendCatalog(byName, Map.of());
    }

    private static List<BackendProvider> found(ClassLoader loader) {
        List<BackendProvider> found = new ArrayList<>();
        try {
            ServiceLoader.load(BackendProvider.class, loader).forEach(found::add);
        } catch (ServiceConfigurationError | LinkageError e) {
            throw new BackendException("a backend cannot be loaded: " + firstLine(e), e);
        }
        return found;
    }

    /**
     * The providers by name.
     *
     * @return an unmodifiable view in alphabetical order
     */
    public Collection<BackendProvider> providers() {
        return List.copyOf(providers.values());
    }

    /**
     * The same catalog with one more variant of a backend, which a user describes.
     *
     * @param name the name of the backend
     * @param profile the description, in the backend's own format
     * @return a catalog in which the new variant is the backend's last one
     * @throws BackendException if there is no such backend, it takes no descriptions, or this one
     *     is wrong
     */
    public BackendCatalog withProfile(String name, String profile) {
        SortedMap<String, BackendProvider> changed = new TreeMap<>(providers);
        changed.put(name, provider(name).withProfile(profile));
        return new BackendCatalog(changed, defaults);
    }

    /**
     * The same catalog with another default of an option, in every backend that has it, also as the
     * base of another one.
     *
     * @param key the key of the option
     * @param value what holds where the option is not given
     * @return a catalog of the same backends
     */
    public BackendCatalog withDefault(String key, String value) {
        Map<String, String> changed = new TreeMap<>(defaults);
        changed.put(key, value);
        return new BackendCatalog(providers, changed);
    }

    /**
     * Resolves a selector.
     *
     * @param selector {@code name} or {@code name:variant}
     * @return the full name {@code name:variant}, or {@code name} for a provider without variants
     * @throws BackendException if there is no such backend or variant
     */
    public String resolve(String selector) {
        BackendProvider provider = provider(selector);
        String variant = variant(provider, selector).name();
        return variant.isEmpty() ? provider.name() : provider.name() + ":" + variant;
    }

    /**
     * Makes the Guice module of a backend.
     *
     * @param selector {@code name} or {@code name:variant}
     * @param options options by key; those not given have their defaults
     * @return the module
     * @throws BackendException if the backend is unknown or not available here, or an option is
     *     unknown
     */
    public Module module(String selector, Map<String, String> options) {
        BackendProvider provider = provider(selector);
        BackendVariant variant = variant(provider, selector);
        if (!variant.available()) {
            throw new BackendException(
                    "backend '%s' is not available here: %s".formatted(selector, variant.reason()));
        }
        SortedMap<String, String> all = new TreeMap<>();
        for (BackendOption option : provider.options()) {
            all.put(option.key(), defaults.getOrDefault(option.key(), option.defaultValue()));
        }
        for (Map.Entry<String, String> given : options.entrySet()) {
            if (all.replace(given.getKey(), given.getValue()) == null) {
                throw new BackendException(
                        "backend '%s' has no option '%s'; it has: %s"
                                .formatted(
                                        provider.name(),
                                        given.getKey(),
                                        all.isEmpty() ? "none" : String.join(", ", all.keySet())));
            }
        }
        return provider.module(new BackendRequest(variant, all, this));
    }

    /**
     * Opens a backend. Its descriptor carries the name of its provider, also where the provider has
     * put it together from another backend.
     *
     * @param selector {@code name} or {@code name:variant}
     * @param options options by key
     * @param telemetry where spans and metrics go; {@link OpenTelemetry#noop()} for nowhere
     * @return the running backend
     * @throws BackendException if it cannot be opened
     */
    public Backend open(String selector, Map<String, String> options, OpenTelemetry telemetry) {
        BackendProvider provider = provider(selector);
        Backend backend = open(module(selector, options), selector, telemetry);
        return IdentifiedBackend.of(backend, provider.name(), variant(provider, selector).name());
    }

    /**
     * Opens a backend from a module, for example one with a replaced layer.
     *
     * @param module a module that binds {@link Backend}
     * @param name for messages
     * @param telemetry where spans and metrics go
     * @return the running backend
     * @throws BackendException if it cannot be opened
     */
    public static Backend open(Module module, String name, OpenTelemetry telemetry) {
        try {
            return Guice.createInjector(
                            Stage.PRODUCTION,
                            binder -> {
                                binder.requireExplicitBindings();
                                binder.disableCircularProxies();
                                binder.bind(OpenTelemetry.class).toInstance(telemetry);
                            },
                            module)
                    .getInstance(Backend.class);
        } catch (CreationException e) {
            throw new BackendException(
                    "backend '%s' cannot be put together: %s"
                            .formatted(
                                    name,
                                    cause(e, e.getErrorMessages().iterator().next().getMessage())),
                    e);
        } catch (ProvisionException | com.google.inject.ConfigurationException e) {
            throw new BackendException(
                    "backend '%s' cannot be started: %s".formatted(name, cause(e, firstLine(e))),
                    e);
        }
    }

    private static String cause(Throwable wrapper, String otherwise) {
        Throwable cause = wrapper.getCause();
        String text = cause == null ? otherwise : firstLine(cause);
        return text.lines().findFirst().orElse(text);
    }

    private BackendProvider provider(String selector) {
        String name =
                selector.contains(":") ? selector.substring(0, selector.indexOf(':')) : selector;
        BackendProvider provider = providers.get(name);
        if (provider == null) {
            throw new BackendException(
                    "unknown backend '%s'; there are: %s"
                            .formatted(
                                    name,
                                    providers.isEmpty()
                                            ? "none"
                                            : String.join(", ", providers.keySet())));
        }
        return provider;
    }

    private static BackendVariant variant(BackendProvider provider, String selector) {
        List<BackendVariant> variants = provider.variants();
        if (!selector.contains(":")) {
            return variants.getFirst();
        }
        String wanted = selector.substring(selector.indexOf(':') + 1);
        return variants.stream()
                .filter(v -> v.name().equals(wanted))
                .findFirst()
                .orElseThrow(() ->
                        new BackendException(
                                "backend '%s' has no variant '%s'; it has: %s"
                                        .formatted(
                                                provider.name(),
                                                wanted,
                                                String.join(
                                                        ", ",
                                                        variants.stream()
                                                                .map(BackendVariant::name)
                                                                .toList()))));
    }

    private static String firstLine(Throwable e) {
        String message = e.getMessage();
        return message == null
                ? e.getClass().getSimpleName()
                : message.lines().findFirst().orElse(e.getClass().getSimpleName());
    }
}
