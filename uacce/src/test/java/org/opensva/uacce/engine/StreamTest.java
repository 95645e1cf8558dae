package org.opensva.uacce.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Random;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

class StreamTest {

    private static final int SLOT = 9;

    private final EngineBench bench = new EngineBench();
    private final Random random = new Random(7);

    private byte[] text(int length) {
        byte[] data = new byte[length];
        for (int i = 0; i < length; i++) {
            data[i] = (byte) (random.nextInt(8) == 0 ? random.nextInt(256) : i / 11);
        }
        return data;
    }

    /**
     * Sends data through a stream in pieces, with destinations of random sizes and holes that come
     * and go, as a program that answers every partial completion.
     */
    private byte[] stream(
            Operation operation, byte[] input, JobParameters first, boolean holes, int flush) {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        long from = bench.put(input);
        int capacity = 1 + random.nextInt(random.nextBoolean() ? 50 : 90_000);
        long to = bench.room(capacity);
        int done = 0;
        boolean begun = false;
        boolean over = false;
        long parameters = bench.room(JobParameters.SIZE);
        int end = 0;
        while (!over) {
            if (done == end) {
                end = Math.min(input.length, done + random.nextInt(1 + input.length));
            }
            boolean last = end == input.length;
            JobParameters now =
                    (begun ? JobParameters.EMPTY : first.withOptions(JobParameters.BEGIN))
                            .withSession(SLOT)
                            .withOptions(last ? JobParameters.END : flush);
            bench.memory.put((int) (parameters - FlatMemory.BASE), now.encode());
            if (holes && random.nextInt(3) == 0) {
                long at = random.nextBoolean() ? from + done : to;
                long hole = at - FlatMemory.BASE + random.nextInt(capacity);
                bench.memory.hole(hole, hole + 1);
            } else {
                bench.memory.hole(-1, -1);
            }
            Job job =
                    Job.transform(operation, from + done, end - done, to, capacity)
                            .withParameters(parameters);
            JobResult result = bench.run(job);
            assertTrue(
                    result.succeeded()
                            || result.status() == JobStatus.DESTINATION_FULL
                            || holes && result.status() == JobStatus.PAGE_FAULT,
                    result.toString());
            begun |= result.consumed() + result.produced() > 0 || result.succeeded();
            begun |= bench.memory.sessions.containsKey(SLOT);
            done += (int) result.consumed();
            output.writeBytes(bench.get(to, result.produced()));
            if (result.status() == JobStatus.PAGE_FAULT) {
                assertEquals(bench.memory.holeStart, result.faultAddress() - FlatMemory.BASE);
            }
            if (result.succeeded()) {
                assertEquals(end, done);
                over = last;
            }
        }
        bench.memory.hole(-1, -1);
        assertTrue(bench.memory.sessions.isEmpty(), "an ended stream is gone");
        return output.toByteArray();
    }

    @Test
    void aStreamInPiecesIsWhatOneJobMakes() {
        Operation[][] pairs = {
            {Operation.GZIP, Operation.GUNZIP},
            {Operation.DEFLATE, Operation.INFLATE},
            {Operation.ZLIB, Operation.UNZLIB}
        };
        int[] flushes = {0, JobParameters.SYNC_FLUSH, JobParameters.FULL_FLUSH};
        for (int lap = 0; lap < 90; lap++) {
            bench.clear();
            byte[] data = text(random.nextInt(lap % 10 == 0 ? 100_000 : 3000));
            Operation[] pair = pairs[lap % 3];
            int flush = flushes[random.nextInt(3)];
            boolean holes = random.nextBoolean();
            byte[] packed = stream(pair[0], data, JobParameters.EMPTY, holes, flush);
            if (flush == 0) {
                long from = bench.put(data);
                Job one = Job.transform(pair[0], from, data.length, bench.room(150_000), 150_000);
                assertArrayEquals(bench.output(one), packed);
            }
            assertArrayEquals(data, stream(pair[1], packed, JobParameters.EMPTY, holes, 0));
        }
    }

    @Test
    void aFlushMakesEverythingSoFarReadable() throws DataFormatException {
        byte[] data = text(20_000);
        for (int flush : new int[] {JobParameters.SYNC_FLUSH, JobParameters.FULL_FLUSH}) {
            bench.clear();
            JobParameters begin =
                    JobParameters.EMPTY.withSession(3).withOptions(JobParameters.BEGIN | flush);
            long from = bench.put(data);
            long to = bench.room(40_000);
            Job job = Job.transform(Operation.DEFLATE, from, data.length, to, 40_000);
            byte[] packed = bench.output(bench.with(job, begin));
            Inflater inflater = new Inflater(true);
            inflater.setInput(packed);
            byte[] back = new byte[data.length];
            assertEquals(data.length, inflater.inflate(back));
            assertArrayEquals(data, back);
            inflater.end();
        }
    }

    @Test
    void aPresetDictionaryIsUsedAndIsNeeded() {
        byte[] dictionary = text(20_000);
        byte[] data = dictionary.clone();
        data[777]++;
        for (Operation[] pair :
                new Operation[][] {
                    {Operation.DEFLATE, Operation.INFLATE}, {Operation.ZLIB, Operation.UNZLIB}
                }) {
            bench.clear();
            JobParameters known = JobParameters.EMPTY.withDictionary(bench.operand(dictionary));
            byte[] packed = bench.output(pair[0], Algorithm.NONE, data, known);
            assertTrue(packed.length < 2000, packed.length + " bytes");
            long to = bench.room(data.length);
            Job back = Job.transform(pair[1], bench.put(packed), packed.length, to, data.length);
            assertArrayEquals(data, bench.output(bench.with(back, known)));
            bench.refused(JobStatus.BAD_DATA, back);
            byte[] wrong = text(20_000);
            JobParameters other = JobParameters.EMPTY.withDictionary(bench.operand(wrong));
            JobResult result = bench.run(bench.with(back, other));
            assertTrue(
                    !result.succeeded()
                            || !java.util.Arrays.equals(data, bench.get(to, result.produced())));
            byte[] again = stream(pair[0], data, known, false, 0);
            assertArrayEquals(data, stream(pair[1], again, known, true, 0));
        }
        JobParameters tooLong = JobParameters.EMPTY.withDictionary(bench.operand(text(32_769)));
        Job job = bench.transform(Operation.DEFLATE, Algorithm.NONE, data, 40_000);
        bench.refused(JobStatus.BAD_PARAMETERS, bench.with(job, tooLong));
        Job gzip = bench.transform(Operation.GZIP, Algorithm.NONE, data, 40_000);
        JobParameters known = JobParameters.EMPTY.withDictionary(bench.operand(dictionary));
        bench.refused(JobStatus.BAD_PARAMETERS, bench.with(gzip, known));
    }

    @Test
    void levelsTradeTimeForSpaceAndOneJobsLevelIsNotTheNextOnes() {
        byte[] data = text(60_000);
        Job job = bench.transform(Operation.DEFLATE, Algorithm.NONE, data, 70_000);
        byte[] normal = bench.output(job);
        int fast = bench.output(job.withArgument(1)).length;
        int best = bench.output(job.withArgument(9)).length;
        assertTrue(best <= normal.length && normal.length < fast, best + " " + fast);
        assertArrayEquals(normal, bench.output(job));
        assertArrayEquals(normal, bench.output(job.withArgument(6)));
        for (long level : new long[] {10, -1, Long.MIN_VALUE, 1L << 32}) {
            bench.refused(JobStatus.BAD_DESCRIPTOR, job.withArgument(level));
        }
    }

    @Test
    void digestsAndMacsInPiecesAreThoseOfTheWhole() throws GeneralSecurityException {
        for (int lap = 0; lap < 120; lap++) {
            bench.clear();
            byte[] data = text(random.nextInt(lap % 10 == 0 ? 200_000 : 2000));
            Algorithm[] all = Algorithm.values();
            Algorithm algorithm =
                    all[Algorithm.MD5.ordinal() + lap % (Algorithm.SHA3_512.ordinal())];
            boolean keyed = random.nextBoolean();
            byte[] key = text(1 + random.nextInt(200));
            byte[] wanted;
            String name = Digester.digestName(algorithm);
            if (keyed) {
                Mac mac = Mac.getInstance("Hmac" + name.replace("SHA-", "SHA"));
                mac.init(new SecretKeySpec(key, "raw"));
                wanted = mac.doFinal(data);
            } else {
                wanted = MessageDigest.getInstance(name).digest(data);
            }
            assertArrayEquals(wanted, hash(algorithm, keyed, key, data), name);
        }
    }

    private byte[] hash(Algorithm algorithm, boolean keyed, byte[] key, byte[] data) {
        Operation operation = keyed ? Operation.MAC : Operation.DIGEST;
        long from = bench.put(data);
        long to = bench.room(64);
        JobParameters begin =
                JobParameters.EMPTY.withKey(bench.operand(key)).withOptions(JobParameters.BEGIN);
        long parameters = bench.room(JobParameters.SIZE);
        int done = 0;
        boolean begun = false;
        while (true) {
            int end = Math.min(data.length, done + random.nextInt(1 + data.length));
            boolean last = end == data.length;
            JobParameters now =
                    (begun ? JobParameters.EMPTY : begin)
                            .withSession(255)
                            .withOptions(last ? JobParameters.END : 0);
            bench.memory.put((int) (parameters - FlatMemory.BASE), now.encode());
            boolean hole = random.nextInt(3) == 0;
            long at = random.nextBoolean() ? from + done + random.nextInt(1 + data.length) : to;
            bench.memory.hole(
                    hole ? at - FlatMemory.BASE : -1, hole ? at - FlatMemory.BASE + 1 : -1);
            Job job =
                    Job.transform(operation, algorithm, from + done, end - done, to, last ? 64 : 0)
                            .withParameters(parameters);
            JobResult result = bench.run(job);
            done += (int) result.consumed();
            begun |= bench.memory.sessions.containsKey(255);
            if (result.succeeded() && last) {
                assertTrue(bench.memory.sessions.isEmpty());
                return bench.get(to, result.produced());
            }
            assertTrue(result.succeeded() || result.status() == JobStatus.PAGE_FAULT);
        }
    }

    private Job streaming(Operation operation, int session, int options) {
        Job job = bench.transform(operation, Algorithm.NONE, new byte[10], 100);
        return bench.with(job, JobParameters.EMPTY.withSession(session).withOptions(options));
    }

    @Test
    void aStreamThatIsNotThereCannotBeContinued() {
        bench.refused(JobStatus.NO_SESSION, streaming(Operation.DEFLATE, 1, 0));
        bench.output(streaming(Operation.DEFLATE, 1, JobParameters.BEGIN));
        bench.refused(JobStatus.NO_SESSION, streaming(Operation.DEFLATE, 2, 0));
        bench.refused(JobStatus.NO_SESSION, streaming(Operation.ZLIB, 1, 0));
        bench.refused(JobStatus.NO_SESSION, streaming(Operation.INFLATE, 1, 0));
        bench.output(streaming(Operation.DEFLATE, 1, JobParameters.END));
        bench.refused(JobStatus.NO_SESSION, streaming(Operation.DEFLATE, 1, 0));
    }

    @Test
    void anErrorEndsItsStreamAndNoOther() {
        bench.output(streaming(Operation.DEFLATE, 1, JobParameters.BEGIN));
        byte[] noise = {-1, -1, -1};
        Job bad = bench.transform(Operation.INFLATE, Algorithm.NONE, noise, 100);
        JobParameters begin = JobParameters.EMPTY.withSession(2).withOptions(JobParameters.BEGIN);
        bench.refused(JobStatus.BAD_DATA, bench.with(bad, begin));
        bench.refused(JobStatus.NO_SESSION, streaming(Operation.INFLATE, 2, 0));
        bench.output(streaming(Operation.DEFLATE, 1, JobParameters.END));
        assertTrue(bench.memory.sessions.isEmpty());
    }

    @Test
    void optionsOfStreamsNeedAStream() {
        for (int option :
                new int[] {
                    JobParameters.BEGIN,
                    JobParameters.END,
                    JobParameters.SYNC_FLUSH,
                    JobParameters.FULL_FLUSH
                }) {
            Job job = bench.transform(Operation.DEFLATE, Algorithm.NONE, new byte[10], 100);
            bench.refused(
                    JobStatus.BAD_PARAMETERS,
                    bench.with(job, JobParameters.EMPTY.withOptions(option)));
        }
        Job fill = Job.fill(bench.room(10), 10, 0);
        bench.refused(
                JobStatus.BAD_PARAMETERS, bench.with(fill, JobParameters.EMPTY.withSession(0)));
    }

    @Test
    void aDeviceHoldsAsManyStreamsAsItSaysAndOneThatEndsMakesRoom() {
        Engine small = new StandardEngines(2).create();
        int begin = JobParameters.BEGIN;
        for (int session = 0; session < 3; session++) {
            bench.memory.run(small, streaming(Operation.DEFLATE, session, begin));
            assertEquals(
                    session < 2 ? JobStatus.SUCCESS : JobStatus.NO_SESSION, bench.memory.status);
        }
        bench.memory.run(small, streaming(Operation.DEFLATE, 0, begin));
        assertEquals(JobStatus.SUCCESS, bench.memory.status, "in place of itself");
        bench.memory.run(small, streaming(Operation.DEFLATE, 0, JobParameters.END));
        bench.memory.run(small, streaming(Operation.DEFLATE, 2, begin));
        assertEquals(JobStatus.SUCCESS, bench.memory.status);
    }
}
