package org.opensva.uacce.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

class CompressionTest {

    private static final int OUT = 1 << 20;

    private final Engine engine = new StandardEngines().create();
    private final FlatMemory memory = new FlatMemory(3 << 20);

    /** Text-like, random, empty, constant: by the seed. */
    private static byte[] sample(int seed) {
        Random random = new Random(seed);
        int length = seed % 7 == 0 ? random.nextInt(4) : random.nextInt(300_000);
        byte[] bytes = new byte[length];
        switch (seed % 4) {
            case 0 -> random.nextBytes(bytes);
            case 1 -> Arrays.fill(bytes, (byte) seed);
            default -> {
                for (int i = 0; i < length; i++) {
                    bytes[i] = (byte) "the quick brown fox ".charAt(random.nextInt(20));
                }
            }
        }
        return bytes;
    }

    private JobResult run(Operation operation, byte[] input, int capacity) {
        memory.put(0, input);
        return memory.run(
                engine,
                Job.transform(
                        operation, FlatMemory.at(0), input.length, FlatMemory.at(OUT), capacity));
    }

    private byte[] output(JobResult result) {
        return memory.get(OUT, (int) result.produced());
    }

    private byte[] good(Operation operation, byte[] input) {
        JobResult result = run(operation, input, 2 << 20);
        assertEquals(JobStatus.SUCCESS, result.status());
        assertEquals(input.length, result.consumed());
        return output(result);
    }

    private static byte[] gzip(byte[] data) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream stream = new GZIPOutputStream(bytes)) {
            stream.write(data);
        }
        return bytes.toByteArray();
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            bytes.writeBytes(part);
        }
        return bytes.toByteArray();
    }

    @Test
    void whatTheEngineCompressesTheJdkExpands() throws IOException {
        for (int seed = 0; seed < 60; seed++) {
            byte[] data = sample(seed);
            byte[] gz = good(Operation.GZIP, data);
            assertArrayEquals(
                    data, new GZIPInputStream(new ByteArrayInputStream(gz)).readAllBytes());
            byte[] raw = good(Operation.DEFLATE, data);
            assertArrayEquals(
                    data,
                    new InflaterInputStream(new ByteArrayInputStream(raw), new Inflater(true))
                            .readAllBytes());
        }
    }

    @Test
    void whatTheJdkCompressesTheEngineExpands() throws IOException {
        for (int seed = 0; seed < 60; seed++) {
            byte[] data = sample(seed);
            assertArrayEquals(data, good(Operation.GUNZIP, gzip(data)));
            Deflater deflater = new Deflater(seed % 10, true);
            deflater.setInput(data);
            deflater.finish();
            byte[] raw = new byte[data.length + 1000];
            int length = deflater.deflate(raw);
            deflater.end();
            assertArrayEquals(data, good(Operation.INFLATE, Arrays.copyOf(raw, length)));
        }
    }

    /** The first bytes are RFC 1952 section 2.3; the body is a fixed block of RFC 1951. */
    @Test
    void theBytesOfASmallMemberAreKnown() {
        byte[] gz = good(Operation.GZIP, "hello".getBytes(StandardCharsets.US_ASCII));
        assertEquals(
                "1f8b08000000000000ff" + "cb48cdc9c90700" + "86a61036" + "05000000",
                HexFormat.of().formatHex(gz));
    }

    @Test
    void aRoundTripFitsExactlyAndOneByteLessIsFull() {
        for (int seed = 0; seed < 40; seed++) {
            byte[] data = sample(seed);
            for (Operation[] pair :
                    new Operation[][] {
                        {Operation.GZIP, Operation.GUNZIP},
                        {Operation.DEFLATE, Operation.INFLATE}
                    }) {
                byte[] small = good(pair[0], data);
                assertEquals(JobStatus.SUCCESS, run(pair[0], data, small.length).status());
                JobResult full = run(pair[0], data, small.length - 1);
                assertEquals(JobStatus.DESTINATION_FULL, full.status(), "seed " + seed);
                assertTrue(full.produced() < small.length);

                JobResult fits = run(pair[1], small, data.length);
                assertEquals(JobStatus.SUCCESS, fits.status(), "seed " + seed);
                assertArrayEquals(data, output(fits));
                if (data.length > 0) {
                    JobResult tight = run(pair[1], small, data.length - 1);
                    assertEquals(JobStatus.DESTINATION_FULL, tight.status());
                    assertEquals(data.length - 1, tight.produced());
                    assertArrayEquals(Arrays.copyOf(data, data.length - 1), output(tight));
                }
            }
        }
    }

    @Test
    void everyMemberIsExpanded() throws IOException {
        byte[] all = join(gzip(sample(2)), gzip(new byte[0]), gzip(sample(5)), gzip(sample(8)));
        assertArrayEquals(join(sample(2), sample(5), sample(8)), good(Operation.GUNZIP, all));
    }

    @Test
    void everyOptionalHeaderFieldIsUnderstood() throws IOException {
        byte[] data = sample(6);
        byte[] plain = gzip(data);
        byte[] body = Arrays.copyOfRange(plain, 10, plain.length);
        for (int flags = 0; flags < 32; flags++) {
            byte[] header = {0x1f, (byte) 0x8b, 8, (byte) flags, 1, 2, 3, 4, 2, 3};
            if ((flags & 4) != 0) {
                header = join(header, new byte[] {3, 0, 9, 0, 9});
            }
            if ((flags & 8) != 0) {
                header = join(header, "name\0".getBytes(StandardCharsets.ISO_8859_1));
            }
            if ((flags & 16) != 0) {
                header = join(header, "a comment\0".getBytes(StandardCharsets.ISO_8859_1));
            }
            if ((flags & 2) != 0) {
                CRC32 crc = new CRC32();
                crc.update(header);
                int crc16 = (int) crc.getValue() & 0xffff;
                header = join(header, new byte[] {(byte) crc16, (byte) (crc16 >> 8)});
            }
            assertArrayEquals(data, good(Operation.GUNZIP, join(header, body)));
            if ((flags & 2) != 0) {
                header[header.length - 1] ^= 1;
                assertEquals(
                        JobStatus.BAD_DATA,
                        run(Operation.GUNZIP, join(header, body), 2 << 20).status());
            }
        }
    }

    @Test
    void everyTruncationOfAMemberIsBadData() throws IOException {
        byte[] gz = gzip(sample(1));
        for (int length = 0; length < gz.length; length++) {
            assertEquals(
                    JobStatus.BAD_DATA,
                    run(Operation.GUNZIP, Arrays.copyOf(gz, length), 2 << 20).status(),
                    "length " + length);
        }
    }

    /** MTIME, XFL and OS (bytes 4 to 9) and FTEXT are not checked: RFC 1952 section 2.3.1.2. */
    @Test
    void everyFlippedBitThatMattersIsBadData() throws IOException {
        byte[] data = "flipping bits is bad for data, data, data".getBytes(StandardCharsets.UTF_8);
        byte[] gz = gzip(data);
        for (int bit = 0; bit < gz.length * 8; bit++) {
            if (bit / 8 >= 4 && bit / 8 < 10 || bit == 3 * 8) {
                continue;
            }
            byte[] broken = gz.clone();
            broken[bit / 8] ^= (byte) (1 << bit % 8);
            JobResult result = run(Operation.GUNZIP, broken, 2 << 20);
            assertNotEquals(JobStatus.SUCCESS, result.status(), "bit " + bit);
            assertEquals(JobStatus.BAD_DATA, result.status(), "bit " + bit);
        }
    }

    @Test
    void whatFollowsTheLastMemberMustBeAMember() throws IOException {
        byte[] gz = gzip(sample(3));
        assertEquals(
                JobStatus.BAD_DATA,
                run(Operation.GUNZIP, join(gz, new byte[] {0}), 2 << 20).status());
        assertEquals(
                JobStatus.BAD_DATA,
                run(Operation.GUNZIP, join(gz, Arrays.copyOf(gz, 11)), 2 << 20).status());
    }

    @Test
    void aRawStreamEndsWhereItEnds() {
        byte[] data = sample(9);
        byte[] raw = good(Operation.DEFLATE, data);
        JobResult result = run(Operation.INFLATE, join(raw, new byte[100]), 2 << 20);
        assertEquals(JobStatus.SUCCESS, result.status());
        assertEquals(raw.length, result.consumed());
        assertArrayEquals(data, output(result));
    }

    @Test
    void randomBytesNeverDoMoreThanFail() {
        Random random = new Random(11);
        for (int i = 0; i < 2_000; i++) {
            byte[] bytes = new byte[random.nextInt(300)];
            random.nextBytes(bytes);
            if (bytes.length > 10 && i % 2 == 0) {
                System.arraycopy(HexFormat.of().parseHex("1f8b0800000000000003"), 0, bytes, 0, 10);
            }
            JobStatus gunzip = run(Operation.GUNZIP, bytes, 1 << 16).status();
            assertTrue(gunzip == JobStatus.BAD_DATA || gunzip == JobStatus.DESTINATION_FULL);
            JobStatus inflate = run(Operation.INFLATE, bytes, 1 << 16).status();
            assertTrue(
                    inflate == JobStatus.SUCCESS
                            || inflate == JobStatus.BAD_DATA
                            || inflate == JobStatus.DESTINATION_FULL);
        }
    }

    @Test
    void aHoleInTheSourceIsReportedWithWhatWasDoneBefore() throws IOException {
        byte[] data = sample(2);
        byte[] gz = gzip(data);
        int bad = gz.length / 2;
        memory.hole(bad, bad + 1);
        JobResult result = run(Operation.GUNZIP, gz, 2 << 20);
        assertEquals(JobStatus.PAGE_FAULT, result.status());
        assertEquals(FlatMemory.at(bad), result.faultAddress());
        assertEquals(bad, result.consumed());
        assertTrue(result.produced() > 0);
        assertArrayEquals(Arrays.copyOf(data, (int) result.produced()), output(result));
    }

    @Test
    void aHoleInTheDestinationIsReportedExactly() {
        byte[] data = sample(4);
        memory.hole(OUT + 70_001, OUT + 70_002);
        JobResult result = run(Operation.DEFLATE, data, 1 << 20);
        assertEquals(JobStatus.PAGE_FAULT, result.status());
        assertEquals(FlatMemory.at(OUT + 70_001), result.faultAddress());
        assertEquals(70_001, result.produced());
        assertTrue(result.consumed() <= data.length);
    }

    @Test
    void aHoleBehindTheEndOfTheStreamIsNotTouched() {
        byte[] data = sample(10);
        byte[] raw = good(Operation.DEFLATE, data);
        memory.put(0, join(raw, new byte[4096]));
        memory.hole(raw.length, raw.length + 4096);
        JobResult result =
                memory.run(
                        engine,
                        Job.transform(
                                Operation.INFLATE,
                                FlatMemory.at(0),
                                raw.length + 4096,
                                FlatMemory.at(OUT),
                                OUT));
        assertEquals(JobStatus.SUCCESS, result.status());
        assertEquals(raw.length, result.consumed());
    }

    @Test
    void anErrorNeverLeaksIntoTheNextJob() throws IOException {
        Random random = new Random(12);
        byte[] data = sample(3);
        byte[] gz = gzip(data);
        for (int i = 0; i < 50; i++) {
            byte[] broken = gz.clone();
            broken[random.nextInt(gz.length)] ^= (byte) (1 + random.nextInt(255));
            run(Operation.GUNZIP, broken, random.nextInt(1 << 20));
            run(Operation.GZIP, data, random.nextInt(100));
            assertArrayEquals(data, good(Operation.GUNZIP, gz));
            assertArrayEquals(data, good(Operation.GUNZIP, good(Operation.GZIP, data)));
        }
    }
}
