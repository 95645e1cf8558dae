package org.opensva.conformance.cli.replay;

import org.opensva.conformance.replay.Recording;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** The recordings among the test data. */
public final class RecordedFiles {

    private RecordedFiles() {}

    /** The files of one kind of IOMMU, sorted. */
    public static List<Path> of(String iommu) {
        try (Stream<Path> found =
                Files.walk(
                        Path.of(
                                Objects.requireNonNull(
                                                RecordedFiles.class.getResource(
                                                        "/recordings/" + iommu))
                                        .toURI()))) {
            return found.filter(f -> f.toString().endsWith(".json")).sorted().toList();
        } catch (IOException | URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    /** Reads one of them. */
    public static Recording read(Path file) {
        try {
            return RecordingReader.read(file);
        } catch (InputException e) {
            throw new AssertionError(file.toString(), e);
        }
    }
}
