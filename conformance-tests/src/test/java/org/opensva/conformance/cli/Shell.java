package org.opensva.conformance.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.opensva.conformance.report.AtomicFiles;
import org.opensva.conformance.suite.ConformanceResult;
import org.opensva.conformance.suite.ConformanceRun;
import org.opensva.conformance.suite.PlannedTest;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Types commands and catches what comes out. */
final class Shell {

    private final Path folder;
    private byte[] input = new byte[0];
    private Console.Terminals terminals = Console.Terminals.NONE;
    private Map<String, String> environment = Map.of("TERM", "xterm");
    private AtomicFiles files = new AtomicFiles();
    private Context.Suite suite = ConformanceRun.Builder::run;
    private Class<?> program = Main.class;

    Shell(Path folder) {
        this.folder = folder;
    }

    /** What a command left behind. */
    record Result(int status, byte[] bytes, String out, String err) {

        /** Asserts that the command ended with one line, and only that, and returns the line. */
        String complaint(int expectedStatus) {
            assertEquals(expectedStatus, status, err);
            assertEquals("", out);
            List<String> lines = err.lines().toList();
            assertEquals(1, lines.size(), err);
            String line = lines.getFirst();
            assertEquals("opensva: ", line.substring(0, "opensva: ".length()));
            return line.substring("opensva: ".length());
        }
    }

    Shell input(byte[] bytes) {
        input = bytes.clone();
        return this;
    }

    Shell terminals(boolean out, boolean err) {
        terminals = new Console.Terminals(out, err);
        return this;
    }

    Shell environment(Map<String, String> variables) {
        environment = variables;
        return this;
    }

    Shell files(AtomicFiles value) {
        files = value;
        return this;
    }

    /** Has the suite run these rule tests instead of its own. */
    Shell tests(Class<?>... classes) {
        return suite(new Own(classes));
    }

    /** The suite with other rule tests. */
    record Own(Class<?>... classes) implements Context.Suite {
        @Override
        public ConformanceResult run(ConformanceRun.Builder run) {
            return run.tests(classes).run();
        }

        @Override
        public List<PlannedTest> tests(ConformanceRun.Builder run) {
            return run.tests(classes).build().tests();
        }
    }

    /** Has child JVMs run another program. */
    Shell program(Class<?> value) {
        program = value;
        return this;
    }

    Shell suite(Context.Suite value) {
        suite = value;
        return this;
    }

    Result type(String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        return type(out, args);
    }

    Result type(OutputStream out, String... args) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Console console =
                new Console(
                        new ByteArrayInputStream(input),
                        out,
                        err,
                        StandardCharsets.UTF_8,
                        terminals,
                        environment);
        // A clock that never stands still, so that no update of a progress line is left out.
        AtomicLong clock = new AtomicLong();
        Context context =
                new Context(console, files, () -> clock.addAndGet(1_000_000_000L), suite, program);
        int status = new Program(context).run(args);
        byte[] bytes =
                out instanceof ByteArrayOutputStream caught ? caught.toByteArray() : new byte[0];
        return new Result(
                status,
                bytes,
                new String(bytes, StandardCharsets.UTF_8),
                err.toString(StandardCharsets.UTF_8));
    }

    /** Types a command with the fake backends plugged in. */
    Result plugged(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.add("--plugin");
        all.add(fakes().toString());
        return type(all.toArray(String[]::new));
    }

    /** A jar that names the fake backends. */
    Path fakes() {
        return jar(
                "fakes.jar",
                Map.of(
                        SERVICE,
                        """
                        org.opensva.conformance.cli.fake.FakeProvider
                        org.opensva.conformance.cli.fake.OtherProvider
                        """));
    }

    static final String SERVICE = "META-INF/services/org.opensva.api.backend.BackendProvider";

    /** Makes a jar of text files. */
    Path jar(String name, Map<String, String> entries) {
        Path jar = folder.resolve(name);
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
            for (Map.Entry<String, String> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue().getBytes(StandardCharsets.UTF_8));
                zip.closeEntry();
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return jar;
    }

    /** A file in the test's folder, as users would name it. */
    String path(String name) {
        return folder.resolve(name).toString();
    }

    String file(String name, byte[] content) {
        try {
            return Files.write(folder.resolve(name), content).toString();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    byte[] read(String name) {
        try {
            return Files.readAllBytes(folder.resolve(name));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The names of all files in the test's folder, sorted, without the jars. */
    List<String> names() {
        try (Stream<Path> paths = Files.walk(folder)) {
            return paths.filter(Files::isRegularFile)
                    .map(path -> folder.relativize(path).toString())
                    .filter(name -> !name.endsWith(".jar"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
