package org.opensva.conformance.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

class RunCommandTest {

    @TempDir Path folder;

    private static final String[] SMALL_WINDOWS = {"--window", "4K", "--backend", "fake"};

    private Shell.Result run(Shell shell, String... args) {
        String[] all = Arrays.copyOf(args, args.length + SMALL_WINDOWS.length);
        System.arraycopy(SMALL_WINDOWS, 0, all, args.length, SMALL_WINDOWS.length);
        return shell.plugged(all);
    }

    private static byte[] text(int length) {
        byte[] bytes = new byte[length];
        Random random = new Random(length);
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) ('a' + random.nextInt(7));
        }
        return bytes;
    }

    private static byte[] gunzip(byte[] bytes) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
            return in.readAllBytes();
        }
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4095, 4096, 4097, 8192, 100_000})
    void aFileOfAnyLengthSurvivesCompressionAndDecompression(int length) throws IOException {
        Shell shell = new Shell(folder);
        byte[] content = text(length);
        String input = shell.file("data", content);
        assertEquals("", silent(run(shell, "run", "gzip", input)));
        assertArrayEquals(content, gunzip(shell.read("data.gz")));
        assertEquals("", silent(run(shell, "run", "gunzip", input + ".gz", shell.path("back"))));
        assertArrayEquals(content, shell.read("back"));
        assertEquals("", silent(run(shell, "run", "copy", input, shell.path("copy"))));
        assertArrayEquals(content, shell.read("copy"));
        assertEquals(List.of("back", "copy", "data", "data.gz"), shell.names());
        CRC32C crc = new CRC32C();
        crc.update(content);
        Shell.Result sum = run(shell, "run", "crc32c", input);
        assertEquals("%08x  %s\n".formatted(crc.getValue(), input), sum.out());
    }

    private static String silent(Shell.Result result) {
        assertEquals(ExitStatus.GOOD, result.status(), result.err());
        return result.out() + result.err();
    }

    @Test
    void gzipAcceptsWhatIsWritten() throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/gzip")), "there is no gzip here");
        Shell shell = new Shell(folder);
        String input = shell.file("data", text(50_000));
        run(shell, "run", "gzip", input);
        Process gzip = new ProcessBuilder("/usr/bin/gzip", "-t", input + ".gz").start();
        assertEquals(0, gzip.waitFor());
    }

    @Test
    void standardStreamsAreDashes() throws IOException {
        Shell shell = new Shell(folder).input("hello, device".getBytes(StandardCharsets.UTF_8));
        Shell.Result zipped = run(shell, "run", "gzip", "-");
        assertEquals("hello, device", new String(gunzip(zipped.bytes()), StandardCharsets.UTF_8));
        Shell.Result unzipped = run(shell.input(zipped.bytes()), "run", "gunzip", "-", "-");
        assertEquals("hello, device", unzipped.out());
        Shell.Result sum =
                run(
                        shell.input("123456789".getBytes(StandardCharsets.UTF_8)),
                        "run",
                        "crc32c",
                        "-");
        // RFC 3720 does not have it, but every catalogue of CRCs does: the check value of CRC-32C.
        assertEquals("e3069283  -\n", sum.out());
        assertEquals(List.of(), shell.names());
    }

    @Test
    void compressedDataIsNotPouredOntoATerminal() {
        Shell shell = new Shell(folder).input(new byte[] {1}).terminals(true, true);
        assertTrue(
                run(shell, "run", "gzip", "-")
                        .complaint(ExitStatus.USAGE)
                        .startsWith("compressed data is not written to a terminal"),
                "refused");
        assertEquals(ExitStatus.GOOD, run(shell, "run", "gzip", "-", "--force").status());
    }

    @Test
    void namesAreDerivedAsGzipDoes() throws IOException {
        Shell shell = new Shell(folder);
        run(shell, "run", "gunzip", shell.file("a.gz", gzip(text(10))));
        run(shell, "run", "gunzip", shell.file("b.tgz", gzip(text(20))));
        assertArrayEquals(text(10), shell.read("a"));
        assertArrayEquals(text(20), shell.read("b.tar"));
        String odd = shell.file("odd.zip", gzip(text(10)));
        assertEquals(
                "'" + odd + "' does not end in .gz; name the OUTPUT, too",
                run(shell, "run", "gunzip", odd).complaint(ExitStatus.USAGE));
        assertEquals(
                "copy needs an OUTPUT: the file to write, or -",
                run(shell, "run", "copy", odd).complaint(ExitStatus.USAGE));
        assertEquals(
                "crc32c prints its result and takes no OUTPUT ('x')",
                run(shell, "run", "crc32c", odd, "x").complaint(ExitStatus.USAGE));
    }

    @Test
    void aFileIsReplacedOnlyByForce() {
        Shell shell = new Shell(folder);
        String input = shell.file("data", text(100));
        String output = shell.file("data.gz", new byte[] {1, 2, 3});
        assertEquals(
                "cannot write '" + output + "': it exists already; --force replaces it",
                run(shell, "run", "gzip", input).complaint(ExitStatus.USAGE));
        assertArrayEquals(new byte[] {1, 2, 3}, shell.read("data.gz"));
        assertEquals("", silent(run(shell, "run", "gzip", "-f", input)));
        assertEquals((byte) 0x1f, shell.read("data.gz")[0]);
        assertEquals(
                "'" + input + "' is both input and output",
                run(shell, "run", "copy", "--force", input, input).complaint(ExitStatus.USAGE));
        assertArrayEquals(text(100), shell.read("data"));
    }

    @Test
    void aLinkStaysALinkAndItsTargetIsReplaced() throws IOException {
        Shell shell = new Shell(folder);
        String input = shell.file("data", text(100));
        shell.file("target", new byte[] {1});
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("target"));
        assertEquals("", silent(run(shell, "run", "copy", "-f", input, link.toString())));
        assertTrue(Files.isSymbolicLink(link), "still a link");
        assertArrayEquals(text(100), shell.read("target"));
    }

    @Test
    void theResultIsNoMoreReadableThanTheInput() throws IOException {
        Shell shell = new Shell(folder);
        Path input = Path.of(shell.file("secret", text(100)));
        Files.setPosixFilePermissions(input, PosixFilePermissions.fromString("rw-------"));
        run(shell, "run", "gzip", input.toString());
        assertEquals(
                "rw-------",
                PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(folder.resolve("secret.gz"))));
    }

    @ParameterizedTest
    @CsvSource({
        "empty, is empty which is not gzip data",
        "text, is not gzip data or is damaged or cut off",
        "truncated, is not gzip data or is damaged or cut off",
        "damaged, is not gzip data or is damaged or cut off",
    })
    void whatIsNotGzipDataIsToldAndLeavesNothing(String kind, String complaint) throws IOException {
        byte[] good = gzip(text(20_000));
        byte[] damaged = good.clone();
        damaged[damaged.length - 6] ^= 1;
        byte[] content =
                switch (kind) {
                    case "empty" -> new byte[0];
                    case "text" -> text(30_000);
                    case "truncated" -> Arrays.copyOf(good, good.length - 9);
                    case "damaged" -> damaged;
                    default -> damaged;
                };
        Shell shell = new Shell(folder);
        String input = shell.file("x.gz", content);
        String line = run(shell, "run", "gunzip", input).complaint(ExitStatus.USAGE);
        assertEquals("'" + input + "' " + complaint, line.replace(",", ""));
        assertEquals(List.of("x.gz"), shell.names());
    }

    @Test
    void whatCannotBeReadIsOneLine() {
        Shell shell = new Shell(folder);
        String none = shell.path("none");
        assertEquals(
                "cannot read '" + none + "': no such file or directory",
                run(shell, "run", "gzip", none).complaint(ExitStatus.USAGE));
        assertEquals(
                "cannot read '" + folder + "': it is a directory",
                run(shell, "run", "crc32c", folder.toString()).complaint(ExitStatus.USAGE));
        assertEquals(
                "'a?b' is not the name of a file",
                run(shell, "run", "crc32c", "a\0b").complaint(ExitStatus.USAGE));
    }

    @Test
    void whatCannotBeWrittenIsOneLineAndLeavesNothing() {
        Shell shell = new Shell(folder);
        String input = shell.file("data", text(100));
        assertEquals(
                "cannot write '" + folder + "': it is a directory",
                run(shell, "run", "copy", input, folder.toString()).complaint(ExitStatus.USAGE));
        String deep = shell.path("none/copy");
        assertEquals(
                "cannot write '" + deep + "': no such file or directory",
                run(shell, "run", "copy", input, deep).complaint(ExitStatus.USAGE));
        assertEquals(List.of("data"), shell.names());
    }

    @Test
    void aFullDiskIsOneLine() {
        assumeTrue(Files.isWritable(Path.of("/dev/full")), "there is no /dev/full here");
        Shell shell = new Shell(folder);
        String input = shell.file("data", text(10_000));
        assertEquals(
                "cannot write '/dev/full': no space left on device",
                run(shell, "run", "copy", input, "/dev/full").complaint(ExitStatus.USAGE));
        assertTrue(Files.exists(Path.of("/dev/full")), "a device is not replaced");
        assertFalse(Files.isRegularFile(Path.of("/dev/full")), "a device is not replaced");
    }

    @Test
    void aReaderThatLeavesEndsTheWorkQuietly() {
        Shell shell = new Shell(folder);
        String input = shell.file("data", text(10_000));
        OutputStream gone =
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("Broken pipe");
                    }
                };
        Shell.Result result =
                shell.type(
                        gone,
                        "run",
                        "copy",
                        input,
                        "-",
                        "--plugin",
                        shell.fakes().toString(),
                        "--backend",
                        "fake");
        assertEquals(ExitStatus.USAGE, result.status());
        assertEquals("", result.err());
    }

    @Test
    void aDeviceThatFailsIsAFindingAndLeavesNothing() {
        Shell shell = new Shell(folder);
        String input = shell.file("data", text(100));
        assertEquals(
                "gzip on backend 'fake:dying' failed: gzip on fake-0 ended with DEVICE_ERROR",
                shell.plugged("run", "gzip", input, "--backend", "fake:dying")
                        .complaint(ExitStatus.FOUND));
        assertEquals(List.of("data"), shell.names());
    }

    @Test
    void aMemberThatIsTooLargeForTheBackendIsToldSo() throws IOException {
        Shell shell = new Shell(folder);
        String input = shell.file("zeros.gz", gzip(new byte[1 << 20]));
        String line =
                run(shell, "run", "gunzip", input, "--option", "memory=500000")
                        .complaint(ExitStatus.USAGE);
        assertTrue(
                line.startsWith(
                        "'" + input + "' is too large for the memory of backend 'fake:good': "),
                line);
        assertEquals(List.of("zeros.gz"), shell.names());
    }

    @Test
    void membersAreUnpackedOneAfterTheOtherInLittleMemory() throws IOException {
        Shell shell = new Shell(folder);
        byte[] content = text(2_000_000);
        String input = shell.file("data", content);
        run(shell, "run", "gzip", input);
        Shell.Result result =
                run(
                        shell,
                        "run",
                        "gunzip",
                        input + ".gz",
                        shell.path("back"),
                        "--option",
                        "memory=300000");
        assertEquals("", silent(result));
        assertArrayEquals(content, shell.read("back"));
    }

    @Test
    void membersThatExpandAThousandfoldAreUnpackedAFewAtATime() throws IOException {
        Shell shell = new Shell(folder);
        byte[] content = new byte[3_000_000];
        String input = shell.file("zeros", content);
        run(shell, "run", "gzip", input);
        Shell.Result result =
                run(
                        shell,
                        "run",
                        "gunzip",
                        input + ".gz",
                        shell.path("back"),
                        "--option",
                        "memory=150000");
        assertEquals("", silent(result));
        assertArrayEquals(content, shell.read("back"));
    }

    @Test
    void bytesThatOnlyLookLikeAMemberMisleadNobody() throws IOException {
        Shell shell = new Shell(folder);
        ByteArrayOutputStream zipped = new ByteArrayOutputStream();
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        Random random = new Random(5);
        for (int member = 0; member < 12; member++) {
            byte[] bytes = new byte[random.nextInt(9000)];
            random.nextBytes(bytes);
            for (int i = random.nextInt(200); i + 4 < bytes.length; i += 1 + random.nextInt(900)) {
                bytes[i] = 0x1f;
                bytes[i + 1] = (byte) 0x8b;
                bytes[i + 2] = 8;
                bytes[i + 3] = 0;
            }
            content.write(bytes);
            // Random bytes are stored as they are, so the traps are in the compressed file as well.
            zipped.write(gzip(bytes));
        }
        String input = shell.file("traps.gz", zipped.toByteArray());
        assertEquals("", silent(run(shell, "run", "gunzip", input)));
        assertArrayEquals(content.toByteArray(), shell.read("traps"));
    }

    @Test
    void statisticsAreForPeopleOnStandardError() {
        Shell shell = new Shell(folder);
        String input = shell.file("data", text(10_000));
        Shell.Result result = run(shell, "run", "crc32c", input, "--stats");
        assertEquals(1, result.out().lines().count());
        List<String> lines = result.err().lines().map(l -> l.replaceAll(" +", " ")).toList();
        assertEquals("backend fake:good", lines.get(0));
        assertEquals("jobs 3", lines.get(1));
        assertTrue(lines.contains("bytes in 10,000"), result.err());
        assertTrue(lines.contains("jobs tried again 0"), result.err());
        assertTrue(lines.getLast().contains("no introspection"), result.err());
    }

    @Test
    void longWorkShowsItsProgressOnATerminal() {
        Shell shell = new Shell(folder).terminals(true, true);
        String input = shell.file("data", text(20_000));
        Shell.Result result = run(shell, "run", "crc32c", input);
        assertTrue(result.err().contains("crc32c [####"), result.err());
        assertTrue(result.err().contains("100% of 19.5 KiB"), result.err());
        assertTrue(result.err().endsWith(" \r"), "taken away at the end");
    }
}
