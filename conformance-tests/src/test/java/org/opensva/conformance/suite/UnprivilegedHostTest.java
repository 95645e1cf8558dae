package org.opensva.conformance.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.conformance.report.Certificate;
import org.opensva.conformance.report.CertificateReader;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Real processes keep the contract for a user without any right. A build of root gives its rights
 * up for it; the build of any other user has none anyway, and {@link NativeHostTest} is that run.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "this is about Linux")
class UnprivilegedHostTest {

    private static final String NOBODY = "65534";
    private static final long LIMIT_MINUTES = 8;

    @TempDir Path folder;

    @Test
    void aUserWithoutRightsCertifiesRealProcesses() throws Exception {
        assumeTrue(
                Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid")),
                "this build has no rights to give up");
        assumeTrue(
                BackendCatalog.load(getClass().getClassLoader()).providers().stream()
                        .filter(provider -> provider.name().equals("native"))
                        .anyMatch(provider -> provider.variants().getFirst().available()),
                "no real processes here");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        Path report = folder.resolve("report");
        Path output = folder.resolve("output.txt");
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "setpriv",
                                "--reuid=" + NOBODY,
                                "--regid=" + NOBODY,
                                "--clear-groups",
                                "--no-new-privs",
                                "--bounding-set=-all",
                                "--inh-caps=-all",
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--enable-native-access=ALL-UNNAMED",
                                "-XX:TieredStopAtLevel=1",
                                "-Djava.io.tmpdir=" + folder,
                                "-cp",
                                readable(System.getProperty("java.class.path")),
                                "org.opensva.conformance.cli.Main",
                                "certify",
                                "--backend",
                                "native:host",
                                "--rules",
                                "BIND-*,FORK-0*,FORK-2*,UNMAP-0*,UNMAP-1*,EXIT-*",
                                "--timeout-factor",
                                "4",
                                "--report",
                                report.toString()));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.directory(folder.toFile());
        builder.redirectErrorStream(true).redirectOutput(output.toFile());
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            assumeTrue(false, "no setpriv here: " + e.getMessage());
            throw e;
        }
        try {
            assertTrue(process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES), "it does not end");
        } finally {
            process.destroyForcibly();
        }
        String said = Files.readString(output);
        assumeTrue(!said.startsWith("setpriv: "), said);
        assertEquals(0, process.exitValue(), said);
        Certificate read =
                CertificateReader.read(Files.readString(report.resolve("certificate.json")));
        assertTrue(
                read.backend()
                        .properties()
                        .getOrDefault("host.rights", "")
                        .contains("user id " + NOBODY + ", capabilities: none"),
                String.valueOf(read.backend().properties()));
    }

    /** Folders that only root can read are copied; the class path of a build may have some. */
    private String readable(String classPath) throws IOException {
        List<String> entries = new ArrayList<>();
        for (String entry : classPath.split(File.pathSeparator, -1)) {
            Path from = Path.of(entry).toAbsolutePath();
            if (entry.isEmpty() || !Files.exists(from)) {
                continue;
            }
            Path to = folder.resolve("cp-" + entries.size() + "-" + from.getFileName());
            copy(from, to);
            entries.add(to.toString());
        }
        return String.join(File.pathSeparator, entries);
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(
                from,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes a)
                            throws IOException {
                        Path made = to.resolve(from.relativize(dir).toString());
                        Files.createDirectories(made);
                        Files.setPosixFilePermissions(
                                made, PosixFilePermissions.fromString("rwxr-xr-x"));
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes a)
                            throws IOException {
                        Path made =
                                file.equals(from)
                                        ? to
                                        : to.resolve(from.relativize(file).toString());
                        Files.copy(file, made);
                        Files.setPosixFilePermissions(
                                made, PosixFilePermissions.fromString("rw-r--r--"));
                        return FileVisitResult.CONTINUE;
                    }
                });
    }
}
