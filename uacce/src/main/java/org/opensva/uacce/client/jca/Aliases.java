package org.opensva.uacce.client.jca;

import java.security.Provider;
import java.security.Security;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The other names of algorithms, object identifiers among them: those that the installed providers
 * have for them, so that a program finds an algorithm here under every name it knows.
 */
final class Aliases {

    private static final String PREFIX = "Alg.Alias.";

    private final Map<String, List<String>> byService = new HashMap<>();

    Aliases() {
        for (Provider provider : Security.getProviders()) {
            for (String property : provider.stringPropertyNames()) {
                int dot = property.indexOf('.', PREFIX.length());
                if (property.startsWith(PREFIX) && dot > 0) {
                    String type = property.substring(PREFIX.length(), dot);
                    List<String> names =
                            byService.computeIfAbsent(
                                    key(type, provider.getProperty(property)),
                                    key -> new ArrayList<>());
                    String alias = property.substring(dot + 1);
                    if (!names.contains(alias)) {
                        names.add(alias);
                    }
                }
            }
        }
    }

    private static String key(String type, String algorithm) {
        return (type + "." + algorithm).toUpperCase(Locale.ROOT);
    }

    List<String> of(String type, String algorithm) {
        return byService.getOrDefault(key(type, algorithm), List.of());
    }
}
