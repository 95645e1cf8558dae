package org.opensva.conformance.cli.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensva.api.backend.BackendCatalog;
import org.opensva.conformance.suite.ConformanceResult;
import org.opensva.conformance.suite.ConformanceRun;
import org.opensva.conformance.suite.RuleResult;
import org.opensva.conformance.suite.Verdict;

import picocli.CommandLine;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** What {@code new-backend} writes, and what it refuses. */
class NewBackendCommandTest {

    @TempDir private Path folder = Path.of("");
    private final List<String> complaints = new ArrayList<>();

    private int run(String... arguments) {
        return run(new StringWriter(), "0.1.0", arguments);
    }

    private int run(StringWriter out, String version, String... arguments) {
        return new CommandLine(
                        new NewBackendCommand(new PrintWriter(out, true), complaints::add, version))
                .execute(arguments);
    }

    @Test
    void itSaysWhereAVersionComesFromThatNoRegistryHas() {
        StringWriter released = new StringWriter();
        StringWriter snapshot = new StringWriter();
        String one = folder.resolve("one").toString();
        String two = folder.resolve("two").toString();
        assertEquals(0, run(released, "0.1.0", "--package", "com.acme", "--out", one));
        assertEquals(0, run(snapshot, "0.1.0-SNAPSHOT", "--package", "com.acme", "--out", two));
        assertEquals(2, released.toString().lines().count(), released.toString());
        assertTrue(
                snapshot.toString().contains("first: mvn -B install -DskipTests"),
                snapshot.toString());
    }

    private List<Path> files(Path root) throws IOException {
        try (Stream<Path> walk = Files.walk(root)) {
            return walk.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void whatItWritesCompilesAndFailsRuleByRuleWithTheNextStep() throws IOException {
        Path project = folder.resolve("made/acme");
        assertEquals(0, run("--package", "com.acme.my_dev", "--out", project.toString()));
        assertEquals(List.of(), complaints);
        Path classes = compiled(project);
        try (URLClassLoader loader =
                new URLClassLoader(
                        new URL[] {classes.toUri().toURL()}, getClass().getClassLoader())) {
            ConformanceResult result =
                    ConformanceRun.builder()
                            .catalog(BackendCatalog.load(loader))
                            .backend("my-dev")
                            .rules("BIND-*,UNMAP-01,EXIT-06,FORK-01")
                            .timeoutFactor(0.5)
                            .run();
            List<RuleResult> failed =
                    result.rules().stream()
                            .filter(rule -> rule.verdict() == Verdict.FAILED)
                            .toList();
            assertTrue(failed.size() > 5, () -> "only these fail: " + failed);
            for (RuleResult rule : failed) {
                assertTrue(
                        rule.reason().contains("implement it next"),
                        () -> rule.rule().id() + ": " + rule.reason());
            }
            assertTrue(
                    result.rules().stream()
                            .anyMatch(rule ->
                                    rule.rule().id().equals("FORK-01")
                                            && rule.verdict() == Verdict.NOT_APPLICABLE),
                    "what is not claimed does not apply");
        }
    }

    /** As Maven would put it together: classes and resources in one folder. */
    private Path compiled(Path project) throws IOException {
        Path classes = Files.createDirectories(folder.resolve("classes"));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "-Xlint:all,-processing,-path,-requires-automatic",
                                "-Werror",
                                "-proc:none",
                                "-cp",
                                System.getProperty("java.class.path"),
                                "-d",
                                classes.toString()));
        files(project.resolve("src")).stream()
                .map(Path::toString)
                .filter(file -> file.endsWith(".java"))
                .forEach(arguments::add);
        java.io.ByteArrayOutputStream messages = new java.io.ByteArrayOutputStream();
        int status = compiler.run(null, messages, messages, arguments.toArray(new String[0]));
        assertEquals(0, status, messages::toString);
        Path services = project.resolve("src/main/resources/META-INF/services");
        Path copied = Files.createDirectories(classes.resolve("META-INF/services"));
        for (Path file : files(services)) {
            Files.copy(file, copied.resolve(file.getFileName()));
        }
        return classes;
    }

    @Test
    void nothingInAProjectNamesAPlaceToDownloadFrom() {
        new ProjectTemplate(ProjectName.of("com.acme"), "0.1.0")
                .files()
                .forEach((file, text) -> {
                    assertFalse(text.contains("@Name@") || text.contains("@package@"), file);
                    assertFalse(text.contains("<repositor"), file);
                    assertFalse(
                            text.replaceAll("https?://(maven\\.apache|www\\.w3)\\.org", "")
                                    .matches("(?s).*https?://.*"),
                            file);
                });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Acme",
                "com..acme",
                "com.acme.",
                ".acme",
                "com.acme-x",
                "com.class.x",
                "com.1acme",
                "../x",
                "com/acme",
                "java.acme",
                "org.opensva.x",
                "com.emulated",
                "com.acme\nx"
            })
    void refusesWhatIsNoPackageOfItsOwn(String name) {
        assertEquals(2, run("--package", name, "--out", folder.resolve("x").toString()));
        assertEquals(1, complaints.size());
        assertFalse(Files.exists(folder.resolve("x")));
    }

    @Test
    void refusesAFolderWithSomethingInItAndLeavesItAlone() throws IOException {
        Path full = Files.createDirectories(folder.resolve("full"));
        Files.writeString(full.resolve("mine.txt"), "mine");
        assertEquals(2, run("--package", "com.acme", "--out", full.toString()));
        Files.writeString(folder.resolve("file"), "mine");
        assertEquals(2, run("--package", "com.acme", "--out", folder.resolve("file").toString()));
        assertEquals(2, complaints.size());
        assertEquals(2, files(folder).size());
    }

    @Test
    void takesAnEmptyFolder() throws IOException {
        Path empty = Files.createDirectories(folder.resolve("empty"));
        assertEquals(0, run("--package", "acme", "--out", empty.toString()));
        assertTrue(Files.exists(empty.resolve("pom.xml")));
        try (Stream<Path> beside = Files.list(folder)) {
            assertEquals(1, beside.count(), "nothing is left beside it");
        }
    }
}
