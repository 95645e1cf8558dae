package org.opensva.conformance.cli;

import org.jspecify.annotations.Nullable;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.api.backend.BackendException;
import org.opensva.api.backend.BackendProvider;
import org.opensva.conformance.cli.words.Reason;
import org.opensva.conformance.cli.words.TextFile;

import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * The backends of the program and of the jars that the user named. Each jar has a class loader of
 * its own, so that two vendors never meet each other's libraries.
 */
final class Plugins implements AutoCloseable {

    private static final String SERVICE = "META-INF/services/" + BackendProvider.class.getName();

    /** What the service loader says of a class that nobody has. */
    private static final Pattern ABSENT = Pattern.compile("Provider (\\S+) not found");

    /** The backend that takes profiles. */
    private static final String PROFILED = "emulated";

    private static final int LARGEST_PROFILE = 1 << 20;

    private final List<URLClassLoader> loaders;
    private final BackendCatalog catalog;

    private Plugins(List<URLClassLoader> loaders, BackendCatalog catalog) {
        this.loaders = loaders;
        this.catalog = catalog;
    }

    /** Loads jars; {@link UsageException} or {@link BackendException} if that cannot be done. */
    static Plugins load(List<Path> jars) {
        ClassLoader own = Plugins.class.getClassLoader();
        List<URLClassLoader> opened = new ArrayList<>();
        boolean done = false;
        try {
            for (Path jar : distinct(jars)) {
                opened.add(open(jar, own));
            }
            List<ClassLoader> all = new ArrayList<>();
            all.add(own);
            all.addAll(opened);
            Plugins plugins = new Plugins(opened, BackendCatalog.load(all));
            done = true;
            return plugins;
        } finally {
            if (!done) {
                close(opened);
            }
        }
    }

    BackendCatalog catalog() {
        return catalog;
    }

    /**
     * Adds variants that users describe; {@link UsageException} or {@link BackendException} if that
     * cannot be done, and then everything is closed.
     */
    Plugins withProfiles(List<Path> files) {
        boolean done = false;
        try {
            BackendCatalog changed = catalog;
            for (Path file : files) {
                changed = withProfile(changed, file);
            }
            done = true;
            return new Plugins(loaders, changed);
        } finally {
            if (!done) {
                close();
            }
        }
    }

    private static BackendCatalog withProfile(BackendCatalog catalog, Path file) {
        try {
            return catalog.withProfile(PROFILED, TextFile.read(file, LARGEST_PROFILE));
        } catch (IOException e) {
            throw new UsageException("profile '%s': %s".formatted(file, Reason.of(e)), e);
        } catch (BackendException e) {
            throw new UsageException("'%s': %s".formatted(file, e.getMessage()), e);
        }
    }

    /** The variant that was added last, by its full name. */
    String lastProfiled() {
        return catalog.providers().stream()
                .filter(provider -> provider.name().equals(PROFILED))
                .map(provider -> PROFILED + ":" + provider.variants().getLast().name())
                .findFirst()
                .orElse(PROFILED);
    }

    private static Set<Path> distinct(List<Path> jars) {
        Set<Path> distinct = new LinkedHashSet<>();
        for (Path jar : jars) {
            try {
                distinct.add(jar.toRealPath());
            } catch (IOException e) {
                throw new UsageException("plugin '%s': %s".formatted(jar, Reason.of(e)), e);
            }
        }
        return distinct;
    }

    private static URLClassLoader open(Path jar, ClassLoader parent) {
        checkJar(jar);
        URLClassLoader loader = new URLClassLoader(new URL[] {url(jar)}, parent);
        boolean done = false;
        try {
            if (loader.findResource(SERVICE) == null) {
                throw new UsageException(
                        "plugin '%s' has no backend: it lacks %s".formatted(jar, SERVICE));
            }
            // Loaded alone first: only now is it known which jar is at fault.
            if (BackendCatalog.load(loader).providers().size()
                    == BackendCatalog.load(parent).providers().size()) {
                throw new UsageException(
                        "plugin '%s' has no backend of its own: %s names none"
                                .formatted(jar, SERVICE));
            }
            done = true;
            return loader;
        } catch (BackendException e) {
            throw new UsageException("plugin '%s': %s".formatted(jar, explain(e)), e);
        } finally {
            if (!done) {
                close(List.of(loader));
            }
        }
    }

    private static void checkJar(Path jar) {
        if (Files.isDirectory(jar)) {
            throw new UsageException("plugin '%s' is a directory, not a jar".formatted(jar));
        }
        if (!Files.isReadable(jar)) {
            throw new UsageException("plugin '%s': permission denied".formatted(jar));
        }
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            if (zip.size() == 0) {
                throw new UsageException("plugin '%s' is an empty jar".formatted(jar));
            }
        } catch (ZipException e) {
            throw new UsageException("plugin '%s' is not a jar".formatted(jar), e);
        } catch (IOException e) {
            throw new UsageException("plugin '%s': %s".formatted(jar, Reason.of(e)), e);
        }
    }

    private static URL url(Path jar) {
        URI uri = jar.toUri();
        try {
            return uri.toURL();
        } catch (MalformedURLException e) {
            throw new UsageException("plugin '%s' is not a file".formatted(jar), e);
        }
    }

    private static String explain(BackendException e) {
        @Nullable Throwable cause = e;
        while (cause != null) {
            if (cause instanceof UnsupportedClassVersionError) {
                return "it needs a newer Java than %d: %s"
                        .formatted(Runtime.version().feature(), cause.getMessage());
            }
            Matcher absent = ABSENT.matcher(String.valueOf(cause.getMessage()));
            if (cause instanceof ServiceConfigurationError && absent.find()) {
                return "%s names %s, which is not in the jar".formatted(SERVICE, absent.group(1));
            }
            cause = cause.getCause();
        }
        return e.getMessage() == null ? "it cannot be loaded" : e.getMessage();
    }

    @Override
    public void close() {
        close(loaders);
    }

    private static void close(List<URLClassLoader> loaders) {
        for (URLClassLoader loader : loaders) {
            try {
                loader.close();
            } catch (IOException _) {
                // The jar was only read; whatever is wrong with it now changes nothing.
            }
        }
    }
}
