package org.opensva.conformance.cli.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opensva.conformance.cli.inspect.Inspection.Result;
import org.opensva.conformance.cli.inspect.vtd.Explainer;
import org.opensva.conformance.cli.inspect.vtd.ModelRun;
import org.opensva.conformance.cli.inspect.vtd.Snapshot;
import org.opensva.conformance.cli.replay.InputException;
import org.opensva.conformance.inspect.Explanation;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

class InspectVtdTest {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    @TempDir Path folder;

    private static final Inspection OTHER = new Inspection("smmuv3", "linux-smmuv3");
    private static final Inspection DUMP = new Inspection("vtd", "linux-vtd-scalable-fs");

    /**
     * Another program walked the same tables; its every page is explained, and the model agrees.
     */
    @Test
    void everyMappingOfTheDumpIsExplainedWithItsAddressAndSize() throws InputException {
        Snapshot state = DumpReader.vtd(DUMP.dump("registers.json"), DUMP.dump("memory.json.gz"));
        int pages =
                DUMP.everyPage(
                        "rid",
                        "0x85 ",
                        (access, ask) -> {
                            Explanation.Ending ending = Explainer.explain(state, access).ending();
                            assertTrue(
                                    !ask || ModelRun.run(state, access).agrees(ending),
                                    () -> access + ": " + ending);
                            return ending;
                        });
        assertEquals(12_459, pages);
    }

    @Test
    void theFunctionsOfTheDumpAreListedAsAnotherProgramSeesThem() throws IOException {
        Result result = DUMP.type("--json");
        assertEquals(0, result.status(), result.err());
        List<String> found = new ArrayList<>();
        for (JsonNode function : JSON.readTree(result.out()).path("requesters").path("entries")) {
            JsonNode pasid = function.path("entries").path(0).path("structure");
            found.add(
                    "%s %s did %s fsptptr %s"
                            .formatted(
                                    function.path("structure").path("address").stringValue(),
                                    pasid.path("address").stringValue(),
                                    pasid.path("fields").path("DID").stringValue(),
                                    pasid.path("fields").path("FSPTPTR").stringValue()));
        }
        List<String> expected = new ArrayList<>();
        for (JsonNode stream : DUMP.mappings().path("streams")) {
            JsonNode pasid = stream.path("pasids").path(0);
            expected.add(
                    "%s %s did 0x%x fsptptr %s"
                            .formatted(
                                    stream.path("context").stringValue(),
                                    pasid.path("entry").stringValue(),
                                    pasid.path("did").intValue(),
                                    pasid.path("fsptptr").stringValue()));
        }
        assertEquals(expected, found);
    }

    @Test
    void theFaultTheQueueAndTheInterruptsOfTheDumpAreDecoded() {
        Result result = DUMP.type();
        assertEquals(0, result.status(), result.err());
        List<String> lines = result.out().lines().toList();
        for (String line :
                List.of(
                        "  translation enabled, scalable mode, root table at 0x1c4f000",
                        "  PPF: a fault is pending",
                        "  0 pending: 0x71 FIRST_STAGE_NOT_PRESENT (SFS.2), read of 00:03.0 at"
                                + " 0xdead0000",
                        "    FRCD at 0x220: FI=0xdead0000 SID=0x18 FR=0x71 T1=1 F=1",
                        "invalidation queue, descriptors of 256 bits at 0x11e4000: 256 entries,"
                                + " head 162, tail 162, empty",
                        "    p_iotlb_inv_dsc at 0x11e4000: Type_lo=6 G=3 DID=3 AM=4 IH=1"
                                + " ADDR=0xffef0000",
                        "  16 present: vector 0x22, destination 0x0, from 00:08.0 under the mask"
                                + " 0xffff",
                        "      first-stage table of 4 levels at 0x1c65000: 85 pages of 4 KB, from"
                                + " 0xffee8000 to 0xffffffff")) {
            assertTrue(lines.contains(line), () -> line + "\n" + result.out());
        }
    }

    @Test
    void whatStopsAnAccessIsNamedAndTheModelAgrees() {
        Result result = DUMP.type("--rid", "00:02.0", "--iova", "0xffee8000", "--access", "write");
        assertEquals(0, result.status(), result.err());
        List<String> lines = result.out().lines().toList();
        assertTrue(lines.contains("10. first stage, level 1: 4 KB at 0xb49f000"), result.out());
        assertEquals(
                List.of(
                        "stopped: 0x85 SCALABLE_WRITE_DENIED (SGN.6), recorded: R/W is 0 at some"
                                + " level",
                        "the model agrees"),
                lines.subList(lines.size() - 2, lines.size()));
    }

    @Test
    void aPasidOfAFunctionThatMayNotHaveOneIsExplained() {
        Result result = DUMP.type("--rid", "16", "--pasid", "1", "--iova", "0");
        assertTrue(result.out().contains("stopped: 0x45 PASID_DISABLED"), result.out());
        assertTrue(result.out().contains("the model agrees"), result.out());
    }

    @Test
    void wrongInputIsOneLine() throws IOException {
        assertEquals("opensva: --rid and --iova belong together\n", DUMP.type("--rid", "1").err());
        assertEquals(
                "opensva: --rid: '00:20.0' is not a number of up to 16 bits\n",
                DUMP.type("--rid", "00:20.0", "--iova", "0").err());
        Path registers = DUMP.dump("registers.json");
        assertEquals(
                "opensva: '%s': a dump of 'smmuv3', not of vtd\n"
                        .formatted(OTHER.dump("registers.json")),
                DUMP.type(OTHER.dump("registers.json"), registers).err());
        Path few = Files.writeString(folder.resolve("few.json"), "{\"registers\": []}");
        assertEquals(
                "opensva: '%s': not the registers of a VT-d unit: CAP or ECAP is missing\n"
                        .formatted(few),
                DUMP.type(few, registers).err());
        Path cut = Files.write(folder.resolve("cut.gz"), new byte[] {0x1f, (byte) 0x8b, 8});
        assertEquals(2, DUMP.type(registers, cut).status());
        assertEquals(1, DUMP.type(registers, cut).err().lines().count());
    }

    /** Any register values and table contents are decoded and explained, and the model agrees. */
    @Test
    void damagedDumpsAreDecodedAndExplained() throws IOException {
        DUMP.survivesDamage(folder, "--rid", "0x10", "--iova", "0xffee8000");
    }
}
