package org.opensva.conformance.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

class BackendsCommandTest {

    @TempDir Path folder;

    @Test
    void everyVariantIsListedWithTheReasonIfItCannotBeUsed() {
        Shell.Result result = new Shell(folder).plugged("backends");
        assertEquals(ExitStatus.GOOD, result.status());
        List<String> lines = result.out().lines().map(l -> l.replaceAll(" +", " ")).toList();
        assertTrue(lines.contains("fake:good available works"), result.out());
        assertTrue(
                lines.contains("fake:absent not available hardware: no /dev/fake; plug one in"),
                result.out());
        assertTrue(lines.contains("other:good available works"), result.out());
        assertTrue(
                lines.contains(" memory bytes of a process, above 0 (default: 1000000000)"),
                result.out());
        assertEquals("", result.err());
    }

    @Test
    void theListIsAvailableAsData() {
        Shell.Result result = new Shell(folder).plugged("backends", "--json");
        assertEquals(ExitStatus.GOOD, result.status());
        JsonNode backends = JsonMapper.builder().build().readTree(result.out()).path("backends");
        JsonNode absent = null;
        for (JsonNode backend : backends) {
            if (backend.path("backend").stringValue().equals("fake:absent")) {
                absent = backend;
            }
        }
        assertTrue(absent != null, result.out());
        assertEquals("fake", absent.path("name").stringValue());
        assertEquals("absent", absent.path("variant").stringValue());
        assertEquals("no /dev/fake; plug one in", absent.path("reason").stringValue());
        assertEquals("memory", absent.path("options").path(0).path("key").stringValue());
        assertTrue(absent.path("available").isBoolean(), "available is there");
        assertEquals(false, absent.path("available").booleanValue());
    }

    @Test
    void whatDependsOnTheMachineIsExaminedStepByStep() {
        Shell.Result result = new Shell(folder).plugged("backends");
        List<String> lines = result.out().lines().map(l -> l.replaceAll(" +", " ")).toList();
        int head = lines.indexOf("fake:absent on this machine: missing");
        assertTrue(head > 0, result.out());
        assertEquals(
                List.of(
                        " ok bus it is there",
                        " degraded clock slow ?[31m; without it: jobs wait; would help: patience",
                        " missing device no /dev/fake: ENOENT; would help: plug one in"),
                lines.subList(head + 1, head + 4));
        JsonNode diagnosis =
                JsonMapper.builder()
                        .build()
                        .readTree(new Shell(folder).plugged("backends", "--json").out())
                        .path("diagnoses")
                        .path(0);
        assertEquals("fake:absent", diagnosis.path("subject").stringValue());
        assertEquals("missing", diagnosis.path("outcome").stringValue());
        JsonNode clock = diagnosis.path("steps").path(1);
        assertEquals("clock", clock.path("name").stringValue());
        assertEquals("degraded", clock.path("outcome").stringValue());
        assertEquals("jobs wait", clock.path("consequence").stringValue());
        assertEquals("patience", clock.path("remedy").stringValue());
    }

    @Test
    void aDoctorThatFailsTakesNoVariantFromTheList() {
        Shell.Result result = new Shell(folder).plugged("backends");
        assertTrue(result.out().contains("other:good"), result.out());
        assertTrue(
                result.out()
                        .contains("it fails: java.lang.IllegalStateException: the doctor is ill"),
                result.out());
    }

    @Test
    void aProviderThatFailsIsNotAvailableAndHidesNoOther() {
        Shell shell = new Shell(folder);
        Path jar =
                shell.jar(
                        "throwing.jar",
                        Map.of(
                                Shell.SERVICE,
                                "org.opensva.conformance.cli.fake.ThrowingProvider\n"));
        Shell.Result result = shell.plugged("backends", "--plugin", jar.toString());
        assertEquals(ExitStatus.GOOD, result.status());
        assertTrue(result.out().contains("fake:good"), result.out());
        assertTrue(
                result.out()
                        .contains(
                                "its provider fails: java.lang.IllegalStateException: driver not"
                                        + " loaded"),
                result.out());
    }
}
