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

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

class CipherTest {

    private static final List<Algorithm> MODES =
            List.of(
                    Algorithm.AES_ECB,
                    Algorithm.AES_CBC,
                    Algorithm.AES_CTR,
                    Algorithm.AES_XTS,
                    Algorithm.AES_GCM);

    private final EngineBench bench = new EngineBench(1 << 21);
    private final Random random = new Random(11);

    private byte[] data(int length) {
        byte[] data = new byte[length];
        random.nextBytes(data);
        return data;
    }

    private JobParameters parameters(int key, int iv) {
        return JobParameters.EMPTY
                .withKey(bench.operand(data(key)))
                .withIv(bench.operand(data(iv)));
    }

    @Test
    void whatIsEncryptedIsDecryptedWhereverItIsCut() {
        for (int lap = 0; lap < 60; lap++) {
            for (Algorithm mode : MODES) {
                bench.clear();
                boolean blocks = mode == Algorithm.AES_ECB || mode == Algorithm.AES_CBC;
                int length = 16 + random.nextInt(lap == 0 ? 300_000 : 3000);
                length -= blocks ? length % 16 : 0;
                byte[] plain = data(length);
                int units = mode == Algorithm.AES_XTS && length % 512 >= 16 ? 512 : 0;
                JobParameters parameters = parameters(32, 16).withValue(units);
                byte[] cipher = bench.output(Operation.ENCRYPT, mode, plain, parameters);
                assertArrayEquals(plain, bench.output(Operation.DECRYPT, mode, cipher, parameters));
            }
        }
    }

    @Test
    void aKeyOrIvOfTheWrongLengthIsRefused() {
        byte[] plain = data(64);
        for (Algorithm mode : MODES) {
            for (int key = 0; key < 80; key++) {
                boolean good =
                        mode == Algorithm.AES_XTS
                                ? key == 32 || key == 64
                                : key == 16 || key == 24 || key == 32;
                Job job = bench.clear().transform(Operation.ENCRYPT, mode, plain, 100);
                JobResult result = bench.run(bench.with(job, parameters(key, 16)));
                assertEquals(
                        good ? JobStatus.SUCCESS : JobStatus.BAD_PARAMETERS,
                        result.status(),
                        mode + " " + key);
            }
            for (int iv : new int[] {0, 15, 17, 5000}) {
                Job job = bench.clear().transform(Operation.ENCRYPT, mode, plain, 100);
                JobResult result = bench.run(bench.with(job, parameters(32, iv)));
                boolean good =
                        mode == Algorithm.AES_ECB
                                || mode == Algorithm.AES_GCM && iv > 0 && iv < 1000;
                assertEquals(good ? JobStatus.SUCCESS : JobStatus.BAD_PARAMETERS, result.status());
            }
            Job without = bench.clear().transform(Operation.ENCRYPT, mode, plain, 100);
            bench.refused(JobStatus.BAD_PARAMETERS, without);
        }
    }

    @Test
    void lengthsThatTheModeDoesNotHaveAreBadData() {
        for (Algorithm mode : List.of(Algorithm.AES_ECB, Algorithm.AES_CBC)) {
            Job job = bench.transform(Operation.ENCRYPT, mode, data(17), 100);
            bench.refused(JobStatus.BAD_DATA, bench.with(job, parameters(16, 16)));
        }
        for (int length : new int[] {0, 1, 15, 512 + 15}) {
            Job job = bench.transform(Operation.ENCRYPT, Algorithm.AES_XTS, data(length), 1000);
            JobParameters units = parameters(32, 16).withValue(512);
            bench.refused(JobStatus.BAD_DATA, bench.with(job, units));
        }
        Job job = bench.transform(Operation.ENCRYPT, Algorithm.AES_XTS, data(64), 100);
        for (long size : new long[] {1, 15, (1 << 24) + 1, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
            JobParameters units = parameters(32, 16).withValue(size);
            bench.refused(JobStatus.BAD_PARAMETERS, bench.with(job, units));
        }
        Job full = bench.transform(Operation.ENCRYPT, Algorithm.AES_CTR, data(64), 63);
        bench.refused(JobStatus.DESTINATION_FULL, bench.with(full, parameters(16, 16)));
    }

    @Test
    void dataUnitsOfXtsAreNumberedFromTheFirst() {
        byte[] plain = data(4 * 512);
        byte[] number = new byte[16];
        Arrays.fill(number, 0, 3, (byte) 0xff);
        Operand key = bench.operand(data(64));
        JobParameters first = JobParameters.EMPTY.withKey(key).withIv(bench.operand(number));
        byte[] all =
                bench.output(Operation.ENCRYPT, Algorithm.AES_XTS, plain, first.withValue(512));
        byte[] next = new byte[16];
        next[3] = 1;
        JobParameters second = first.withIv(bench.operand(next));
        byte[] one =
                bench.output(
                        Operation.ENCRYPT,
                        Algorithm.AES_XTS,
                        Arrays.copyOfRange(plain, 512, 1024),
                        second);
        assertArrayEquals(Arrays.copyOfRange(all, 512, 1024), one);
    }

    @Test
    void theNextIvContinuesTheChain() {
        for (Algorithm mode : List.of(Algorithm.AES_CBC, Algorithm.AES_CTR)) {
            for (Operation operation : List.of(Operation.ENCRYPT, Operation.DECRYPT)) {
                for (int lap = 0; lap < 30; lap++) {
                    bench.clear();
                    byte[] input = data(16 * (1 + random.nextInt(6000)));
                    byte[] iv = data(16);
                    if (lap % 2 == 0) {
                        Arrays.fill(iv, 1, 15, (byte) 0xff);
                    }
                    Operand key = bench.operand(data(32));
                    JobParameters whole = JobParameters.EMPTY.withKey(key);
                    byte[] wanted =
                            bench.output(operation, mode, input, whole.withIv(bench.operand(iv)));
                    JobParameters chained =
                            whole.withIv(bench.operand(iv)).withOptions(JobParameters.NEXT_IV);
                    ByteArrayOutputStream parts = new ByteArrayOutputStream();
                    int cut = 16 * random.nextInt(input.length / 16);
                    for (int[] part : new int[][] {{0, cut}, {cut, input.length}}) {
                        byte[] piece = Arrays.copyOfRange(input, part[0], part[1]);
                        parts.writeBytes(bench.output(operation, mode, piece, chained));
                    }
                    assertArrayEquals(wanted, parts.toByteArray(), mode + " " + operation);
                }
            }
        }
        Job odd = bench.transform(Operation.ENCRYPT, Algorithm.AES_CTR, data(17), 100);
        JobParameters chained = parameters(16, 16).withOptions(JobParameters.NEXT_IV);
        bench.refused(JobStatus.BAD_PARAMETERS, bench.with(odd, chained));
    }

    @Test
    void aWrongTagReleasesNothingAndLeavesNothingBehind() {
        byte[] plain = data(100_000);
        for (int lap = 0; lap < 60; lap++) {
            bench.clear();
            JobParameters parameters = parameters(32, 12).withAssociated(bench.operand(data(33)));
            byte[] cipher = bench.output(Operation.ENCRYPT, Algorithm.AES_GCM, plain, parameters);
            byte[] damaged = cipher.clone();
            int bit = lap < 30 ? 8 * cipher.length - 1 - lap * 5 : random.nextInt(800_000);
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            Job job =
                    bench.with(
                            bench.transform(Operation.DECRYPT, Algorithm.AES_GCM, damaged, 100_000),
                            parameters);
            assertEquals(
                    new JobResult(JobStatus.AUTHENTICATION_FAILED, 0, 0, 0, 0), bench.run(job));
            for (byte untouched : bench.get(job.destination(), 100_000)) {
                assertEquals((byte) 0xa5, untouched);
            }
            assertArrayEquals(
                    plain, bench.output(Operation.DECRYPT, Algorithm.AES_GCM, cipher, parameters));
        }
    }

    @Test
    void tagsHaveTwelveToSixteenBytes() {
        byte[] plain = data(50);
        JobParameters parameters = parameters(16, 12);
        for (int length = 0; length < 20; length++) {
            Operand tag = new Operand(bench.room(20), length);
            Job job = bench.transform(Operation.ENCRYPT, Algorithm.AES_GCM, plain, 50);
            JobResult apart = bench.run(bench.with(job, parameters.withTag(tag)));
            boolean good = length >= 12 && length <= 16;
            assertEquals(good ? JobStatus.SUCCESS : JobStatus.BAD_PARAMETERS, apart.status());
            Job behind = bench.transform(Operation.ENCRYPT, Algorithm.AES_GCM, plain, 70);
            JobParameters appended = parameters.withTag(new Operand(0, length));
            JobResult result = bench.run(bench.with(behind, appended));
            int wanted = length == 0 ? 66 : good ? 50 + length : 0;
            assertEquals(wanted, result.produced());
        }
        for (int length = 0; length < 16; length++) {
            Job job = bench.transform(Operation.DECRYPT, Algorithm.AES_GCM, data(length), 50);
            bench.refused(JobStatus.BAD_DATA, bench.with(job, parameters));
        }
        Job tooLong =
                Job.transform(
                        Operation.DECRYPT,
                        Algorithm.AES_GCM,
                        bench.room(1),
                        AesGcm.LONGEST_DECRYPTION + 17,
                        bench.room(1),
                        1L << 40);
        bench.refused(JobStatus.UNSUPPORTED, bench.with(tooLong, parameters));
    }

    @Test
    void aHoleEndsACipherAfterTheWholeBlocksBeforeItAndTheRestCanFollow() {
        for (int lap = 0; lap < 200; lap++) {
            bench.clear();
            Algorithm mode = MODES.get(lap % 4);
            byte[] plain = data(16 * (2 + random.nextInt(9000)));
            JobParameters parameters = parameters(32, 16);
            byte[] wanted = bench.output(Operation.ENCRYPT, mode, plain, parameters);
            Job job = bench.transform(Operation.ENCRYPT, mode, plain, plain.length);
            job = bench.with(job, parameters);
            boolean reading = random.nextBoolean();
            int place = random.nextInt(plain.length);
            long address = (reading ? job.source() : job.destination()) + place;
            bench.memory.hole(address - FlatMemory.BASE, address - FlatMemory.BASE + 1);
            JobResult result = bench.run(job);
            int done = reading && mode != Algorithm.AES_CTR ? place - place % 16 : place;
            assertEquals(new JobResult(JobStatus.PAGE_FAULT, done, done, 0, address), result);
            assertArrayEquals(Arrays.copyOf(wanted, done), bench.get(job.destination(), done));
        }
    }
}
