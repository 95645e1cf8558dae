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
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Any job, and a page that is missing anywhere: in its source or destination or a piece of their
 * lists, in the lists themselves, in its parameters and what those lead to. The result tells the
 * very byte, and memory holds what the result tells.
 */
class FaultPositionTest {

    private static final int LAPS = Integer.getInteger("opensva.laps", 600);
    private static final int LONGEST = 3 * JobData.CHUNK;
    private static final byte UNTOUCHED = (byte) 0xa5;

    private final Random random = new Random(Long.getLong("opensva.seed", 41));
    private final EngineBench bench = new EngineBench(1 << 21);
    private final Map<Operation, Integer> faults = new EnumMap<>(Operation.class);

    /** A job and where everything of it lies. */
    private record Made(Job job, List<Operand> source, List<Operand> destination, Operand second) {}

    private static final Operation[] KINDS = {
        Operation.COPY,
        Operation.FILL,
        Operation.CRC32C,
        Operation.COPY_CRC32C,
        Operation.DUAL_CAST,
        Operation.COMPARE,
        Operation.COMPARE_PATTERN,
        Operation.GZIP,
        Operation.GUNZIP,
        Operation.DEFLATE,
        Operation.INFLATE,
        Operation.ZLIB,
        Operation.UNZLIB,
        Operation.DIGEST,
        Operation.MAC,
        Operation.ENCRYPT,
        Operation.DECRYPT
    };

    private static final Algorithm[] CIPHERS = {
        Algorithm.AES_ECB,
        Algorithm.AES_CBC,
        Algorithm.AES_CTR,
        Algorithm.AES_GCM,
        Algorithm.AES_XTS
    };

    private static final Algorithm[] DIGESTS = {
        Algorithm.MD5, Algorithm.SHA_1, Algorithm.SHA_256, Algorithm.SHA_512, Algorithm.SHA3_256
    };

    private byte[] text() {
        int length = random.nextInt(random.nextInt(4) == 0 ? LONGEST : 3000);
        byte[] data = new byte[length];
        for (int i = 0; i < length; i++) {
            data[i] = (byte) (random.nextInt(4) == 0 ? random.nextInt(256) : i / 9);
        }
        return data;
    }

    private Made made() {
        bench.clear();
        Operation operation = KINDS[random.nextInt(KINDS.length)];
        byte[] input = text();
        return switch (operation) {
            case FILL, CRC32C, COMPARE_PATTERN, COMPARE -> plain(operation, input);
            case DIGEST -> transform(operation, DIGESTS, input, 64, JobParameters.EMPTY);
            case MAC ->
                    transform(
                            operation,
                            DIGESTS,
                            input,
                            64,
                            JobParameters.EMPTY.withKey(bench.operand(new byte[70])));
            case ENCRYPT, DECRYPT -> cipher(operation, input);
            case GUNZIP -> unpack(operation, Operation.GZIP, input);
            case INFLATE -> unpack(operation, Operation.DEFLATE, input);
            case UNZLIB -> unpack(operation, Operation.ZLIB, input);
            default -> move(operation, input);
        };
    }

    private Made plain(Operation operation, byte[] input) {
        Operand from = bench.operand(input);
        long length = input.length;
        return switch (operation) {
            case FILL -> {
                Operand to = new Operand(bench.room(input.length), length);
                yield new Made(
                        Job.fill(to.address(), length, 0x0102_0304_0506_0708L),
                        List.of(),
                        List.of(to),
                        null);
            }
            case CRC32C ->
                    new Made(Job.crc32c(from.address(), length), List.of(from), List.of(), null);
            case COMPARE -> {
                Operand other = bench.operand(input);
                yield new Made(
                        Job.compare(from.address(), other.address(), length),
                        List.of(from),
                        List.of(),
                        other);
            }
            default -> {
                byte[] pattern = new byte[input.length];
                bench.memory.put((int) (from.address() - FlatMemory.BASE), pattern);
                yield new Made(
                        new Job(operation, from.address(), length, 0, 0, 0),
                        List.of(from),
                        List.of(),
                        null);
            }
        };
    }

    private Made move(Operation operation, byte[] input) {
        int capacity =
                operation == Operation.GZIP
                                || operation == Operation.DEFLATE
                                || operation == Operation.ZLIB
                        ? input.length + input.length / 8 + 100
                        : input.length;
        Made made = lists(operation, Algorithm.NONE, input, capacity);
        if (operation != Operation.DUAL_CAST) {
            return made;
        }
        Operand second = new Operand(bench.room(input.length), input.length);
        return new Made(
                made.job.withArgument(second.address()), made.source, made.destination, second);
    }

    private Made unpack(Operation operation, Operation packer, byte[] text) {
        byte[] packed =
                bench.output(bench.transform(packer, Algorithm.NONE, text, text.length * 2 + 100));
        bench.clear();
        return lists(operation, Algorithm.NONE, packed, text.length);
    }

    private Made transform(
            Operation operation,
            Algorithm[] algorithms,
            byte[] input,
            int capacity,
            JobParameters parameters) {
        Algorithm algorithm = algorithms[random.nextInt(algorithms.length)];
        Made made = lists(operation, algorithm, input, capacity);
        return new Made(bench.with(made.job, parameters), made.source, made.destination, null);
    }

    private Made cipher(Operation operation, byte[] text) {
        Algorithm algorithm = CIPHERS[random.nextInt(CIPHERS.length)];
        boolean gcm = algorithm == Algorithm.AES_GCM;
        byte[] input = text;
        if (algorithm == Algorithm.AES_ECB || algorithm == Algorithm.AES_CBC) {
            input = Arrays.copyOf(text, text.length / 16 * 16);
        } else if (algorithm == Algorithm.AES_XTS) {
            input = Arrays.copyOf(text, Math.max(16, text.length));
        }
        byte[] key = new byte[algorithm == Algorithm.AES_XTS ? 64 : 32];
        key[1] = 1;
        byte[] associated = new byte[gcm ? 1 + random.nextInt(300) : 0];
        int iv = gcm ? 12 : 16;
        boolean hasIv = algorithm != Algorithm.AES_ECB;
        if (operation == Operation.DECRYPT) {
            input =
                    bench.output(
                            Operation.ENCRYPT,
                            algorithm,
                            input,
                            parameters(key, hasIv ? iv : 0, associated));
            bench.clear();
        }
        int capacity = input.length + (gcm ? operation == Operation.ENCRYPT ? 16 : 0 : 0);
        return transform(
                operation,
                new Algorithm[] {algorithm},
                input,
                capacity,
                parameters(key, hasIv ? iv : 0, associated));
    }

    private JobParameters parameters(byte[] key, int iv, byte[] associated) {
        JobParameters parameters = JobParameters.EMPTY.withKey(bench.operand(key));
        if (iv > 0) {
            parameters = parameters.withIv(bench.operand(new byte[iv]));
        }
        return associated.length == 0
                ? parameters
                : parameters.withAssociated(bench.operand(associated));
    }

    /** With a list in place of source or destination, or not. */
    private Made lists(Operation operation, Algorithm algorithm, byte[] input, int capacity) {
        List<Operand> source = new ArrayList<>();
        Operand from;
        boolean scattered = random.nextBoolean() && input.length > 3;
        if (scattered) {
            for (int at = 0; at < input.length; ) {
                int length = Math.min(input.length - at, 1 + random.nextInt(input.length));
                source.add(bench.operand(Arrays.copyOfRange(input, at, at + length)));
                at += length;
            }
            from = bench.list(random, source);
        } else {
            from = bench.operand(input);
            source.add(from);
        }
        List<Operand> destination = new ArrayList<>();
        Operand to;
        boolean spread = random.nextBoolean() && capacity > 3;
        if (spread) {
            destination.addAll(bench.pieces(random, capacity));
            to = bench.list(random, destination);
        } else {
            to = new Operand(bench.room(capacity), capacity);
            destination.add(to);
        }
        Job job =
                Job.transform(
                        operation,
                        algorithm,
                        from.address(),
                        from.length(),
                        to.address(),
                        to.length());
        job = scattered ? job.withSourceList() : job;
        return new Made(spread ? job.withDestinationList() : job, source, destination, null);
    }

    /** The index of an address in the bytes of pieces, or -1. */
    private static long index(List<Operand> pieces, long address) {
        long before = 0;
        for (Operand piece : pieces) {
            if (address >= piece.address() && address < piece.address() + piece.length()) {
                return before + address - piece.address();
            }
            before += piece.length();
        }
        return -1;
    }

    private static boolean isWholeBlocks(Job job) {
        return job.operation() == Operation.ENCRYPT || job.operation() == Operation.DECRYPT;
    }

    @Test
    void theResultNamesTheMissingByteAndMemoryHoldsWhatItTells() {
        for (int lap = 0; lap < LAPS; lap++) {
            Made made = made();
            byte[] before = bench.memory.bytes.clone();
            JobResult good = bench.run(made.job);
            assertEquals(JobStatus.SUCCESS, good.status(), made.job::toString);
            byte[] output = bench.gather(made.destination);
            for (int hole = 0; hole < 4; hole++) {
                System.arraycopy(before, 0, bench.memory.bytes, 0, before.length);
                int start = random.nextInt(used(made));
                bench.memory.hole(start, start + 1 + random.nextInt(4096));
                check(made, bench.run(made.job), good, output, lap);
                bench.memory.hole(-1, -1);
            }
            System.arraycopy(before, 0, bench.memory.bytes, 0, before.length);
            assertEquals(good, bench.run(made.job), "the next job is not disturbed");
            assertArrayEquals(output, bench.gather(made.destination));
        }
        for (Operation kind : KINDS) {
            assertTrue(faults.getOrDefault(kind, 0) > 5, () -> kind + " in " + faults);
        }
    }

    private int used(Made made) {
        long end = 1;
        for (List<Operand> pieces : List.of(made.source, made.destination)) {
            for (Operand piece : pieces) {
                end = Math.max(end, piece.address() + piece.length() - FlatMemory.BASE);
            }
        }
        return (int) Math.max(end, bench.room(0) - FlatMemory.BASE);
    }

    private void check(Made made, JobResult result, JobResult good, byte[] output, int lap) {
        String what = "lap %d: %s gave %s".formatted(lap, made.job, result);
        if (result.status() == JobStatus.SUCCESS) {
            assertEquals(good, result, what);
            assertArrayEquals(output, bench.gather(made.destination), what);
            return;
        }
        assertEquals(JobStatus.PAGE_FAULT, result.status(), what);
        faults.merge(made.job.operation(), 1, Integer::sum);
        long at = result.faultAddress() - FlatMemory.BASE;
        assertTrue(at >= bench.memory.holeStart && at < bench.memory.holeEnd, what);
        long read = index(made.source, result.faultAddress());
        long written = index(made.destination, result.faultAddress());
        boolean opened =
                made.job.operation() == Operation.DECRYPT
                        && made.job.algorithm() == Algorithm.AES_GCM;
        if (read >= 0 && opened) {
            // Before the tag is known to be good nothing counts, and nothing is there.
            assertTrue(result.consumed() == 0 && result.produced() == 0, what);
        } else if (read >= 0 && isWholeBlocks(made.job)) {
            assertTrue(result.consumed() <= read && read - result.consumed() < 48, what);
        } else if (read >= 0) {
            assertEquals(read, result.consumed(), what);
        }
        boolean twice =
                made.job.operation() == Operation.DUAL_CAST
                        && (written >= 0
                                || index(List.of(made.second), result.faultAddress()) >= 0);
        if (twice) {
            inBoth(made, result, output, what);
            return;
        }
        if (written >= 0) {
            assertEquals(written, result.produced(), what);
        }
        byte[] there = bench.gather(made.destination);
        int produced = (int) result.produced();
        assertArrayEquals(Arrays.copyOf(output, produced), Arrays.copyOf(there, produced), what);
        for (int i = produced; i < there.length; i++) {
            assertEquals(UNTOUCHED, there[i], what);
        }
    }

    /** Of two places one may be ahead: what counts is in both, up to the first byte that is not. */
    private void inBoth(Made made, JobResult result, byte[] output, String what) {
        long holeStart = bench.memory.holeStart + FlatMemory.BASE;
        long holeEnd = bench.memory.holeEnd + FlatMemory.BASE;
        int both = 0;
        for (long place : new long[] {-1, made.second.address()}) {
            int good = 0;
            while (good < output.length) {
                long at = place < 0 ? address(made.destination, good) : place + good;
                if (at >= holeStart && at < holeEnd) {
                    break;
                }
                good++;
            }
            both = place < 0 ? good : Math.min(both, good);
        }
        assertEquals(both, result.produced(), what);
        byte[] wanted = Arrays.copyOf(output, both);
        assertArrayEquals(wanted, Arrays.copyOf(bench.gather(made.destination), both), what);
        assertArrayEquals(wanted, bench.get(made.second.address(), both), what);
    }

    private static long address(List<Operand> pieces, long index) {
        long left = index;
        for (Operand piece : pieces) {
            if (left < piece.length()) {
                return piece.address() + left;
            }
            left -= piece.length();
        }
        throw new IllegalArgumentException("no byte " + index);
    }
}
