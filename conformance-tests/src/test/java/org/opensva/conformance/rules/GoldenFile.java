package org.opensva.conformance.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A checked-in file that must be exactly what the rule book generates. */
final class GoldenFile {

    private final Path file;

    private GoldenFile(Path file) {
        this.file = file;
    }

    /** Names a file by its path from the folder of this module. */
    static GoldenFile ofModule(String path) {
        Path module = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
        return new GoldenFile(module.resolve(path).normalize());
    }

    /** Compares, or rewrites the file when the tests run with {@code -Dopensva.update=true}. */
    void mustBe(String generated) {
        try {
            if (Boolean.getBoolean("opensva.update")) {
                Files.writeString(file, generated);
                return;
            }
            assertEquals(
                    generated,
                    content(),
                    () ->
                            file.getFileName()
                                    + " is not what the rule book generates; run the tests with"
                                    + " -Dopensva.update=true and review the difference");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the content on disk, empty when there is no such file yet. */
    String content() {
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
