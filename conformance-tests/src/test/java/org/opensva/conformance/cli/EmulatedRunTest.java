package org.opensva.conformance.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;

/** The emulated machine does what users see first. */
class EmulatedRunTest {

    @TempDir Path folder;

    private Shell shell;
    private String input;
    private byte[] content;

    @BeforeEach
    void aFileOfSomeWindows() {
        shell = new Shell(folder);
        content = new byte[300_000];
        Random random = new Random(3);
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) ('a' + random.nextInt(5));
        }
        input = shell.file("data", content);
    }

    private Shell.Result run(String... args) {
        Shell.Result result = shell.type(args);
        assertEquals(ExitStatus.GOOD, result.status(), result.err());
        return result;
    }

    @Test
    void everyVariantThatIsAvailableSaysSo() {
        assertTrue(run("backends").out().contains("emulated:smmuv3 "), "the machine is there");
    }

    @Test
    void whatTheDeviceCompressesItRestores() {
        run("run", "gzip", input, "--window", "64K");
        run("run", "gunzip", input + ".gz", shell.path("back"), "--window", "64K");
        assertArrayEquals(content, shell.read("back"));
        run("run", "copy", input, shell.path("copy"), "--window", "64K");
        assertArrayEquals(content, shell.read("copy"));
    }

    @Test
    void theChecksumOfTheWindowsIsThatOfTheFile() {
        CRC32C crc = new CRC32C();
        crc.update(content);
        Shell.Result result = run("run", "crc32c", input, "--window", "4K", "--stats");
        assertEquals("%08x  %s\n".formatted(crc.getValue(), input), result.out());
        List<String> lines = result.err().lines().map(l -> l.replaceAll(" +", " ")).toList();
        assertTrue(lines.contains("backend emulated:smmuv3"), result.err());
        assertTrue(lines.contains("jobs 74"), result.err());
        for (String counter :
                List.of("translations", "ATC hits", "ATC invalidations", "DMA bytes read")) {
            assertTrue(
                    lines.stream().anyMatch(line -> line.matches(counter + " [1-9][0-9,]*.*")),
                    counter + " in " + result.err());
        }
    }

    private String profile(String pageSize) {
        return shell.file(
                "mine.json",
                """
                {"name": "mine", "title": "one device of my own", "memory": "64M", "pageSize": "%s",
                 "iommu": {"kind": "smmuv3"},
                 "devices": [{"name": "zip-3", "requester": "03:00.0", "atcEntries": 16}]}
                """
                        .formatted(pageSize)
                        .getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aMachineOfMyOwnWorksUnderItsOwnName() {
        String file = profile("64K");
        assertTrue(
                run("backends", "--profile", file)
                        .out()
                        .lines()
                        .anyMatch(line ->
                                line.matches("emulated:mine +available +one device of my own")));
        Shell.Result result =
                run("run", "gzip", input, "--profile", file, "--window", "64K", "--stats");
        assertTrue(
                result.err().lines().anyMatch(line -> line.endsWith(" emulated:mine")),
                result.err());
        Shell.Result certified = shell.type("certify", "--profile", file, "--rules", "BIND-01");
        assertTrue(certified.out().contains("emulated:mine"), certified.out() + certified.err());
        String line =
                shell.type("run", "crc32c", input, "--profile", file, "--backend", "emulated:other")
                        .complaint(ExitStatus.USAGE);
        assertTrue(line.contains("mine"), line);
    }

    @Test
    void whatIsWrongWithAMachineOfMyOwnIsSaidInOneLine() {
        String file = profile("5K");
        String[] commands = {"backends", "certify"};
        for (String command : commands) {
            String line = shell.type(command, "--profile", file).complaint(ExitStatus.USAGE);
            assertEquals(
                    "'" + file + "': profile: 'pageSize' is none of '4K', '16K' and '64K'", line);
        }
        String none = shell.path("none.json");
        assertEquals(
                "profile '" + none + "': no such file or directory",
                shell.type("certify", "--profile", none).complaint(ExitStatus.USAGE));
        assertEquals(
                "profile '" + folder + "': is a directory",
                shell.type("backends", "--profile", folder.toString()).complaint(ExitStatus.USAGE));
        String bytes = shell.file("bytes", new byte[] {(byte) 0xff, (byte) 0xfe});
        assertEquals(
                "profile '" + bytes + "': not text in UTF-8",
                shell.type("backends", "--profile", bytes).complaint(ExitStatus.USAGE));
        String large = shell.file("large", new byte[(1 << 20) + 1]);
        for (String endless : new String[] {large, "/dev/zero"}) {
            assertEquals(
                    "profile '" + endless + "': larger than 1024 KiB",
                    shell.type("backends", "--profile", endless).complaint(ExitStatus.USAGE));
        }
        String twice = profile("4K");
        String same =
                shell.type("backends", "--profile", twice, "--profile", twice)
                        .complaint(ExitStatus.USAGE);
        assertTrue(same.endsWith("a variant that is there already: mine"), same);
    }

    @Test
    void aFileThatIsLargerThanTheMachineIsDoneAllTheSame() {
        byte[] bytes = new byte[3_000_000];
        new Random(8).nextBytes(bytes);
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        String large = shell.file("large", bytes);
        String expected = "%08x  %s\n".formatted(crc.getValue(), large);
        assertEquals(expected, run("run", "crc32c", large, "--option", "memory=1M").out());
    }
}
