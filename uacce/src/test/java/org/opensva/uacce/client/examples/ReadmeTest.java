package org.opensva.uacce.client.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.uacce.client.Bench;
import org.opensva.uacce.client.ContextPool;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import java.util.zip.GZIPInputStream;

class ReadmeTest {

    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Path SOURCE =
            Path.of("src/test/java/org/opensva/uacce/client/examples/ReadmeExamples.java");

    /** Code that is only printed goes stale; this is compiled, and run below. */
    @Test
    void whatTheReadmeShowsIsCompiled() throws IOException {
        String readme = Files.readString(Path.of("README.md"));
        String section = readme.substring(readme.indexOf("## Using it from a program"));
        section = section.substring(0, section.indexOf("\n## ", 3));
        String source = flat(Files.readString(SOURCE));
        Matcher blocks = BLOCK.matcher(section);
        int count = 0;
        while (blocks.find()) {
            String block = flat(blocks.group(1));
            assertTrue(source.contains(block), "not in the examples: " + blocks.group(1));
            count++;
        }
        assertEquals(5, count);
    }

    private static String flat(String code) {
        return code.replaceAll("\\s+", "");
    }

    @Test
    void theExamplesDoWhatTheySay() throws Exception {
        try (Bench bench = new Bench(1)) {
            byte[] bytes = Bench.bytes(300_001, 1);
            ByteArrayOutputStream zipped = new ByteArrayOutputStream();
            ReadmeExamples.compress(
                    bench.process, bench.devices(), new ByteArrayInputStream(bytes), zipped);
            try (GZIPInputStream in =
                    new GZIPInputStream(new ByteArrayInputStream(zipped.toByteArray()))) {
                assertArrayEquals(bytes, in.readAllBytes());
            }
            assertArrayEquals(
                    MessageDigest.getInstance("SHA-256").digest(bytes),
                    ReadmeExamples.digest(bench.process, bench.devices(), bytes));
            try (ContextPool pool = bench.pool()) {
                ByteArrayOutputStream secret = new ByteArrayOutputStream();
                ReadmeExamples.encrypt(
                        pool, new byte[16], new byte[16], new ByteArrayInputStream(bytes), secret);
                assertEquals(300_016, secret.size());
                assertEquals(
                        sum(bytes, 0, 150_000) ^ sum(bytes, 150_000, 150_001),
                        ReadmeExamples.sums(pool, bytes));
            }
        }
    }

    private static long sum(byte[] bytes, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, offset, length);
        return crc.getValue();
    }
}
