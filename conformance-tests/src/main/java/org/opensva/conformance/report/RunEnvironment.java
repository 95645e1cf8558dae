package org.opensva.conformance.report;

/**
 * Where the suite ran, as far as it may matter for a verdict; nothing that names a person, a host
 * or a path.
 *
 * @param javaVersion the version of the Java runtime, for example {@code 25.0.1}
 * @param javaVendor who made the runtime
 * @param os the name of the operating system
 * @param osVersion its version
 * @param arch the architecture, for example {@code amd64}
 * @param processors how many processors the runtime may use
 */
public record RunEnvironment(
        String javaVersion,
        String javaVendor,
        String os,
        String osVersion,
        String arch,
        int processors) {

    /**
     * The environment of this process.
     *
     * @return what the Java runtime says about itself
     */
    public static RunEnvironment current() {
        return new RunEnvironment(
                property("java.version"),
                property("java.vendor"),
                property("os.name"),
                property("os.version"),
                property("os.arch"),
                Runtime.getRuntime().availableProcessors());
    }

    private static String property(String key) {
        return System.getProperty(key, "unknown");
    }
}
