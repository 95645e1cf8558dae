package org.opensva.smmuv3.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** Every recording comes out as the architecture asks for. */
class RecordingsTest {

    private static List<Path> files() {
        try (Stream<Path> found =
                Files.walk(
                        Path.of(
                                Objects.requireNonNull(
                                                RecordingsTest.class.getResource("/recordings"))
                                        .toURI()))) {
            return found.filter(f -> f.toString().endsWith(".json")).sorted().toList();
        } catch (IOException | URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    @TestFactory
    Stream<DynamicTest> everyRecordingReplaysAsTheArchitectureAsks() {
        return files().stream()
                .map(file ->
                        DynamicTest.dynamicTest(
                                file.getParent().getFileName() + "/" + file.getFileName(),
                                () -> replays(file)));
    }

    private static void replays(Path file) {
        Recording recording = RecordingFile.read(file);
        List<Difference> differences = Replayer.replay(recording, Mode.ARCHITECTURE);
        Optional<Contradiction> contradiction = Contradiction.of(recording);
        if (contradiction.isPresent()) {
            // Differing is right here; agreeing would mean that the model follows the recording
            // instead of the specification.
            assertFalse(differences.isEmpty(), contradiction.get().reason());
        } else {
            assertEquals(List.of(), differences);
        }
    }

    @Test
    void theRecordingsAreThere() {
        assertTrue(files().size() > 200, "found " + files().size());
    }
}
