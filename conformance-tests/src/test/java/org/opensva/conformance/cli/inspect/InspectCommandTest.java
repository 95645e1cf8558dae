package org.opensva.conformance.cli.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.conformance.cli.inspect.Inspection.Result;
import org.opensva.conformance.cli.inspect.smmuv3.Explainer;
import org.opensva.conformance.cli.inspect.smmuv3.ModelRun;
import org.opensva.conformance.cli.inspect.smmuv3.Snapshot;
import org.opensva.conformance.cli.replay.InputException;
import org.opensva.conformance.inspect.Explanation;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

class InspectCommandTest {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    @TempDir Path folder;

    private static final Inspection DUMP = new Inspection("smmuv3", "linux-smmuv3");

    /**
     * Another program walked the same tables; its every page is explained, and the model agrees.
     */
    @Test
    void everyMappingOfTheDumpIsExplainedWithItsAddressAndSize() throws InputException {
        Snapshot state =
                DumpReader.smmuV3(DUMP.dump("registers.json"), DUMP.dump("memory.json.gz"));
        int pages =
                DUMP.everyPage(
                        "sid",
                        "F_PERMISSION",
                        (access, ask) -> {
                            Explanation.Ending ending = Explainer.explain(state, access).ending();
                            assertTrue(
                                    !ask || ModelRun.run(state, access).agrees(ending),
                                    () -> access + ": " + ending);
                            return ending;
                        });
        assertTrue(pages > 249, "pages: " + pages);
    }

    @Test
    void theStreamsOfTheDumpAreThoseThatAnotherProgramFound() throws IOException {
        Result result = DUMP.type("--json");
        assertEquals(0, result.status(), result.err());
        JsonNode root = JSON.readTree(result.out());
        List<String> found = new ArrayList<>();
        for (JsonNode stream : root.path("streams")) {
            if (stream.path("kind").stringValue().equals("stage 1")) {
                JsonNode cd = stream.path("contexts").path(0).path("cd");
                found.add(
                        "%s %s asid %d ttb0 %s"
                                .formatted(
                                        stream.path("first").stringValue(),
                                        cd.path("address").stringValue(),
                                        Inspection.number(cd.path("fields"), "ASID"),
                                        cd.path("fields").path("TTB0").stringValue()));
            }
        }
        List<String> expected = new ArrayList<>();
        for (JsonNode stream : DUMP.mappings().path("streams")) {
            JsonNode cd = stream.path("cds").path(0);
            expected.add(
                    "%s %s asid %d ttb0 %s"
                            .formatted(
                                    stream.path("sid").stringValue(),
                                    cd.path("cd").stringValue(),
                                    cd.path("asid").intValue(),
                                    cd.path("ttb0").path("address").stringValue()));
        }
        assertEquals(expected, found);
        assertEquals(0, root.path("globalErrors").size());
    }

    @Test
    void theQueuesOfTheDumpAreDecoded() {
        Result result = DUMP.type();
        assertEquals(0, result.status(), result.err());
        List<String> lines = result.out().lines().toList();
        assertTrue(
                lines.contains(
                        "  1 consumed F_TRANSLATION at 0x5b800020: EventNumber=0x10 StreamID=0x18"
                                + " CLASS=2 InputAddr=0xdead1010"),
                "the kernel printed this event");
        assertTrue(
                lines.contains(
                        "Event queue at 0x5b800000: 32768 entries, PROD 6 wrap 0, CONS 6 wrap 0,"
                                + " empty"),
                "the queue");
        assertTrue(
                lines.stream().anyMatch(line -> line.contains("consumed CMD_SYNC at ")),
                "commands");
        assertTrue(lines.contains("  stage 1, stage 2 and nested translation"), "features");
    }

    @Test
    void whatStopsAnAccessIsNamedAndTheModelAgrees() {
        Result result = DUMP.type("--stream", "0x10", "--iova", "0xfff50000", "--access", "write");
        assertEquals(0, result.status(), result.err());
        List<String> lines = result.out().lines().toList();
        assertTrue(lines.contains("7. stage 1, level 3: 4 KB at 0x4209b000"), result.out());
        assertEquals(
                List.of(
                        "stopped: F_PERMISSION, recorded: AP or APTable forbids writes",
                        "the model agrees"),
                lines.subList(lines.size() - 2, lines.size()));
    }

    @Test
    void aPasidOnAStreamWithoutSubstreamsIsExplained() {
        Result result = DUMP.type("--stream", "16", "--pasid", "1", "--iova", "0");
        assertTrue(result.out().contains("stopped: C_BAD_SUBSTREAMID"), result.out());
        assertTrue(result.out().contains("the model agrees"), result.out());
    }

    @Test
    void wrongInputIsOneLine() throws IOException {
        assertEquals(
                "opensva: --stream and --iova belong together\n", DUMP.type("--stream", "1").err());
        assertEquals(2, DUMP.type("--stream", "1").status());
        assertEquals(
                "opensva: --iova: '0x' is not a number of up to 64 bits\n",
                DUMP.type("--stream", "1", "--iova", "0x").err());
        Path none = folder.resolve("none");
        assertEquals(
                "opensva: '" + none + "': cannot be read: no such file or directory\n",
                DUMP.type(none, none).err());
        Path registers = DUMP.dump("registers.json");
        assertEquals(
                "opensva: '" + registers + "': not a memory dump: 'ram' is missing or empty\n",
                DUMP.type(registers, registers).err());
        Path cut = Files.write(folder.resolve("cut.gz"), new byte[] {0x1f, (byte) 0x8b, 8});
        assertEquals(2, DUMP.type(registers, cut).status());
        assertEquals(1, DUMP.type(registers, cut).err().lines().count());
    }

    /** Any register values and table contents are decoded and explained, and the model agrees. */
    @Test
    void damagedDumpsAreDecodedAndExplained() throws IOException {
        DUMP.survivesDamage(folder, "--stream", "0x10", "--iova", "0xfff50000");
    }
}
