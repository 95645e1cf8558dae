package org.opensva.conformance.cli.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.opensva.conformance.replay.Contradiction;
import org.opensva.conformance.replay.Difference;
import org.opensva.conformance.replay.Mode;
import org.opensva.conformance.replay.Recording;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Every recording comes out as the architecture asks for. */
class RecordingsTest {

    @TestFactory
    Stream<DynamicTest> everySmmuV3RecordingReplaysAsTheArchitectureAsks() {
        return replays(IommuKind.SMMUV3, "smmuv3");
    }

    @TestFactory
    Stream<DynamicTest> everyVtdRecordingReplaysAsTheArchitectureAsks() {
        return replays(IommuKind.VTD, "vtd");
    }

    private static Stream<DynamicTest> replays(IommuKind kind, String folder) {
        return RecordedFiles.of(folder).stream()
                .map(file ->
                        DynamicTest.dynamicTest(
                                file.getParent().getFileName() + "/" + file.getFileName(),
                                () -> replays(kind, file)));
    }

    private static void replays(IommuKind kind, Path file) {
        Recording recording = RecordedFiles.read(file);
        List<Difference> differences = kind.replay(recording, Mode.ARCHITECTURE);
        Optional<Contradiction> contradiction = kind.contradiction(recording);
        if (contradiction.isPresent()) {
            // Differing is right here; agreeing would mean that the model follows the recording
            // instead of the specification.
            assertTrue(
                    contradiction.get().isSeenIn(differences),
                    () -> contradiction.get().reason() + ": " + differences);
        } else {
            assertEquals(List.of(), differences);
        }
    }

    @ParameterizedTest
    @CsvSource({"smmuv3, 256", "vtd, 161"})
    void theRecordingsAreThere(String folder, int count) {
        assertEquals(count, RecordedFiles.of(folder).size());
    }
}
