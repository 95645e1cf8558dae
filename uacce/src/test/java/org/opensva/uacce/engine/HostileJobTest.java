package org.opensva.uacce.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operand;
import org.opensva.api.accelerator.Operation;

import java.util.List;
import java.util.Random;

/** Jobs that nobody would send on purpose, and what they leave behind: nothing. */
class HostileJobTest {

    private static final int PLACES = 1 << 16;

    private final EngineBench bench = new EngineBench(1 << 18);

    /** The same engine in the service of another process. */
    private final EngineBench neighbour = new EngineBench(1 << 12, bench.engine);

    private final Random random = new Random(99);

    private long address() {
        return switch (random.nextInt(8)) {
            case 0 -> random.nextLong();
            case 1 -> -random.nextInt(200);
            case 2 -> 0;
            default -> FlatMemory.at(random.nextInt(PLACES));
        };
    }

    private long length() {
        return switch (random.nextInt(10)) {
            case 0 -> random.nextLong() & Long.MAX_VALUE;
            case 1 -> Long.MAX_VALUE - random.nextInt(100);
            case 2 -> (1L << 32) + random.nextInt(200) - 100;
            case 3 -> (1L << 31) + random.nextInt(200) - 100;
            case 4 -> 0;
            case 5 -> 16L * random.nextInt(5);
            default -> random.nextInt(3000);
        };
    }

    /** As the queue does: a range that wraps does not reach an engine. */
    private static boolean reaches(Job job) {
        return !JobData.wraps(
                        job.source(), job.operation() == Operation.FILL ? 0 : job.sourceLength())
                && !JobData.wraps(job.destination(), job.destinationCapacity());
    }

    private Operand operand() {
        return new Operand(address(), random.nextInt(3) == 0 ? length() : 16L * random.nextInt(5));
    }

    @Test
    void noJobMakesAnEngineThrowOrForgetAndTheNextOneIsDoneRight() {
        byte[] message = "abc".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        Job[] sane = new Job[4];
        JobResult[] wanted = new JobResult[4];
        byte[][] outputs = new byte[4][];
        prepareSane(message, sane);
        for (int i = 0; i < sane.length; i++) {
            wanted[i] = neighbour.run(sane[i]);
            assertEquals(JobStatus.SUCCESS, wanted[i].status());
            outputs[i] = neighbour.get(sane[i].destination(), wanted[i].produced());
        }
        List<Operation> operations = bench.engine.operations().stream().sorted().toList();
        for (int lap = 0; lap < 30_000; lap++) {
            Operation operation = operations.get(random.nextInt(operations.size()));
            Algorithm algorithm = algorithm(operation);
            int flags = operation.flags() & random.nextInt(8);
            byte[] noise = new byte[random.nextInt(400)];
            random.nextBytes(noise);
            bench.memory.put(random.nextInt(PLACES - 400), noise);
            long block = FlatMemory.at(random.nextInt(PLACES));
            if (random.nextInt(8) != 0) {
                bench.memory.put((int) (block - FlatMemory.BASE), parameters().encode());
            }
            Job job =
                    new Job(
                            operation,
                            address(),
                            length(),
                            FlatMemory.at(random.nextInt(PLACES)),
                            length(),
                            random.nextBoolean() ? random.nextInt(12) : address(),
                            algorithm,
                            flags,
                            (flags & 4) != 0 ? block : 0);
            long hole = random.nextInt(PLACES);
            bench.memory.hole(hole, hole + random.nextInt(4096));
            if (reaches(job)) {
                JobResult result = bench.run(job);
                boolean fault = result.status() == JobStatus.PAGE_FAULT;
                assertEquals(fault, result.faultAddress() != 0 || fault, job.toString());
                if (result.status() == JobStatus.DEVICE_ERROR) {
                    throw new AssertionError(job + " " + result);
                }
            }
            if (lap % 16 == 0) {
                int i = random.nextInt(sane.length);
                assertEquals(wanted[i], neighbour.run(sane[i]), job.toString());
                assertArrayEquals(
                        outputs[i], neighbour.get(sane[i].destination(), outputs[i].length));
            }
        }
    }

    private void prepareSane(byte[] message, Job[] sane) {
        JobParameters keyed =
                JobParameters.EMPTY
                        .withKey(neighbour.operand(new byte[32]))
                        .withIv(neighbour.operand(new byte[16]));
        sane[0] = neighbour.transform(Operation.DIGEST, Algorithm.SHA_256, message, 32);
        sane[1] = neighbour.transform(Operation.GZIP, Algorithm.NONE, message, 100);
        sane[2] =
                neighbour.with(
                        neighbour.transform(Operation.ENCRYPT, Algorithm.AES_CTR, message, 3),
                        keyed);
        sane[3] =
                neighbour.with(
                        neighbour.transform(Operation.MAC, Algorithm.SHA_512, message, 64), keyed);
    }

    private Algorithm algorithm(Operation operation) {
        List<Algorithm> fitting =
                java.util.Arrays.stream(Algorithm.values())
                        .filter(each -> each.operations().contains(operation))
                        .toList();
        return fitting.get(random.nextInt(fitting.size()));
    }

    private JobParameters parameters() {
        int options = random.nextBoolean() ? 0 : random.nextInt(128);
        return new JobParameters(
                random.nextInt(20) == 0 ? random.nextInt() : options,
                random.nextInt(4),
                random.nextBoolean() ? 0 : random.nextLong() >> random.nextInt(64),
                operand(),
                operand(),
                operand(),
                operand(),
                random.nextBoolean() ? Operand.NONE : operand());
    }

    @Test
    void reservedBitsOfAParameterBlockAreSeen() {
        byte[] block = JobParameters.EMPTY.encode();
        Job job = bench.transform(Operation.DEFLATE, Algorithm.NONE, new byte[10], 100);
        for (int bit = 0; bit < 8 * JobParameters.SIZE; bit++) {
            byte[] changed = block.clone();
            changed[bit / 8] |= (byte) (1 << bit % 8);
            boolean control = bit < 64;
            boolean option = bit < 7;
            boolean session = bit >= 32 && bit < 40;
            boolean reserved = control && !option && !session || bit >= 0x60 * 8;
            boolean negative = bit % 128 == 127 && bit >= 0x10 * 8;
            if (reserved || negative) {
                Job hostile = job.withParameters(bench.clear().put(changed));
                bench.refused(JobStatus.BAD_PARAMETERS, hostile);
            }
        }
        bench.refused(JobStatus.BAD_PARAMETERS, job.withParameters(-100));
        long hole = FlatMemory.at(50_000);
        bench.memory.hole(50_000, 50_001);
        assertEquals(
                new JobResult(JobStatus.PAGE_FAULT, 0, 0, 0, hole),
                bench.run(job.withParameters(hole - 60)));
    }

    @Test
    void keysThatAreNoneAreRefused() {
        byte[] noise = new byte[300];
        for (Algorithm algorithm : Algorithm.values()) {
            if (algorithm.code() < 0x0300) {
                continue;
            }
            for (Operation operation : algorithm.operations()) {
                for (int length : new int[] {0, 1, 32, 48, 300}) {
                    random.nextBytes(noise);
                    bench.clear();
                    Operand key = new Operand(bench.put(noise), length);
                    Job job = bench.transform(operation, algorithm, noise, 600);
                    bench.refused(
                            JobStatus.BAD_PARAMETERS,
                            bench.with(job, JobParameters.EMPTY.withKey(key)));
                }
            }
        }
    }

    @Test
    void aPeerOfSmallOrderOrOfAnotherCurveGivesNoSecret() {
        List<Vectors> vectors = Vectors.read("agreement.txt");
        byte[] x25519 = vectors.get(0).bytes("private");
        byte[] ecdh = vectors.get(2).bytes("private");
        byte[] zero = vectors.get(0).bytes("peer").clone();
        java.util.Arrays.fill(zero, zero.length - 32, zero.length, (byte) 0);
        refusedPeer(Algorithm.X25519, x25519, zero);
        refusedPeer(Algorithm.X25519, x25519, vectors.get(2).bytes("peer"));
        refusedPeer(Algorithm.ECDH, ecdh, vectors.get(0).bytes("peer"));
        byte[] offCurve = vectors.get(2).bytes("peer").clone();
        offCurve[offCurve.length - 1] ^= 1;
        refusedPeer(Algorithm.ECDH, ecdh, offCurve);
        refusedPeer(Algorithm.ECDH, ecdh, new byte[0]);
    }

    private void refusedPeer(Algorithm algorithm, byte[] key, byte[] peer) {
        Job job = bench.clear().transform(Operation.AGREE, algorithm, peer, 100);
        JobParameters parameters = JobParameters.EMPTY.withKey(bench.operand(key));
        assertEquals(
                new JobResult(JobStatus.BAD_DATA, peer.length, 0, 0, 0),
                bench.run(bench.with(job, parameters)));
    }
}
