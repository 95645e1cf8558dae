package org.opensva.uacce.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operand;
import org.opensva.api.accelerator.Operation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A page that cannot be had, at every kind of place, for every kind of operand. */
class MissingPageTest {

    private static final int PAGE = 4096;
    private static final int LENGTH = 3 * JobData.CHUNK;

    /** First and last bytes of pages and of chunks, and one in the middle. */
    private static final int[] PLACES = {
        0,
        1,
        7,
        8,
        15,
        16,
        PAGE - 1,
        PAGE,
        PAGE + 1,
        JobData.CHUNK - 1,
        JobData.CHUNK,
        JobData.CHUNK + 1,
        100_003,
        2 * JobData.CHUNK + 8,
        LENGTH - PAGE,
        LENGTH - 1
    };

    private final EngineBench bench = new EngineBench(1 << 20);
    private final byte[] data = new byte[LENGTH];

    MissingPageTest() {
        new Random(1).nextBytes(data);
    }

    /** A page is missing at a place of an operand of {@link #LENGTH} bytes. */
    private void hole(long operand, int place) {
        long start = operand - FlatMemory.BASE;
        bench.memory.hole(start + place, start + Math.min(LENGTH, place + PAGE));
    }

    private static JobResult fault(long consumed, long produced, long address) {
        return new JobResult(JobStatus.PAGE_FAULT, consumed, produced, 0, address);
    }

    @Test
    void whatIsOnlyReadIsConsumedUpToTheMissingByte() {
        for (int place : PLACES) {
            bench.clear();
            long from = bench.put(data);
            long to = bench.room(64);
            Operand key = bench.operand(new byte[20]);
            JobParameters keyed = JobParameters.EMPTY.withKey(key);
            List<Job> jobs = new ArrayList<>();
            jobs.add(Job.crc32c(from, LENGTH).withArgument(5));
            jobs.add(Job.transform(Operation.DIGEST, Algorithm.SHA_256, from, LENGTH, to, 64));
            jobs.add(Job.transform(Operation.DIGEST, Algorithm.SHA3_256, from, LENGTH, to, 64));
            jobs.add(
                    bench.with(
                            Job.transform(Operation.MAC, Algorithm.MD5, from, LENGTH, to, 64),
                            keyed));
            hole(from, place);
            for (Job job : jobs) {
                assertEquals(fault(place, 0, from + place), bench.run(job), job.toString());
            }
        }
    }

    @Test
    void whatIsWrittenIsProducedUpToTheMissingByte() {
        for (int place : PLACES) {
            for (Operation operation :
                    List.of(Operation.COPY, Operation.FILL, Operation.COPY_CRC32C)) {
                bench.clear();
                long from = bench.put(data);
                long to = bench.room(LENGTH);
                Job job = Job.transform(operation, from, LENGTH, to, LENGTH);
                hole(to, place);
                assertEquals(fault(place, place, to + place), bench.run(job), job.toString());
                assertEquals((byte) 0xa5, bench.get(to + place, 1)[0]);
                if (operation != Operation.FILL) {
                    assertArrayEquals(Arrays.copyOf(data, place), bench.get(to, place));
                }
            }
        }
    }

    @Test
    void compressionConsumesUpToTheHoleAndDecompressionProducesUpToIt() {
        for (Operation[] pair :
                new Operation[][] {
                    {Operation.GZIP, Operation.GUNZIP}, {Operation.ZLIB, Operation.UNZLIB}
                }) {
            for (int place : PLACES) {
                bench.clear();
                long from = bench.put(data);
                long to = bench.room(LENGTH + 1000);
                Job pack = Job.transform(pair[0], from, LENGTH, to, LENGTH + 1000);
                byte[] packed = bench.output(pack);
                hole(from, place);
                JobResult result = bench.run(pack);
                assertEquals(fault(place, result.produced(), from + place), result);
                long back = bench.clear().put(packed);
                long out = bench.room(LENGTH);
                hole(out, place);
                JobResult unpacked =
                        bench.run(Job.transform(pair[1], back, packed.length, out, LENGTH));
                assertEquals(fault(unpacked.consumed(), place, out + place), unpacked);
                assertArrayEquals(Arrays.copyOf(data, place), bench.get(out, place));
            }
        }
    }

    @Test
    void aDeltaStopsAtTheWordThatIsMissing() {
        byte[] other = data.clone();
        for (int i = 0; i < LENGTH; i += 80) {
            other[i]++;
        }
        for (int place : PLACES) {
            bench.clear();
            long one = bench.aligned(LENGTH, 8);
            bench.memory.put((int) (one - FlatMemory.BASE), data);
            long two = bench.aligned(LENGTH, 8);
            bench.memory.put((int) (two - FlatMemory.BASE), other);
            long record = bench.room(LENGTH);
            Job create = new Job(Operation.CREATE_DELTA, one, LENGTH, record, LENGTH, two);
            int word = place - place % 8;
            for (long source : new long[] {one, two}) {
                hole(source, place);
                JobResult result = bench.run(create);
                int entries = (word + 79) / 80;
                assertEquals(fault(word, 10L * entries, source + place), result);
            }
            bench.memory.hole(-1, -1);
            long size = bench.run(create).produced();
            hole(one, word);
            Job apply = new Job(Operation.APPLY_DELTA, record, size, one, LENGTH, 0);
            JobResult applied = bench.run(apply);
            int whole = (word + 79) / 80;
            long first = Math.min(80L * whole, LENGTH);
            boolean reached = first < word + PAGE && first < LENGTH && 10L * whole < size;
            assertTrue(!reached || applied.status() == JobStatus.PAGE_FAULT);
            if (reached) {
                assertEquals(fault(10L * whole, 8L * whole, one + first), applied);
            }
        }
    }

    @Test
    void aHoleInAKeyTagOrIvIsItsFault() {
        byte[] key = new byte[32];
        byte[] text = new byte[64];
        long keyAt = bench.put(key);
        long ivAt = bench.put(key);
        long tagAt = bench.put(key);
        long associatedAt = bench.room(3 * PAGE);
        JobParameters all =
                JobParameters.EMPTY
                        .withKey(new Operand(keyAt, 32))
                        .withIv(new Operand(ivAt, 12))
                        .withTag(new Operand(tagAt, 16))
                        .withAssociated(new Operand(associatedAt, 2 * PAGE + 1));
        Job encrypt =
                bench.with(bench.transform(Operation.ENCRYPT, Algorithm.AES_GCM, text, 64), all);
        Job decrypt =
                bench.with(bench.transform(Operation.DECRYPT, Algorithm.AES_GCM, text, 64), all);
        long[] missing = {keyAt + 31, ivAt + 5, associatedAt + 2 * PAGE, tagAt + 3};
        for (long address : missing) {
            bench.memory.hole(address - FlatMemory.BASE, address - FlatMemory.BASE + 1);
            boolean tag = address == tagAt + 3;
            assertEquals(fault(tag ? 64 : 0, tag ? 64 : 0, address), bench.run(encrypt), "encrypt");
            assertEquals(fault(0, 0, address), bench.run(decrypt), "decrypt");
        }
    }
}
