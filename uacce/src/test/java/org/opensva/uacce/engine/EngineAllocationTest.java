package org.opensva.uacce.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operand;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.ScatterList;

import java.lang.management.ManagementFactory;
import java.util.EnumSet;
import java.util.List;

class EngineAllocationTest {

    private static final int JOBS = 2_000;
    private static final int LENGTH = 1 << 12;

    /** What the key objects of the library cost. */
    private static final int KEY_OBJECTS = 512;

    /** For the same key and IV twice in a row, as here, a new cipher is made. */
    private static final int GCM_OBJECTS = 12 << 10;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final EngineBench bench = new EngineBench(1 << 18);
    private final byte[] data = new byte[LENGTH];

    EngineAllocationTest() {
        for (int i = 0; i < LENGTH; i++) {
            data[i] = (byte) (i / 7);
        }
    }

    private long each(Job job) {
        for (int i = 0; i < JOBS; i++) {
            bench.memory.execute(bench.engine, job);
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < JOBS; i++) {
            bench.memory.execute(bench.engine, job);
        }
        long each = (threads.getCurrentThreadAllocatedBytes() - before) / JOBS;
        assertEquals(JobStatus.SUCCESS, bench.memory.status, job.toString());
        return each;
    }

    private void nothing(Job job) {
        long each = each(job);
        assertTrue(each < 8, job + " allocates " + each + " bytes");
    }

    @Test
    void aWarmEngineAllocatesNothingToMoveAndToCompress() {
        for (Operation operation : EnumSet.range(Operation.NOP, Operation.DRAIN)) {
            bench.clear();
            Operation before =
                    switch (operation) {
                        case GUNZIP -> Operation.GZIP;
                        case INFLATE -> Operation.DEFLATE;
                        case UNZLIB -> Operation.ZLIB;
                        default -> null;
                    };
            byte[] input =
                    before == null
                            ? data
                            : bench.output(
                                    bench.transform(before, Algorithm.NONE, data, 2 * LENGTH));
            long from = bench.aligned(input.length, 8);
            bench.memory.put((int) (from - FlatMemory.BASE), input);
            long to = bench.aligned(2 * LENGTH, 8);
            long other = bench.aligned(2 * LENGTH, 8);
            Job job =
                    switch (operation) {
                        case CRC32C, COPY_CRC32C ->
                                new Job(operation, from, input.length, to, 2 * LENGTH, 77);
                        case CREATE_DELTA ->
                                new Job(operation, from, LENGTH, to, 2 * LENGTH, other);
                        case APPLY_DELTA -> new Job(operation, from, 0, to, LENGTH, 0);
                        case COMPARE, DUAL_CAST ->
                                new Job(operation, from, LENGTH, to, LENGTH, other);
                        default -> Job.transform(operation, from, input.length, to, 2 * LENGTH);
                    };
            nothing(job);
        }
    }

    @Test
    void norToFollowListsAndToDigest() {
        long from = bench.put(data);
        long to = bench.room(LENGTH);
        List<Operand> halves = List.of(new Operand(from, 1000), new Operand(from + 1000, 3000));
        Operand list = bench.operand(new ScatterList(halves).encode());
        Job copy = Job.transform(Operation.COPY, list.address(), list.length(), to, LENGTH);
        nothing(copy.withSourceList());
        for (Algorithm algorithm : EnumSet.range(Algorithm.MD5, Algorithm.SHA3_512)) {
            Job job = Job.transform(Operation.DIGEST, algorithm, from, LENGTH, to, 64);
            if (algorithm.compareTo(Algorithm.SHA3_224) < 0) {
                nothing(job);
            } else {
                // The library's Keccak makes a small object for each result.
                assertTrue(each(job) <= 64, algorithm.id());
            }
        }
    }

    @Test
    void theKeyObjectsOfTheLibraryAreAllThatCiphersAndMacsCost() {
        JobParameters keyed =
                JobParameters.EMPTY
                        .withKey(bench.operand(new byte[32]))
                        .withIv(bench.operand(new byte[16]));
        for (Algorithm algorithm : EnumSet.range(Algorithm.MD5, Algorithm.AES_XTS)) {
            boolean mac = algorithm.operations().contains(Operation.MAC);
            Operation operation = mac ? Operation.MAC : Operation.ENCRYPT;
            Job job = bench.transform(operation, algorithm, data, LENGTH + 16);
            long each = each(bench.with(job, keyed));
            int most = algorithm == Algorithm.AES_GCM ? GCM_OBJECTS : KEY_OBJECTS;
            assertTrue(each < most, algorithm + " allocates " + each + " bytes");
        }
    }
}
