package org.opensva.api.signature;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import org.junit.jupiter.api.Test;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The public surface of this module changes only on purpose. */
class ApiSignatureTest {
    private static final Path GOLDEN = Path.of("src/test/resources/api-signature.txt");
    private static final String UPDATE = "signature.update";
    private static final int TYPES_AT_LEAST = 70;

    @Test
    void thePublicSurfaceIsTheOneWrittenDown() throws IOException {
        List<String> now = PublicSurface.of(classes());
        long types =
                now.stream()
                        .filter(line -> !line.isEmpty() && !line.startsWith(" "))
                        .filter(line -> !line.contains("package "))
                        .count();
        assertTrue(types >= TYPES_AT_LEAST, "only " + types + " public types were seen");
        if (Boolean.getBoolean(UPDATE)) {
            Files.createDirectories(GOLDEN.getParent());
            Files.write(GOLDEN, now);
            return;
        }
        List<String> before = Files.exists(GOLDEN) ? Files.readAllLines(GOLDEN) : List.of();
        if (!before.equals(now)) {
            fail(
                    "The public surface of the API is not the one in api/"
                            + GOLDEN
                            + ":\n\n"
                            + String.join("\n", LineDiff.between(before, now))
                            + "\n\nIf every line of this is meant, write it down with"
                            + "\n    mvn -q -pl api test -Dtest=ApiSignatureTest -D"
                            + UPDATE
                            + "=true\nand commit the file with the change.\n");
        }
    }

    /**
     * The folder of the main classes: the one on the class path that holds the API, not this test.
     */
    private static Path classes() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .filter(p -> Files.isDirectory(p.resolve("org/opensva/api")))
                .filter(p -> !Files.exists(p.resolve("org/opensva/api/signature")))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no folder of API classes"));
    }
}
