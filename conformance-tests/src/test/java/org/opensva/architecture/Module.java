package org.opensva.architecture;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The modules, what each may know, and how many classes each is known to have at least. */
enum Module {
    API("org.opensva.api", 80, List.of(), "com.google.inject.."),
    SMMUV3("org.opensva.smmuv3", 100, List.of(API)),
    VTD("org.opensva.vtd", 30, List.of(API)),
    ATS("org.opensva.ats", 25, List.of(API)),
    UACCE("org.opensva.uacce", 30, List.of(API), "javax.crypto.."),
    EMULATED(
            "org.opensva.emulated",
            60,
            List.of(API, SMMUV3, VTD, ATS, UACCE),
            "com.google.inject..",
            "tools.jackson..",
            "com.fasterxml.jackson.annotation.."),
    NATIVE("org.opensva.linux", 40, List.of(API, ATS, UACCE), "com.google.inject.."),
    CONFORMANCE(
            "org.opensva.conformance",
            120,
            List.of(API),
            "com.google.inject..",
            "com.networknt.schema..",
            "javax.xml..",
            "org.junit..",
            "org.opentest4j..",
            "org.apiguardian.api..",
            "picocli..",
            "com.sun.net.httpserver..",
            "io.opentelemetry.sdk..",
            "org.openjdk.jmh..",
            "org.HdrHistogram..",
            "tools.jackson..",
            "com.fasterxml.jackson.annotation..");

    /** What every module may know: the JDK, nullness, injection, tracing. */
    private static final List<String> EVERYWHERE =
            List.of(
                    "java..",
                    "org.jspecify.annotations..",
                    "jakarta.inject..",
                    "io.opentelemetry.api..",
                    "io.opentelemetry.context..");

    /**
     * Commands of the command line that are tools for one IOMMU: they replay recordings of it,
     * decode its state, and measure it. The suite itself knows the api alone, and none of its
     * packages is here.
     */
    private static final List<String> TOOLS =
            List.of(
                    "org.opensva.conformance.cli.replay..",
                    "org.opensva.conformance.cli.inspect..",
                    "org.opensva.conformance.measure.hardware..");

    /** What {@code opensva run} does, it does as a program would: with the client library. */
    private static final List<String> PROGRAMS = List.of("org.opensva.conformance.cli.work..");

    private static final List<String> LIBRARY = List.of("org.opensva.uacce.client..");

    /** What these tools may know beyond what their module may. */
    private static final List<String> HARDWARE =
            List.of(
                    "org.opensva.smmuv3.layout..",
                    "org.opensva.smmuv3.model..",
                    "org.opensva.vtd.layout..",
                    "org.opensva.vtd.model..");

    /**
     * The main classes of all modules, as the modules' own build made them; what JMH generates is
     * not ours.
     */
    static final JavaClasses ALL =
            new ClassFileImporter()
                    .withImportOption(location ->
                            !location.contains("/test-classes/")
                                    && !location.contains("/jmh_generated/")
                                    && !location.contains("/test/org/opensva/"))
                    .importPackages("org.opensva");

    final String root;
    final int classesAtLeast;
    private final List<Module> knows;
    private final List<String> libraries;

    Module(String root, int classesAtLeast, List<Module> knows, String... libraries) {
        this.root = root;
        this.classesAtLeast = classesAtLeast;
        this.knows = knows;
        this.libraries = Arrays.asList(libraries);
    }

    String packages() {
        return root + "..";
    }

    /** Package patterns that its classes may depend on. */
    String[] mayKnow() {
        List<String> patterns = new ArrayList<>(EVERYWHERE);
        patterns.add(packages());
        patterns.addAll(libraries);
        knows.forEach(m -> patterns.add(m.packages()));
        return patterns.toArray(String[]::new);
    }

    /** Packages of it that are tools for one IOMMU. */
    String[] tools() {
        return this == CONFORMANCE ? TOOLS.toArray(String[]::new) : new String[0];
    }

    /** Packages of it that are programs. */
    String[] programs() {
        return this == CONFORMANCE ? PROGRAMS.toArray(String[]::new) : new String[0];
    }

    /** Package patterns that the programs may depend on. */
    String[] programsMayKnow() {
        List<String> patterns = new ArrayList<>(List.of(mayKnow()));
        patterns.addAll(LIBRARY);
        return patterns.toArray(String[]::new);
    }

    /** Package patterns that the tools may depend on. */
    String[] toolsMayKnow() {
        List<String> patterns = new ArrayList<>(List.of(mayKnow()));
        patterns.addAll(HARDWARE);
        return patterns.toArray(String[]::new);
    }

    /** Its types, package descriptions not counted. */
    Stream<JavaClass> types() {
        return typesBelow(root);
    }

    /** A rule about a package may hold for nothing only as long as the package has no types. */
    static boolean isEmpty(String packageName) {
        return typesBelow(packageName).findAny().isEmpty();
    }

    private static Stream<JavaClass> typesBelow(String packageName) {
        return ALL.stream()
                .filter(c -> (c.getPackageName() + ".").startsWith(packageName + "."))
                .filter(c -> !c.getSimpleName().equals("package-info"));
    }
}
