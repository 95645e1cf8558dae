package org.opensva.conformance.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

    @Test
    void aMachineThatIsTooSmallSaysSo() {
        String large = shell.file("large", new byte[3_000_000]);
        String line =
                shell.type("run", "crc32c", large, "--option", "memory=1M")
                        .complaint(ExitStatus.USAGE);
        assertTrue(line.startsWith("'" + large + "' is too large for the memory of backend"), line);
    }
}
