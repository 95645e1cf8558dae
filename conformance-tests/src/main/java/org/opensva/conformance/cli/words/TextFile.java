package org.opensva.conformance.cli.words;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads files that users name, which may be anything. */
public final class TextFile {

    private TextFile() {}

    /**
     * Reads a whole file.
     *
     * @param file its name; of a pipe or a device no more is taken than is allowed
     * @param most how many bytes it may have
     * @return its text
     * @throws IOException if it cannot be read, is longer, or is not text in UTF-8; {@link Reason}
     *     has the words
     */
    public static String read(Path file, int most) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(most + 1);
            if (bytes.length > most) {
                throw new FileSystemException(
                        file.toString(), null, "larger than %d KiB".formatted(most >> 10));
            }
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        }
    }
}
