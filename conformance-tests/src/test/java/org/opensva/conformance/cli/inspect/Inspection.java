package org.opensva.conformance.cli.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.opensva.conformance.cli.Console;
import org.opensva.conformance.cli.Main;
import org.opensva.conformance.inspect.Explanation;
import org.opensva.conformance.inspect.Explanation.Access;
import org.opensva.conformance.inspect.Explanation.Kind;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

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

/**
 * The command, typed in-process at a dump among the test data.
 *
 * @param kind the kind of IOMMU
 * @param folder where its dump is
 */
record Inspection(String kind, String folder) {

    private static final int DAMAGED = 60;
    private static final int ASKED = 64;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    record Result(int status, String out, String err) {}

    /** What is known of a page by another program that walked the same tables. */
    interface Page {

        /** Says how an access ends, after asking the model if the offset is small. */
        Explanation.Ending follow(Access access, boolean ask);
    }

    /** A file of the dump. */
    Path dump(String name) {
        try {
            return Path.of(
                    Objects.requireNonNull(Inspection.class.getResource("/" + folder + "/" + name))
                            .toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    Result type(Path registers, Path memory, String... more) {
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

    Result type(String... more) {
        return type(dump("registers.json"), dump("memory.json.gz"), more);
    }

    JsonNode mappings() {
        return JSON.readTree(dump("mappings.json").toFile());
    }

    static long number(JsonNode node, String field) {
        return Long.parseUnsignedLong(node.path(field).stringValue().substring(2), 16);
    }

    /**
     * Reads and writes each page that another program found in the tables.
     *
     * @param requester the field that names who it is mapped for
     * @param refusal the start of the name of the fault of a write that is not allowed
     * @return how many pages there are
     */
    int everyPage(String requester, String refusal, Page page) {
        int pages = 0;
        for (JsonNode mapping : mappings().path("mappings")) {
            long leaf = number(mapping, "leaf");
            boolean writable = mapping.path("perm").stringValue().contains("w");
            for (long offset = 0; offset < number(mapping, "size"); offset += leaf) {
                for (Kind kind : List.of(Kind.READ, Kind.WRITE)) {
                    long iova = number(mapping, "iova") + offset;
                    Access access =
                            new Access((int) number(mapping, requester), -1, iova, kind, false);
                    // A long run of pages is like its beginning.
                    Explanation.Ending ending = page.follow(access, offset < ASKED * leaf);
                    if (kind == Kind.READ || writable) {
                        assertEquals(
                                new Explanation.Translated(
                                        number(mapping, "pa") + offset,
                                        Long.numberOfTrailingZeros(leaf)),
                                ending);
                    } else {
                        assertTrue(
                                ending instanceof Explanation.Faulted fault
                                        && fault.fault().startsWith(refusal),
                                () -> mapping + " " + kind + ": " + ending);
                    }
                }
                pages++;
            }
        }
        return pages;
    }

    /** Changes digits of register values and table contents: decoding and the access still end. */
    void survivesDamage(Path scratch, String... access) throws IOException {
        SplittableRandom random = new SplittableRandom(8);
        String registers = Files.readString(dump("registers.json"));
        String memory;
        try (InputStream in = new GZIPInputStream(Files.newInputStream(dump("memory.json.gz")))) {
            memory = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        for (int round = 0; round < DAMAGED; round++) {
            Path first =
                    Files.writeString(
                            scratch.resolve("r.json"),
                            damage(registers, "\"value\": \"0x", random));
            Path second =
                    Files.writeString(
                            scratch.resolve("m.json"), damage(memory, "\"hex\": \"", random));
            Result all = type(first, second);
            assertTrue(all.status() == 0 || all.status() == 2, "round " + round + all.err());
            Result one = type(first, second, access);
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
