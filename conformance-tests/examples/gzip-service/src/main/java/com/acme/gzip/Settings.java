package com.acme.gzip;

import org.jspecify.annotations.Nullable;

/**
 * What the service shall be like.
 *
 * @param port where it listens on the loopback interface; 0 for any free one
 * @param backend whose accelerators do the work
 * @param otlp where spans and metrics go, or null for what the environment says
 * @param print whether each trace is printed
 * @param most how many bytes an upload may have
 */
record Settings(int port, String backend, @Nullable String otlp, boolean print, long most) {

    static final String USAGE = "start [--port N] [--backend NAME] [--otlp URL] [--print]";
    private static final Settings DEFAULT =
            new Settings(8080, "emulated:smmuv3", null, false, 64L << 20);

    /**
     * Reads a command line.
     *
     * @throws IllegalArgumentException with one line that says what is wrong
     */
    static Settings parse(String... arguments) {
        Settings settings = DEFAULT;
        for (int i = 0; i < arguments.length; i++) {
            String option = arguments[i];
            settings =
                    switch (option) {
                        case "--print" -> settings.withPrint();
                        case "--port" -> settings.withPort(value(arguments, ++i, option));
                        case "--backend" -> settings.withBackend(value(arguments, ++i, option));
                        case "--otlp" -> settings.withOtlp(value(arguments, ++i, option));
                        default ->
                                throw new IllegalArgumentException(
                                        "'%s' is not known: %s".formatted(option, USAGE));
                    };
        }
        return settings;
    }

    private static String value(String[] arguments, int index, String option) {
        if (index >= arguments.length) {
            throw new IllegalArgumentException(option + " needs a value: " + USAGE);
        }
        return arguments[index];
    }

    Settings withPrint() {
        return new Settings(port, backend, otlp, true, most);
    }

    Settings withMost(long bytes) {
        return new Settings(port, backend, otlp, print, bytes);
    }

    private Settings withPort(String text) {
        if (!text.matches("\\d{1,5}") || Integer.parseInt(text) > 65535) {
            throw new IllegalArgumentException("--port '%s' is not 0 to 65535".formatted(text));
        }
        return new Settings(Integer.parseInt(text), backend, otlp, print, most);
    }

    private Settings withBackend(String name) {
        return new Settings(port, name, otlp, print, most);
    }

    private Settings withOtlp(String url) {
        return new Settings(port, backend, url, print, most);
    }
}
