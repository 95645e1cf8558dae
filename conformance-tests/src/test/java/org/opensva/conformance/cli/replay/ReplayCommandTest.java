package org.opensva.conformance.cli.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opensva.conformance.cli.Console;
import org.opensva.conformance.cli.Main;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

class ReplayCommandTest {

    private static final int MUTATIONS = 400;

    @TempDir Path folder;

    private record Result(int status, List<String> out, List<String> err) {

        String complaint() {
            assertEquals(2, status, err.toString());
            assertEquals(1, err.size(), err.toString());
            return err.getFirst();
        }

        String total() {
            return out.getLast();
        }
    }

    private static Result type(String... args) {
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
        int status = Main.execute(console, args);
        return new Result(
                status,
                out.toString(StandardCharsets.UTF_8).lines().toList(),
                err.toString(StandardCharsets.UTF_8).lines().toList());
    }

    private static Path recordings() {
        try {
            return Path.of(
                    Objects.requireNonNull(ReplayCommandTest.class.getResource("/recordings"))
                            .toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static String recording(String name) {
        return recordings().resolve("smmuv3").resolve(name + ".json").toString();
    }

    private String file(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content).toString();
    }

    private String changed(String name, String from, String to) throws IOException {
        String json = Files.readString(Path.of(recording(name))).replace("\": ", "\":");
        assertTrue(json.contains(from), from);
        return file("changed.json", json.replace(from, to));
    }

    @Test
    void aDirectoryIsReplayedWholeWhateverItsRecordingsAreOf() {
        Result result = type("replay", recordings().toString());
        assertEquals(0, result.status(), result.out().toString());
        assertEquals("417 passed, 0 failed, 0 skipped", result.total());
        assertTrue(
                result.out().stream()
                        .anyMatch(line ->
                                line.startsWith(
                                        "passed: vtd/qi/iqe-info: the recording contradicts"
                                                + " section 11.4.9: ")),
                result.out().toString());
    }

    @Test
    void aContradictedRecordingPassesByArchitectureAndIsNamedWithTheSection() {
        Result result = type("replay", recording("ste-check/s1cdmax"));
        assertEquals(0, result.status());
        assertTrue(
                result.out()
                        .getFirst()
                        .startsWith(
                                "passed: smmuv3/ste-check/s1cdmax: the recording contradicts"
                                        + " section 5.2: "),
                result.out().toString());
        assertTrue(
                result.out().contains("  step 13: EVENTQ_PROD: expected 0x1, seen 0x0"),
                result.out().toString());
        assertEquals("1 passed, 0 failed, 0 skipped", result.total());
    }

    @Test
    void aContradictedRecordingFailsIfAnythingElseDiffers() throws IOException {
        String file =
                changed(
                        "ste-check/s1cdmax",
                        "\"reg\":\"CR0ACK\"",
                        "\"reg\":\"CR0ACK\",\"arch\":\"0x7f\"");
        Result result = type("replay", file);
        assertEquals(1, result.status(), result.out().toString());
        assertEquals("0 passed, 1 failed, 0 skipped", result.total());
    }

    @Test
    void whatWasRecordedCountsInOracleMode() {
        Result result = type("replay", "--mode", "oracle", recording("stream-table/recinvsid-0"));
        assertEquals(1, result.status());
        assertEquals("failed: smmuv3/stream-table/recinvsid-0", result.out().getFirst());
        assertTrue(
                result.out().contains("  step 13: EVENTQ_PROD: expected 0x1, seen 0x0"),
                result.out().toString());
        assertEquals("0 passed, 1 failed, 0 skipped", result.total());
        assertEquals(0, type("replay", recording("stream-table/recinvsid-0")).status());
    }

    @Test
    void otherJsonInADirectoryIsCountedAndPassedOver() throws IOException {
        Files.createDirectories(folder.resolve("below/deeper"));
        Files.copy(Path.of(recording("irq/evtq")), folder.resolve("below/deeper/evtq.json"));
        file("index.json", "{\"format\": \"opensva-iommu-vector-index/1\", \"vectors\": []}");
        file("registers.json", "{\"registers\": [{\"format\": \"opensva-iommu-vector/1\"}]}");
        file("notes.txt", "not looked at");
        Result result = type("replay", folder.toString());
        assertEquals(
                List.of("2 JSON files are no recordings", "1 passed, 0 failed, 0 skipped"),
                result.out());
        assertEquals(0, result.status());
    }

    @Test
    void aFieldThatIsNotKnownIsPassedOver() throws IOException {
        String file = changed("irq/evtq", "\"op\":", "\"later\":[{}],\"op\":");
        assertEquals("1 passed, 0 failed, 0 skipped", type("replay", file).total());
    }

    @Test
    void anImplementationThatTheModelCannotBeIsSkippedWithTheClaim() throws IOException {
        // IDR0.VATOS is bit 20.
        String file = changed("irq/evtq", "0xd44101b", "0xd54101b");
        Result result = type("replay", file);
        assertEquals("0 passed, 0 failed, 1 skipped", result.total());
        assertTrue(result.out().getFirst().contains("VATOS is claimed"), result.out().toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[1, 2]|not a JSON object",
                "{\"format\": \"other\"}|not a recording: its 'format' is not"
                        + " 'opensva-iommu-vector/1'",
                "{\"format\": \"opensva-iommu-vector/2\"}|its format is 'opensva-iommu-vector/2',"
                        + " not 'opensva-iommu-vector/1'",
                "{\"format\": \"opensva-iommu-vector/1\"}|'iommu' is missing",
                "{\"format\": \"opensva-iommu-vector/1\", \"iommu\": \"x\"}|its IOMMU is 'x', not"
                        + " smmuv3 or vtd",
                "{\"format\": \"opensva-iommu-vector/1\", \"iommu\": \"smmuv3\"}|'name' is missing",
                "{\"format\": |not JSON: line 1, column 11",
                "{} {}|something follows the JSON object",
                "{\"a\": 1, \"a\": 2}|not JSON: line 1, column 13",
            })
    void whatIsNoRecordingIsRefusedInOneLineThatNamesFileAndReason(String json, String reason)
            throws IOException {
        String file = file("bad.json", json);
        assertEquals("opensva: '%s': %s".formatted(file, reason), type("replay", file).complaint());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"op\":\"dma\"|\"op\":\"dmb\"|: 'op' is 'dmb', which is not known",
                "\"offset\":\"0x|\"offset\":\"|: 'offset' is not 0x and 1 to 16 hexadecimal digits",
                "\"size\":4|\"size\":5|: 'size' is neither 4 nor 8",
                "\"len\":4|\"len\":1000000000|: 'len' is not an integer from 1 to 1048576",
                "\"outcome\":\"fault\"|\"outcome\":\"maybe\"|, expect: 'outcome' is neither ok nor"
                        + " fault",
            })
    void aStepThatIsWrongIsNamed(String from, String to, String reason) throws IOException {
        String complaint =
                type("replay", changed("stream-table/recinvsid-0", from, to)).complaint();
        assertTrue(complaint.contains("changed.json': step "), complaint);
        assertTrue(complaint.endsWith(reason), complaint);
    }

    @Test
    void whatCannotBeReadDoesNotHideTheOthers() throws IOException {
        String bad = file("bad.json", "{");
        Result result = type("replay", bad, recording("irq/evtq"));
        result.complaint();
        assertEquals(List.of("1 passed, 0 failed, 0 skipped"), result.out());
    }

    @Test
    void nothingToReplayIsWrongUsage() {
        assertEquals(
                "opensva: there is no recording in what was named",
                type("replay", folder.toString()).complaint());
        assertTrue(
                type("replay", folder.resolve("absent").toString())
                        .complaint()
                        .endsWith("absent': no such file or directory"));
    }

    @Test
    void aNameThatWouldMoveTheCursorDoesNot() throws IOException {
        String file =
                changed(
                        "stream-table/recinvsid-0",
                        "\"smmuv3/stream-table/recinvsid-0\"",
                        "\"\\u001b[2J\\n\"");
        Result result = type("replay", "--mode", "oracle", file);
        assertEquals("failed: ?[2J?", result.out().getFirst());
    }

    /** Bytes are replaced, removed and repeated; every outcome is one of the documented ones. */
    @Test
    void anyBytesEndInAnExitStatusAndNoTrace() throws IOException {
        SplittableRandom random = new SplittableRandom(20);
        byte[] sound = Files.readAllBytes(Path.of(recording("nested/walk-64k-4k")));
        for (int round = 0; round < MUTATIONS; round++) {
            byte[] bytes = sound.clone();
            int changes = random.nextInt(1, 4);
            for (int i = 0; i < changes; i++) {
                int at = random.nextInt(bytes.length);
                switch (random.nextInt(3)) {
                    case 0 -> bytes[at] = (byte) random.nextInt(256);
                    case 1 ->
                            bytes[at] =
                                    (byte) "0123456789abcdef\",:{}[]".charAt(random.nextInt(23));
                    default -> bytes = java.util.Arrays.copyOf(bytes, at + 1);
                }
            }
            Path file = Files.write(folder.resolve("mutated.json"), bytes);
            Result result = type("replay", file.toString());
            assertTrue(result.status() >= 0 && result.status() <= 2, "round " + round + result);
            assertTrue(result.err().size() <= 1, "round " + round + result.err());
            assertFalse(result.err().toString().contains("unexpected"), "round " + round);
        }
    }
}
