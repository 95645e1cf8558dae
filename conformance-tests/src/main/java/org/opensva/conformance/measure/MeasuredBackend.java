package org.opensva.conformance.measure;

import com.google.inject.Binding;
import com.google.inject.Key;
import com.google.inject.Module;
import com.google.inject.spi.Element;
import com.google.inject.spi.Elements;
import com.google.inject.spi.PrivateElements;

import org.opensva.api.ats.EndpointFactory;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.BackendOption;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.process.ProcessHost;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A backend that is measured instead of this project's machines. The command finds out what of it
 * can be measured; the processes that measure are told by system properties which one it is.
 *
 * <p>Immutable; any thread may call.
 *
 * @param selector its full name
 * @param plugins jars in which it may be
 * @param profiles descriptions of machines, of which it may be one
 * @param options options of the backend
 * @param isLayered whether its module binds the layers that devices for measuring are put between
 * @param hasSizes whether it takes the sizes of the caches of its IOMMU as options
 */
public record MeasuredBackend(
        String selector,
        List<Path> plugins,
        List<Path> profiles,
        Map<String, String> options,
        boolean isLayered,
        boolean hasSizes) {

    private static final String PREFIX = "opensva.measure.";
    private static final String SELECTOR = PREFIX + "backend";
    private static final String PLUGIN = PREFIX + "plugin.";
    private static final String PROFILE = PREFIX + "profile.";
    private static final String OPTION = PREFIX + "option.";

    /** What {@link MeasuredMachine} takes from a backend. */
    private static final Set<Key<?>> LAYERS =
            Set.of(
                    Key.get(ProcessHost.class),
                    Key.get(TranslationAgent.class),
                    Key.get(SvaBinder.class),
                    Key.get(EndpointFactory.class));

    /** Copies what it is given. */
    public MeasuredBackend {
        plugins = List.copyOf(plugins);
        profiles = List.copyOf(profiles);
        options = Map.copyOf(options);
    }

    /**
     * Finds out what of a backend can be measured; nothing is opened.
     *
     * @param catalog where it is
     * @param selector its full name
     * @param plugins the jars that the catalog was loaded from
     * @param profiles the descriptions that the catalog was given
     * @param options options of the backend
     * @return the backend
     * @throws BackendException if there is no such backend or option
     */
    public static MeasuredBackend of(
            BackendCatalog catalog,
            String selector,
            List<Path> plugins,
            List<Path> profiles,
            Map<String, String> options) {
        return new MeasuredBackend(
                selector,
                plugins.stream().map(Path::toAbsolutePath).toList(),
                profiles.stream().map(Path::toAbsolutePath).toList(),
                options,
                bound(catalog.module(selector, options)).containsAll(LAYERS),
                takes(catalog, selector)
                        .containsAll(MeasuredMachine.Caches.NONE.options().keySet()));
    }

    private static Set<Key<?>> bound(Module module) {
        Set<Key<?>> bound = new HashSet<>();
        for (Element element : Elements.getElements(module)) {
            if (element instanceof Binding<?> binding) {
                bound.add(binding.getKey());
            } else if (element instanceof PrivateElements inner) {
                bound.addAll(inner.getExposedKeys());
            }
        }
        return bound;
    }

    /**
     * What a process that measures it has to be started with.
     *
     * @return arguments of a Java virtual machine
     */
    public List<String> jvmArguments() {
        List<String> arguments = new ArrayList<>();
        arguments.add("-D" + SELECTOR + "=" + selector);
        for (int i = 0; i < plugins.size(); i++) {
            arguments.add("-D" + PLUGIN + i + "=" + plugins.get(i));
        }
        for (int i = 0; i < profiles.size(); i++) {
            arguments.add("-D" + PROFILE + i + "=" + profiles.get(i));
        }
        options.forEach((key, value) -> arguments.add("-D" + OPTION + key + "=" + value));
        return arguments;
    }

    /** Whether this process was started to measure this backend. */
    static boolean isTold(String selector) {
        return selector.equals(System.getProperty(SELECTOR));
    }

    /** All backends, those of plugins and profiles that this process was told of included. */
    static BackendCatalog catalog() {
        List<ClassLoader> loaders = new ArrayList<>();
        ClassLoader own = MeasuredBackend.class.getClassLoader();
        loaders.add(own);
        told(PLUGIN).forEach(jar -> loaders.add(new URLClassLoader(new URL[] {url(jar)}, own)));
        BackendCatalog catalog = BackendCatalog.load(loaders);
        for (String profile : told(PROFILE)) {
            try {
                catalog = catalog.withProfile("emulated", Files.readString(Path.of(profile)));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return catalog;
    }

    private static URL url(String jar) {
        try {
            return Path.of(jar).toUri().toURL();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> told(String list) {
        List<String> told = new ArrayList<>();
        for (int i = 0; ; i++) {
            Optional<String> next = Optional.ofNullable(System.getProperty(list + i));
            if (next.isEmpty()) {
                return told;
            }
            told.add(next.get());
        }
    }

    /**
     * Options for a backend: those proposed that it takes, and, if it is the one that this process
     * was started to measure, those that the user gave.
     */
    static Map<String, String> options(
            BackendCatalog catalog, String selector, Map<String, String> proposed) {
        Map<String, String> options = new HashMap<>(proposed);
        options.keySet().retainAll(takes(catalog, selector));
        if (isTold(selector)) {
            for (String name : System.getProperties().stringPropertyNames()) {
                if (name.startsWith(OPTION)) {
                    options.put(name.substring(OPTION.length()), System.getProperty(name, ""));
                }
            }
        }
        return options;
    }

    private static Set<String> takes(BackendCatalog catalog, String selector) {
        String name = selector.replaceFirst(":.*", "");
        Set<String> keys = new HashSet<>();
        catalog.providers().stream()
                .filter(provider -> provider.name().equals(name))
                .flatMap(provider -> provider.options().stream())
                .map(BackendOption::key)
                .forEach(keys::add);
        return keys;
    }
}
