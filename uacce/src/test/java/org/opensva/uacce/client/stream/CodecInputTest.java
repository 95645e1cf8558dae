package org.opensva.uacce.client.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.Operation;
import org.opensva.uacce.client.Bench;
import org.opensva.uacce.client.ContextPool;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;

class CodecInputTest {

    private static final byte[] NONE = {};

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }

    /** Hands out what it has in pieces of any size. */
    private static InputStream drip(byte[] bytes, Random random) {
        return new ByteArrayInputStream(bytes) {
            @Override
            public int read(byte[] target, int offset, int length) {
                return super.read(target, offset, Math.min(length, 1 + random.nextInt(5000)));
            }
        };
    }

    @Test
    void everyFormatComesBackThroughTheOther() throws IOException {
        Operation[][] pairs = {
            {Operation.GZIP, Operation.GUNZIP},
            {Operation.ZLIB, Operation.UNZLIB},
            {Operation.DEFLATE, Operation.INFLATE}
        };
        try (Bench bench = new Bench(2);
                ContextPool pool = bench.pool()) {
            for (int seed = 0; seed < 24; seed++) {
                Random random = new Random(seed);
                Operation[] pair = pairs[seed % 3];
                byte[] bytes =
                        random.nextBoolean()
                                ? Bench.bytes(random.nextInt(300_000), seed)
                                : GzipOutputTest.compressible(random.nextInt(900_000), seed);
                byte[] dictionary =
                        pair[0] == Operation.GZIP
                                ? NONE
                                : Arrays.copyOf(
                                        bytes, Math.min(bytes.length, random.nextInt(3000)));
                byte[] small;
                try (InputStream in =
                        new CodecInputStream(
                                drip(bytes, random),
                                pool,
                                pair[0],
                                random.nextInt(10),
                                dictionary)) {
                    small = in.readAllBytes();
                }
                try (InputStream in =
                        new CodecInputStream(drip(small, random), pool, pair[1], 0, dictionary)) {
                    assertArrayEquals(bytes, in.readAllBytes(), "seed " + seed);
                    assertEquals(-1, in.read());
                }
            }
        }
    }

    @Test
    void membersOfAnyNumberAreOneStream() throws IOException {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool()) {
            ByteArrayOutputStream members = new ByteArrayOutputStream();
            ByteArrayOutputStream expected = new ByteArrayOutputStream();
            for (int i = 0; i < 30; i++) {
                byte[] part = GzipOutputTest.compressible(i * 997, i);
                members.writeBytes(gzip(part));
                expected.writeBytes(part);
            }
            try (InputStream in =
                    new AcceleratedGzipInputStream(
                            new ByteArrayInputStream(members.toByteArray()), pool)) {
                assertArrayEquals(expected.toByteArray(), in.readAllBytes());
            }
        }
    }

    /** As in the JDK's class: padding of tapes, and whatever else. */
    @Test
    void whatFollowsTheMembersAndIsNoneIsIgnored() throws IOException {
        byte[] bytes = GzipOutputTest.compressible(200_000, 1);
        byte[] one = gzip(bytes);
        byte[][] trails = {{0}, new byte[512], new byte[200_000], {1, 2, 3}, {0x1f, 0, 0, 9}};
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool()) {
            for (byte[] trail : trails) {
                byte[] all = Arrays.copyOf(one, one.length + trail.length);
                System.arraycopy(trail, 0, all, one.length, trail.length);
                try (InputStream jdk = new GZIPInputStream(new ByteArrayInputStream(all));
                        InputStream in =
                                new AcceleratedGzipInputStream(drip(all, new Random(3)), pool)) {
                    assertArrayEquals(jdk.readAllBytes(), in.readAllBytes());
                }
                try (InputStream strict =
                        new CodecInputStream(
                                new ByteArrayInputStream(all), pool, Operation.GUNZIP, 0, NONE)) {
                    assertThrows(ZipException.class, strict::readAllBytes);
                }
            }
        }
    }

    /** Programs take 0 for the end, because it is in the JDK's class. */
    @Test
    void somethingIsAvailableUntilTheEnd() throws IOException {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool()) {
            InputStream in =
                    new AcceleratedGzipInputStream(
                            new ByteArrayInputStream(gzip(new byte[1000])), pool);
            int count = 0;
            while (in.available() > 0 && in.read() >= 0) {
                count++;
            }
            assertEquals(1000, count);
            assertEquals(-1, in.read());
            assertEquals(0, in.available());
            in.close();
        }
    }

    /** Ten megabytes of zeros are ten kilobytes of gzip data. */
    @Test
    void whatExpandsAThousandfoldTakesNoMoreMemory() throws IOException {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool(Bench.config().withBufferLimit(1 << 20))) {
            try (InputStream in =
                    new AcceleratedGzipInputStream(
                            new ByteArrayInputStream(gzip(new byte[10_000_000])), pool)) {
                assertEquals(10_000_000, in.skip(Long.MAX_VALUE));
            }
        }
    }

    @Test
    void whatIsDamagedOrCutOffOrNothingIsAZipException() throws IOException {
        byte[] good = gzip(Bench.bytes(100_000, 1));
        byte[] damaged = good.clone();
        damaged[50_000] ^= 4;
        byte[][] bad = {
            NONE, {1, 2, 3}, Arrays.copyOf(good, good.length - 1), damaged, Bench.bytes(5000, 3)
        };
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool()) {
            for (byte[] bytes : bad) {
                try (InputStream in =
                        new AcceleratedGzipInputStream(new ByteArrayInputStream(bytes), pool)) {
                    assertThrows(ZipException.class, in::readAllBytes);
                    assertEquals(-1, in.read(), "and no second time");
                }
            }
            assertTrue(pool.run(Job.nop()).succeeded());
        }
    }

    @Test
    void whatFollowsAnEndedStreamIsHandedBack() throws IOException {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool()) {
            byte[] zlib;
            try (InputStream in =
                    new CodecInputStream(
                            new ByteArrayInputStream(new byte[1000]),
                            pool,
                            Operation.ZLIB,
                            0,
                            NONE)) {
                zlib = in.readAllBytes();
            }
            byte[] followed = Arrays.copyOf(zlib, zlib.length + 3);
            followed[zlib.length + 1] = 7;
            CodecInputStream in =
                    new CodecInputStream(
                            new ByteArrayInputStream(followed), pool, Operation.UNZLIB, 0, NONE);
            assertEquals(1000, in.readAllBytes().length);
            assertArrayEquals(new byte[] {0, 7, 0}, in.remaining());
            in.close();
            assertThrows(IOException.class, in::read);
        }
    }

    /** What a device keeps cannot be had from another one: that is said, and nothing is wrong. */
    @Test
    void aStreamWhoseDeviceIsRemovedFailsAndTheNextOneDoesNot() throws IOException {
        try (Bench bench = new Bench(2);
                ContextPool pool = bench.pool()) {
            byte[] bytes = Bench.bytes(3_000_000, 8);
            byte[] small = gzip(bytes);
            InputStream in = new AcceleratedGzipInputStream(new ByteArrayInputStream(small), pool);
            assertEquals(bytes[0], (byte) in.read());
            bench.labs.getFirst().device.remove();
            IOException lost =
                    assertThrows(IOException.class, () -> in.skipNBytes(bytes.length - 1));
            assertTrue(lost.getMessage().contains("begin it anew"), lost.getMessage());
            in.close();
            try (InputStream again =
                    new AcceleratedGzipInputStream(new ByteArrayInputStream(small), pool)) {
                assertArrayEquals(bytes, again.readAllBytes());
            }
        }
    }

    /** Numbers of streams and memory come back, also from streams that nobody read to the end. */
    @Test
    void aThousandStreamsLeaveNothing() throws IOException {
        try (Bench bench = new Bench(1);
                ContextPool pool = bench.pool(Bench.config().withBufferLimit(1 << 20))) {
            byte[] small = gzip(new byte[1000]);
            for (int i = 0; i < 1000; i++) {
                InputStream in =
                        new AcceleratedGzipInputStream(new ByteArrayInputStream(small), pool);
                if (i % 3 > 0) {
                    in.readNBytes(i);
                }
                in.close();
                in.close();
            }
        }
    }
}
