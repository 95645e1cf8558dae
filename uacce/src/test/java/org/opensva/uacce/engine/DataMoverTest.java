package org.opensva.uacce.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.iommu.DmaStatus;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Random;

class DataMoverTest {

    private final Engine engine = new StandardEngines().create();
    private final FlatMemory memory = new FlatMemory(1 << 20);

    private static byte[] noise(long seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static void ended(
            JobResult result, JobStatus status, long consumed, long produced, long faultAddress) {
        assertEquals(new JobResult(status, consumed, produced, 0, faultAddress), result);
    }

    @Test
    void aCopyBehavesAsMemmoveWhereverTheRangesLie() {
        Random random = new Random(1);
        for (int i = 0; i < 300; i++) {
            memory.put(0, noise(i, memory.bytes.length));
            int length = random.nextInt(i % 3 == 0 ? 300_000 : 2_000);
            int from = random.nextInt(memory.bytes.length - length);
            int shift = random.nextInt(-length - 10, length + 10);
            int to = Math.clamp(from + shift, 0, memory.bytes.length - length);
            byte[] expected = memory.bytes.clone();
            System.arraycopy(expected, from, expected, to, length);

            Job job = Job.copy(FlatMemory.at(from), FlatMemory.at(to), length);
            ended(memory.run(engine, job), JobStatus.SUCCESS, length, length, 0);
            assertArrayEquals(expected, memory.bytes, "from " + from + " to " + to);
        }
    }

    @Test
    void aCopyStopsExactlyAtTheByteThatCannotBeReadOrWritten() {
        Random random = new Random(2);
        for (int i = 0; i < 200; i++) {
            Arrays.fill(memory.bytes, (byte) 0);
            memory.put(0, noise(i, 400_000));
            int length = 1 + random.nextInt(300_000);
            int bad = random.nextInt(length);
            boolean source = random.nextBoolean();
            int hole = source ? bad : 500_000 + bad;
            memory.hole(hole, hole + 1);

            Job job = Job.copy(FlatMemory.at(0), FlatMemory.at(500_000), length);
            ended(memory.run(engine, job), JobStatus.PAGE_FAULT, bad, bad, FlatMemory.at(hole));
            assertArrayEquals(memory.get(0, bad), memory.get(500_000, bad));
            assertEquals(0, memory.bytes[500_000 + bad]);
        }
    }

    @Test
    void aBackwardCopyCountsFromTheEndWhenItFails() {
        byte[] data = noise(3, 200_000);
        memory.put(0, data);
        memory.hole(10, 11);
        JobResult result =
                memory.run(engine, Job.copy(FlatMemory.at(0), FlatMemory.at(100), 200_000));
        assertEquals(JobStatus.PAGE_FAULT, result.status());
        assertEquals(FlatMemory.at(10), result.faultAddress());
        int done = (int) result.produced();
        assertTrue(done > 0 && done < 200_000);
        assertArrayEquals(
                Arrays.copyOfRange(data, 200_000 - done, 200_000),
                memory.get(200_100 - done, done));
    }

    @Test
    void aDestinationThatIsTooSmallGetsWhatFits() {
        memory.put(0, noise(4, 100));
        Job copy = Job.transform(Operation.COPY, FlatMemory.at(0), 100, FlatMemory.at(1000), 60);
        ended(memory.run(engine, copy), JobStatus.DESTINATION_FULL, 60, 60, 0);
        assertArrayEquals(memory.get(0, 60), memory.get(1000, 60));
        assertEquals(0, memory.bytes[1060]);
    }

    @Test
    void aFillRepeatsItsPatternFromTheFirstByteOn() {
        Random random = new Random(5);
        for (int i = 0; i < 100; i++) {
            Arrays.fill(memory.bytes, (byte) 0);
            int length = random.nextInt(i < 50 ? 40 : 200_000);
            long pattern = random.nextLong();
            byte[] word =
                    ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(pattern).array();
            byte[] expected = new byte[length + 8];
            for (int at = 0; at < length; at++) {
                expected[at] = word[at % 8];
            }
            Job job = Job.fill(FlatMemory.at(77), length, pattern);
            ended(memory.run(engine, job), JobStatus.SUCCESS, length, length, 0);
            assertArrayEquals(expected, memory.get(77, length + 8));
        }
    }

    @Test
    void aFillStopsExactlyAtTheHole() {
        memory.hole(70_000, 70_001);
        Job job = Job.fill(FlatMemory.at(5), 100_000, -1);
        ended(memory.run(engine, job), JobStatus.PAGE_FAULT, 69_995, 69_995, FlatMemory.at(70_000));
        assertEquals(-1, memory.bytes[69_999]);
    }

    /** RFC 3720 appendix B.4, and the check value of the CRC catalogues. */
    @Test
    void theChecksumOfKnownDataIsKnown() {
        byte[] ascending = new byte[32];
        byte[] descending = new byte[32];
        byte[] ones = new byte[32];
        Arrays.fill(ones, (byte) -1);
        for (int i = 0; i < 32; i++) {
            ascending[i] = (byte) i;
            descending[i] = (byte) (31 - i);
        }
        assertEquals(0x8a9136aaL, crc(new byte[32]));
        assertEquals(0x62a8ab43L, crc(ones));
        assertEquals(0x46dd794eL, crc(ascending));
        assertEquals(0x113fdb5cL, crc(descending));
        assertEquals(0xe3069283L, crc("123456789".getBytes(StandardCharsets.US_ASCII)));
        assertEquals(0, crc(new byte[0]));
    }

    private long crc(byte[] data) {
        memory.put(3, data);
        JobResult result = memory.run(engine, Job.crc32c(FlatMemory.at(3), data.length));
        assertEquals(JobStatus.SUCCESS, result.status());
        assertEquals(data.length, result.consumed());
        return result.value();
    }

    @Test
    void aChecksumThatMeetsAHoleHasNoValue() {
        memory.hole(150_000, 160_000);
        Job job = Job.crc32c(FlatMemory.at(1), 200_000);
        ended(memory.run(engine, job), JobStatus.PAGE_FAULT, 149_999, 0, FlatMemory.at(150_000));
    }

    @Test
    void aPortThatWasStoppedAbortsTheJob() {
        memory.hole(0, 100);
        memory.holeStatus = DmaStatus.STOPPED;
        for (Operation operation : EnumSet.range(Operation.COPY, Operation.COMPARE_PATTERN)) {
            if (operation != Operation.NOP) {
                JobResult result =
                        memory.run(
                                engine,
                                Job.transform(
                                        operation, FlatMemory.at(0), 50, FlatMemory.at(50), 40));
                assertEquals(JobStatus.ABORTED, result.status(), operation.id());
                assertEquals(0, result.faultAddress());
            }
        }
    }

    @Test
    void aJobThatIsCancelledEndsWithinOneChunk() {
        memory.put(0, noise(6, 1 << 20));
        for (Operation operation :
                new Operation[] {
                    Operation.COPY,
                    Operation.FILL,
                    Operation.CRC32C,
                    Operation.DEFLATE,
                    Operation.GZIP
                }) {
            memory.accesses = 0;
            memory.cancelAfter = 3;
            JobResult result =
                    memory.run(
                            engine,
                            Job.transform(
                                    operation,
                                    FlatMemory.at(0),
                                    500_000,
                                    FlatMemory.at(500_000),
                                    500_000));
            assertEquals(JobStatus.ABORTED, result.status(), operation.id());
            assertTrue(memory.accesses <= 4, operation + " made " + memory.accesses);
        }
    }
}
