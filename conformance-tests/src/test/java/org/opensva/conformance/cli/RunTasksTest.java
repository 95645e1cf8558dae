package org.opensva.conformance.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/** Every task on the emulated machine, beside the tools that people have for it. */
class RunTasksTest {

    private static final int SIZE = 150_001;

    @TempDir Path folder;

    private Shell shell;
    private String input;
    private byte[] content;

    @BeforeEach
    void aFile() {
        shell = new Shell(folder);
        content = new byte[SIZE];
        Random random = new Random(3);
        for (int i = 0; i < SIZE; i++) {
            content[i] = (byte) ('a' + random.nextInt(5));
        }
        input = shell.file("data", content);
    }

    private Shell.Result run(String... args) {
        Shell.Result result = type(args);
        assertEquals(ExitStatus.GOOD, result.status(), result.err());
        return result;
    }

    private Shell.Result type(String... args) {
        List<String> all = new ArrayList<>(List.of("run"));
        all.addAll(List.of(args));
        all.addAll(List.of("--window", "32K"));
        return shell.type(all.toArray(String[]::new));
    }

    /** What a tool prints, or the test ends here because there is no such tool. */
    private String tool(int expected, String... command) throws IOException, InterruptedException {
        boolean there =
                Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":"))
                        .anyMatch(path -> Files.isExecutable(Path.of(path, command[0])));
        assumeTrue(there, "there is no " + command[0] + " here");
        Process process =
                new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(expected, process.waitFor(), output);
        return output;
    }

    @Test
    void whatIsCompressedInAnyFormatIsRestored() {
        String[][] pairs = {{"zlib", "unzlib", ".zz"}, {"deflate", "inflate", ".deflate"}};
        for (String[] pair : pairs) {
            run(pair[0], input, "--level", "9");
            run(pair[1], input + pair[2], shell.path("back" + pair[2]));
            assertArrayEquals(content, shell.read("back" + pair[2]));
            assertTrue(shell.read("data" + pair[2]).length < SIZE / 2);
        }
    }

    @Test
    void gzipOfOtherMakersIsRestoredAndTheirsRestoresOurs() throws Exception {
        tool(0, "gzip", "--keep", "data");
        run("gunzip", shell.path("data.gz"), shell.path("back"));
        assertArrayEquals(content, shell.read("back"));
        run("gzip", "--force", input, "--level", "1", "--queues", "3", "--depth", "4");
        assertEquals("", tool(0, "gzip", "--test", "data.gz"));
    }

    @Test
    void sha256sumChecksWhatIsPrinted() throws Exception {
        for (String sum : List.of("md5", "sha1", "sha224", "sha256", "sha384", "sha512")) {
            Files.write(folder.resolve("SUM"), run(sum, input).bytes());
            assertEquals(input + ": OK\n", tool(0, sum + "sum", "--check", "SUM"));
        }
        String odd = shell.file("a\nb\\c", content);
        Files.write(folder.resolve("SUM"), run("sha256", odd).bytes());
        assertTrue(tool(0, "sha256sum", "--check", "SUM").endsWith(": OK\n"), "an escaped name");
        byte[] wrong = content.clone();
        wrong[5] ^= 1;
        shell.file("data", wrong);
        Files.write(folder.resolve("SUM"), shell.type("run", "sha256", input).bytes());
        shell.file("data", content);
        assertTrue(tool(1, "sha256sum", "--check", "SUM").contains("FAILED"), "it does check");
    }

    @Test
    void opensslComesToTheSameDigestsAndMacs() throws Exception {
        for (String digest : List.of("sha3-256", "sha3-512", "sha512-256")) {
            String expected = tool(0, "openssl", "dgst", "-" + digest, "-r", "data");
            assertEquals(expected.split(" ", 2)[0], run(digest, input).out().split(" ", 2)[0]);
        }
        String key = shell.file("key", "sesame".getBytes(StandardCharsets.UTF_8));
        String expected = tool(0, "openssl", "dgst", "-sha256", "-hmac", "sesame", "-r", "data");
        String mine = run("hmac-sha256", input, "--key", key).out();
        assertEquals(expected.split(" ", 2)[0] + "  " + input + "\n", mine);
    }

    @Test
    void opensslDecryptsWhatWasEncryptedInCounterMode() throws Exception {
        byte[] bytes = new byte[32];
        new Random(5).nextBytes(bytes);
        String key = shell.file("key", bytes);
        // A counter that runs over in the middle of the file.
        String iv = "fffffffffffffffffffffffffffffff0";
        run("aes-ctr", input, shell.path("secret"), "--key", key, "--iv", iv);
        String hex = HexFormat.of().formatHex(bytes);
        tool(
                0,
                "openssl",
                "enc",
                "-d",
                "-aes-256-ctr",
                "-K",
                hex,
                "-iv",
                iv,
                "-in",
                "secret",
                "-out",
                "back");
        assertArrayEquals(content, shell.read("back"));
        run("aes-ctr", "-d", shell.path("secret"), shell.path("mine"), "--key", key, "--iv", iv);
        assertArrayEquals(content, shell.read("mine"));
    }

    @Test
    void whatIsSealedIsOpenedAndNothingElseIs() {
        String key = shell.file("key", Arrays.copyOf(content, 16));
        String[][] ways = {{}, {"--segment", "4K"}, {"--segment", "16K", "--aad", "the header"}};
        for (String[] way : ways) {
            run(with(way, "aes-gcm", "-f", input, shell.path("sealed"), "--key", key));
            run(
                    with(
                            way,
                            "aes-gcm",
                            "-d",
                            shell.path("sealed"),
                            "-f",
                            shell.path("back"),
                            "--key",
                            key));
            assertArrayEquals(content, shell.read("back"));
            byte[] sealed = shell.read("sealed");
            for (byte[] bad : damaged(sealed)) {
                String file = shell.file("bad", bad);
                Shell.Result result =
                        type(with(way, "aes-gcm", "-d", file, shell.path("none"), "--key", key));
                String line = result.complaint(ExitStatus.USAGE);
                assertTrue(line.startsWith("'" + file + "' "), line);
                assertTrue(Files.notExists(folder.resolve("none")), "nothing is written");
            }
        }
        run("aes-gcm", input, shell.path("one"), "--key", key);
        run("aes-gcm", input, shell.path("two"), "--key", key);
        assertTrue(!Arrays.equals(shell.read("one"), shell.read("two")), "another IV each time");
    }

    private static String[] with(String[] more, String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    /** Changed, cut off, cut off at the end of a segment, and with two segments in other order. */
    private static List<byte[]> damaged(byte[] sealed) {
        byte[] changed = sealed.clone();
        changed[sealed.length / 2] ^= 1;
        int segment = 4096 + 16;
        byte[] swapped = sealed.clone();
        System.arraycopy(sealed, 12, swapped, 12 + segment, segment);
        System.arraycopy(sealed, 12 + segment, swapped, 12, segment);
        return List.of(
                changed,
                Arrays.copyOf(sealed, sealed.length - 1),
                Arrays.copyOf(sealed, 12 + 3 * segment),
                Arrays.copyOf(sealed, 20),
                Arrays.copyOf(sealed, 5),
                swapped);
    }

    @Test
    void emptyFilesHaveDigestsAndFormsOfTheirOwn() {
        String empty = shell.file("empty", new byte[0]);
        assertTrue(run("sha256", empty).out().startsWith("e3b0c44298fc1c14"), "of nothing");
        assertTrue(run("crc32c", empty).out().startsWith("00000000"), "of nothing");
        String key = shell.file("key", new byte[16]);
        for (String[] way : new String[][] {{}, {"--segment", "4K"}}) {
            run(with(way, "aes-gcm", "-f", empty, shell.path("sealed"), "--key", key));
            run(
                    with(
                            way,
                            "aes-gcm",
                            "-f",
                            "-d",
                            shell.path("sealed"),
                            shell.path("b"),
                            "--key",
                            key));
            assertEquals(0, shell.read("b").length);
        }
        run("zlib", empty);
        run("unzlib", empty + ".zz", shell.path("c"));
        assertEquals(0, shell.read("c").length);
    }

    @Test
    void aPatternFillsAFile() {
        run("fill", shell.path("filled"), "--length", "100001", "--pattern", "01020304");
        byte[] filled = shell.read("filled");
        assertEquals(100_001, filled.length);
        for (int i = 0; i < filled.length; i++) {
            assertEquals(i % 4 + 1, filled[i]);
        }
    }

    @Test
    void filesAreComparedToTheFirstByteThatDiffers() {
        String same = shell.file("same", content);
        assertEquals("", run("compare", input, same).out());
        byte[] other = content.clone();
        other[77_777] ^= 1;
        String differs = shell.file("other", other);
        Shell.Result result = type("compare", input, differs);
        assertEquals(ExitStatus.FOUND, result.status());
        assertEquals(input + " " + differs + " differ: byte 77778\n", result.out());
        String shorter = shell.file("shorter", Arrays.copyOf(content, 65_536));
        assertEquals(
                shorter + " " + input + " differ: byte 65537\n",
                type("compare", shorter, input).out());
    }

    @Test
    void optionsThatMakeNoSenseAreOneLine() {
        String key = shell.file("key", new byte[17]);
        String[][] wrong = {
            {"gzip has no use for --key", "gzip", input, "--key", key},
            {"sha256 has no use for --iv", "sha256", input, "--iv", "00"},
            {"aes-gcm needs --key: a file with the key", "aes-gcm", input, "x"},
            {
                "a key for aes-gcm has 16, 24 or 32 bytes, '" + key + "' has 17",
                "aes-gcm",
                input,
                "x",
                "--key",
                key
            },
            {"--queues is 0, allowed: 1 to 64", "copy", input, "x", "--queues", "0"},
            {"--level is 10, allowed: 1 to 9", "gzip", input, "--level", "10"},
            {"fill needs --length: how many bytes to write", "fill", "x"},
            {
                "--pattern has 1, 2, 4 or 8 bytes, not 3",
                "fill",
                "x",
                "--length",
                "1",
                "--pattern",
                "010203"
            },
            {"compare needs two files", "compare", input},
            {"sha256 prints its result and takes no OUTPUT ('x')", "sha256", input, "x"},
        };
        for (String[] row : wrong) {
            String[] args = Arrays.copyOfRange(row, 1, row.length);
            assertEquals(row[0], type(args).complaint(ExitStatus.USAGE));
        }
    }
}
