package org.opensva.conformance.cli.project;

import org.opensva.conformance.cli.words.Reason;
import org.opensva.conformance.report.AtomicFiles;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** {@code opensva new-backend}: writes a Maven project to begin a backend with. */
@Command(
        name = "new-backend",
        header = "Write a Maven project to begin a backend of your own with.",
        description = {
            "The project compiles, and its certification runs: it fails rule by rule with messages"
                    + " that say what to implement next. The last part of the package becomes the"
                    + " name of the backend."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  opensva new-backend --package com.acme --out acme"})
public final class NewBackendCommand implements Callable<Integer> {

    private static final int GOOD = 0;
    private static final int USAGE = 2;

    private final PrintWriter out;
    private final Consumer<String> complain;
    private final String version;

    @Option(
            names = "--package",
            paramLabel = "NAME",
            required = true,
            description = "The Java package of the project, such as com.acme.")
    private String packageName = "";

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description = "Where the project goes: a folder that is empty or does not exist yet.")
    private Path folder = Path.of("");

    /**
     * Creates the command.
     *
     * @param out where it says what it did
     * @param complain where it says what is wrong
     * @param version the version of OpenSVA that the project is made for
     */
    public NewBackendCommand(PrintWriter out, Consumer<String> complain, String version) {
        this.out = out;
        this.complain = complain;
        this.version = version;
    }

    @Override
    public Integer call() {
        try {
            ProjectName name = ProjectName.of(packageName);
            create(new ProjectTemplate(name, version), folder.toAbsolutePath().normalize());
            out.printf(
                    "wrote %s: backend '%s' in package %s%n", folder, name.backend(), packageName);
            if (version.endsWith("-SNAPSHOT")) {
                out.printf(
                        "first: mvn -B install -DskipTests in the sources of OpenSVA, once: no"
                                + " registry has version %s%n",
                        version);
            }
            out.printf("next: mvn -B verify in %s, and read its README.md%n", folder);
            return GOOD;
        } catch (IllegalArgumentException e) {
            complain.accept(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            complain.accept("%s cannot be written: %s".formatted(folder, Reason.of(e)));
        }
        return USAGE;
    }

    /** Everything is written beside, then moved to its place in one step. */
    private static void create(ProjectTemplate project, Path target) throws IOException {
        mustBeFree(target);
        Path parent = target.getParent();
        if (parent == null) {
            throw new IllegalArgumentException(target + " is no folder for a project");
        }
        AtomicFiles.createFolders(parent);
        Path beside = Files.createTempDirectory(parent, ".new-backend-");
        try {
            project.write(beside);
            // An empty folder is replaced.
            Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            remove(beside);
        }
    }

    private static void mustBeFree(Path target) throws IOException {
        if (!Files.exists(target)) {
            return;
        }
        if (!Files.isDirectory(target)) {
            throw new IllegalArgumentException(target + " is a file; name a folder");
        }
        try (DirectoryStream<Path> content = Files.newDirectoryStream(target)) {
            if (content.iterator().hasNext()) {
                throw new IllegalArgumentException(
                        target + " is not empty; nothing in it is overwritten");
            }
        }
    }

    private static void remove(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        List<Path> all;
        try (Stream<Path> walk = Files.walk(folder)) {
            all = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : all) {
            Files.deleteIfExists(path);
        }
    }
}
