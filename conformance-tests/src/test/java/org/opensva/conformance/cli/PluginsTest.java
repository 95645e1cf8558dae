package org.opensva.conformance.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A plugin that cannot be used is told in one line that names it. */
class PluginsTest {

    @TempDir Path folder;

    private String complaint(Path jar) {
        String line =
                new Shell(folder)
                        .type("backends", "--plugin", jar.toString())
                        .complaint(ExitStatus.USAGE);
        String name = "plugin '" + jar + "'";
        assertTrue(line.startsWith(name), line);
        String rest = line.substring(name.length());
        return rest.substring(rest.indexOf(' ') + 1);
    }

    private Path services(String providers) {
        return new Shell(folder).jar("plugin.jar", Map.of(Shell.SERVICE, providers));
    }

    @Test
    void aMissingJar() {
        assertTrue(
                complaint(folder.resolve("none.jar")).endsWith("no such file or directory"),
                "the reason");
    }

    @Test
    void aFolder() {
        assertEquals("is a directory, not a jar", complaint(folder));
    }

    @Test
    void aFileThatIsNoJar() throws IOException {
        assertEquals(
                "is not a jar", complaint(Files.writeString(folder.resolve("x.jar"), "hello")));
        assertEquals("is not a jar", complaint(Files.writeString(folder.resolve("y.jar"), "")));
    }

    @Test
    void aJarWithoutBackend() {
        Path jar = new Shell(folder).jar("plugin.jar", Map.of("readme.txt", "hello"));
        assertEquals(
                "has no backend: it lacks"
                        + " META-INF/services/org.opensva.api.backend.BackendProvider",
                complaint(jar));
        assertEquals(
                "has no backend of its own:"
                        + " META-INF/services/org.opensva.api.backend.BackendProvider names none",
                complaint(services("# nothing\n")));
    }

    @Test
    void aProviderClassThatIsMissing() {
        String line = complaint(services("com.acme.Missing\n"));
        assertTrue(line.endsWith(" names com.acme.Missing, which is not in the jar"), line);
    }

    @Test
    void aProviderClassThatIsNoProvider() {
        String line = complaint(services("org.opensva.conformance.cli.Console\n"));
        assertTrue(line.contains("not a subtype"), line);
    }

    @Test
    void aClassFileThatIsDamaged() throws IOException {
        String line = complaint(classJar("com/acme/Damaged", new byte[] {1, 2, 3, 4, 5, 6, 7, 8}));
        assertTrue(line.contains("com.acme.Damaged") || line.contains("com/acme/Damaged"), line);
    }

    @Test
    void aJarForANewerJava() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            // JVMS 4.1: magic, minor_version, major_version, constant_pool_count ...
            out.writeInt(0xCAFEBABE);
            out.writeShort(0);
            out.writeShort(44 + Runtime.version().feature() + 10);
            out.write(new byte[16]);
        }
        String line = complaint(classJar("com/acme/Future", bytes.toByteArray()));
        assertTrue(
                line.contains(
                        "it needs a newer Java than " + Runtime.version().feature() + ": com/acme"),
                line);
    }

    private Path classJar(String name, byte[] bytes) throws IOException {
        Path jar = folder.resolve("plugin.jar");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
            zip.putNextEntry(new ZipEntry(Shell.SERVICE));
            zip.write((name.replace('/', '.') + "\n").getBytes(StandardCharsets.UTF_8));
            zip.closeEntry();
            zip.putNextEntry(new ZipEntry(name + ".class"));
            zip.write(bytes);
            zip.closeEntry();
        }
        return jar;
    }

    @Test
    void twoPluginsOfOneName() {
        Shell shell = new Shell(folder);
        Path other =
                shell.jar(
                        "namesake.jar",
                        Map.of(
                                Shell.SERVICE,
                                "org.opensva.conformance.cli.fake.NamesakeProvider\n"));
        String line =
                shell.plugged("backends", "--plugin", other.toString()).complaint(ExitStatus.USAGE);
        assertTrue(line.contains("two backends are named 'fake'"), line);
    }

    @Test
    void oneJarNamedTwiceIsOnePlugin() {
        Shell shell = new Shell(folder);
        String jar = shell.fakes().toString();
        Shell.Result result = shell.type("backends", "--plugin", jar, "--plugin", jar);
        assertEquals(ExitStatus.GOOD, result.status(), result.err());
    }
}
