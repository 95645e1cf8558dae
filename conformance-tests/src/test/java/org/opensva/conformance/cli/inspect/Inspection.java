package org.opensva.conformance.cli.inspect;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.opensva.conformance.cli.Console;
import org.opensva.conformance.cli.Main;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.zip.GZIPInputStream;

/** The command, typed in-process at a dump among the test data. */
final class Inspection {

    private static final int DAMAGED = 60;

    private Inspection() {}

    record Result(int status, String out, String err) {}

    /** A file of a dump. */
    static Path dump(String folder, String name) {
        try {
            return Path.of(
                    Objects.requireNonNull(Inspection.class.getResource("/" + folder + "/" + name))
                            .toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    static Result type(String kind, Path registers, Path memory, String... more) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Console console =
                new Console(
                        new ByteArrayInputStream(new byte[0]),
                        out,
                        err,
                        StandardCharsets.UTF_8,
                        Console.Terminals.NONE,
                        Map.of());
        List<String> args =
                new ArrayList<>(
                        List.of(
                                "inspect",
                                kind,
                                "--registers",
                                registers.toString(),
                                "--memory",
                                memory.toString()));
        args.addAll(List.of(more));
        int status = Main.execute(console, args.toArray(String[]::new));
        return new Result(
                status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** Changes digits of register values and table contents: decoding and the access still end. */
    static void survivesDamage(String kind, String dump, Path folder, String... access)
            throws IOException {
        SplittableRandom random = new SplittableRandom(8);
        String registers = Files.readString(dump(dump, "registers.json"));
        String memory;
        try (InputStream in =
                new GZIPInputStream(Files.newInputStream(dump(dump, "memory.json.gz")))) {
            memory = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        for (int round = 0; round < DAMAGED; round++) {
            Path first =
                    Files.writeString(
                            folder.resolve("r.json"), damage(registers, "\"value\": \"0x", random));
            Path second =
                    Files.writeString(
                            folder.resolve("m.json"), damage(memory, "\"hex\": \"", random));
            Result all = type(kind, first, second);
            assertTrue(all.status() == 0 || all.status() == 2, "round " + round + all.err());
            Result one = type(kind, first, second, access);
            assertTrue(one.status() == 0 || one.status() == 2, "round " + round + one.out());
        }
    }

    /** Changes a digit of some of the values. */
    private static String damage(String json, String before, SplittableRandom random) {
        StringBuilder text = new StringBuilder(json);
        for (int i = 0; i < 3; i++) {
            int at = text.indexOf(before, random.nextInt(text.length()));
            if (at >= 0) {
                int first = at + before.length();
                int last = text.indexOf("\"", first);
                int digit = first + random.nextInt(last - first);
                text.setCharAt(digit, Character.forDigit(random.nextInt(16), 16));
            }
        }
        return text.toString();
    }
}
