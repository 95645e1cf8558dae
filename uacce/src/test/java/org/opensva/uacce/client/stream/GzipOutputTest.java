package org.opensva.uacce.client.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.uacce.client.Bench;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.lab.Lab;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Random;
import java.util.zip.GZIPInputStream;

class GzipOutputTest {

    static byte[] compressible(int length, long seed) {
        Random random = new Random(seed);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (random.nextInt(5) == 0 ? random.nextInt() : 'a');
        }
        return bytes;
    }

    private static byte[] unzip(byte[] bytes) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
            return in.readAllBytes();
        }
    }

    /** In pieces of any size, with flushes anywhere, compressible or not. */
    @Test
    void whatIsWrittenComesBackFromAnyReaderOfGzip() throws IOException {
        try (Bench bench = new Bench(2);
                ContextPool pool = bench.pool()) {
            for (int seed = 0; seed < 60; seed++) {
                Random random = new Random(seed);
                int length = random.nextInt(40_000);
                byte[] bytes =
                        random.nextBoolean()
                                ? Bench.bytes(length, seed)
                                : compressible(length, seed);
                StreamConfig config =
                        new StreamConfig(1 + random.nextInt(9000), 1 + random.nextInt(5), false);
                ByteArrayOutputStream zipped = new ByteArrayOutputStream();
                try (OutputStream out =
                        new AcceleratedGzipOutputStream(zipped, pool, config, random.nextInt(10))) {
                    for (int at = 0; at < length; ) {
                        int part = Math.min(length - at, 1 + random.nextInt(3000));
                        if (part == 1) {
                            out.write(bytes[at]);
                        } else {
                            out.write(bytes, at, part);
                        }
                        at += part;
                        if (random.nextInt(10) == 0) {
                            out.flush();
                        }
                    }
                }
                assertArrayEquals(bytes, unzip(zipped.toByteArray()), "seed " + seed);
            }
        }
    }

    @Test
    void oneLineMoreThanWithoutAnAccelerator() throws IOException {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool()) {
            ByteArrayOutputStream zipped = new ByteArrayOutputStream();
            try (OutputStream out = new AcceleratedGzipOutputStream(zipped, pool)) {
                out.write(compressible(1_000_000, 1));
            }
            assertTrue(zipped.size() < 700_000);
            assertArrayEquals(compressible(1_000_000, 1), unzip(zipped.toByteArray()));
        }
    }

    /** The pool has to find the memory again when the stream has gone, also if it went early. */
    @Test
    void aStreamTakesNoMoreMemoryThanItsBlocksAndGivesItBack() throws IOException {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool(Bench.config().withBufferLimit(128 << 10))) {
            for (int i = 0; i < 50; i++) {
                OutputStream out =
                        new AcceleratedGzipOutputStream(
                                OutputStream.nullOutputStream(),
                                pool,
                                new StreamConfig(4096, 8, i % 2 == 0),
                                1);
                out.write(Bench.bytes(200_000, i));
                out.close();
                out.close();
                assertThrows(IOException.class, () -> out.write(1));
            }
            assertTrue(pool.bufferBytes() <= 128 << 10);
        }
    }

    @Test
    void aDeviceThatIsRemovedInTheMiddleOfAStreamIsNotMissed() throws IOException {
        try (Bench bench = new Bench(2);
                ContextPool pool = bench.pool()) {
            byte[] bytes = compressible(500_000, 7);
            ByteArrayOutputStream zipped = new ByteArrayOutputStream();
            try (OutputStream out =
                    new AcceleratedGzipOutputStream(
                            zipped, pool, new StreamConfig(4096, 6, false), 0)) {
                out.write(bytes, 0, 200_000);
                bench.labs.getFirst().device.remove();
                out.write(bytes, 200_000, 300_000);
            }
            assertArrayEquals(bytes, unzip(zipped.toByteArray()));
        }
    }

    @Test
    void aStreamThatFailsSaysSoOnceAndCloses() throws IOException {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool()) {
            OutputStream out =
                    new AcceleratedGzipOutputStream(
                            OutputStream.nullOutputStream(),
                            pool,
                            new StreamConfig(1000, 2, false),
                            0);
            out.write(new byte[1500]);
            bench.labs.forEach(Lab::close);
            IOException told = assertThrows(IOException.class, () -> out.write(new byte[50_000]));
            assertTrue(told.getMessage().contains("no accelerator"), told.getMessage());
            assertThrows(IOException.class, () -> out.write(1));
            out.close();
        }
    }

    @Test
    void aWriterBelowThatFailsIsPassedOn() throws IOException {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool()) {
            OutputStream full =
                    new OutputStream() {
                        @Override
                        public void write(int b) throws IOException {
                            throw new IOException("full");
                        }
                    };
            OutputStream out =
                    new AcceleratedGzipOutputStream(
                            full, pool, new StreamConfig(1000, 2, false), 0);
            assertEquals(
                    "full",
                    assertThrows(IOException.class, () -> out.write(new byte[10_000]))
                            .getMessage());
            out.close();
            assertTrue(pool.run(Job.nop()).succeeded());
        }
    }

    @Test
    void anEmptyStreamIsAnEmptyGzipFile() throws IOException {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool()) {
            ByteArrayOutputStream zipped = new ByteArrayOutputStream();
            new AcceleratedGzipOutputStream(zipped, pool).close();
            assertEquals(0, unzip(zipped.toByteArray()).length);
            assertTrue(zipped.size() > 0);
        }
    }
}
