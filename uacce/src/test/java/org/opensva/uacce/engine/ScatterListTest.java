package org.opensva.uacce.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operand;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.ScatterList;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

class ScatterListTest {

    private final EngineBench bench = new EngineBench(1 << 21);
    private final Random random = new Random(5);

    private byte[] data(int length) {
        byte[] data = new byte[length];
        random.nextBytes(data);
        return data;
    }

    private Job job(Operation operation, Algorithm algorithm, Operand from, Operand to) {
        return Job.transform(
                operation, algorithm, from.address(), from.length(), to.address(), to.length());
    }

    @Test
    void anySplitOfSourceAndDestinationGivesTheFlatResult() {
        record Case(Operation operation, Algorithm algorithm) {}
        List<Case> cases = new ArrayList<>();
        for (Operation plain :
                List.of(
                        Operation.COPY,
                        Operation.COPY_CRC32C,
                        Operation.CRC32C,
                        Operation.GZIP,
                        Operation.ZLIB)) {
            cases.add(new Case(plain, Algorithm.NONE));
        }
        cases.add(new Case(Operation.DIGEST, Algorithm.SHA_256));
        cases.add(new Case(Operation.DIGEST, Algorithm.SHA3_384));
        for (Algorithm mode :
                List.of(
                        Algorithm.AES_ECB,
                        Algorithm.AES_CBC,
                        Algorithm.AES_CTR,
                        Algorithm.AES_GCM,
                        Algorithm.AES_XTS)) {
            cases.add(new Case(Operation.ENCRYPT, mode));
        }
        for (int lap = 0; lap < 40; lap++) {
            for (Case one : cases) {
                bench.clear();
                byte[] input = data(16 * (1 + random.nextInt(lap == 0 ? 12_000 : 300)));
                int room = one.operation == Operation.DIGEST ? 64 : input.length + 100;
                room = one.operation == Operation.COPY ? input.length : room;
                JobParameters parameters =
                        JobParameters.EMPTY
                                .withKey(bench.operand(data(32)))
                                .withIv(bench.operand(data(16)));
                Job flat =
                        job(
                                one.operation,
                                one.algorithm,
                                bench.operand(input),
                                new Operand(bench.room(room), room));
                boolean keyed = one.operation == Operation.ENCRYPT;
                flat = keyed ? bench.with(flat, parameters) : flat;
                JobResult wanted = bench.run(flat);
                byte[] output = bench.get(flat.destination(), wanted.produced());

                List<Operand> pieces = bench.pieces(random, room);
                Operand from = bench.scatter(random, input);
                Operand to = bench.list(random, pieces);
                Job split = job(one.operation, one.algorithm, from, to).withSourceList();
                boolean reads = (one.operation.flags() & JobFlags.DESTINATION_LIST) == 0;
                split = reads ? split : split.withDestinationList();
                split = keyed ? bench.with(split, parameters) : split;
                assertEquals(wanted, bench.run(split), one.toString());
                if (!reads) {
                    byte[] gathered = bench.gather(pieces);
                    assertArrayEquals(output, Arrays.copyOf(gathered, output.length));
                    for (int i = output.length; i < gathered.length; i++) {
                        assertEquals((byte) 0xa5, gathered[i], "behind the output");
                    }
                }
            }
        }
    }

    @Test
    void aHoleInAPieceIsReportedAtItsByteAndWithTheBytesBeforeIt() {
        for (int lap = 0; lap < 300; lap++) {
            bench.clear();
            int length = 1 + random.nextInt(100_000);
            List<Operand> from = bench.pieces(random, length);
            List<Operand> to = bench.pieces(random, length);
            Operand source = bench.list(random, from);
            Operand destination = bench.list(random, to);
            int place = random.nextInt(length);
            boolean reading = random.nextBoolean();
            long address = addressOf(reading ? from : to, place);
            bench.memory.hole(address - FlatMemory.BASE, address - FlatMemory.BASE + 1);
            Job copy =
                    job(Operation.COPY, Algorithm.NONE, source, destination)
                            .withSourceList()
                            .withDestinationList();
            assertEquals(
                    new JobResult(JobStatus.PAGE_FAULT, place, place, 0, address), bench.run(copy));
        }
    }

    private static long addressOf(List<Operand> pieces, long place) {
        long left = place;
        for (Operand piece : pieces) {
            if (left < piece.length()) {
                return piece.address() + left;
            }
            left -= piece.length();
        }
        throw new AssertionError("outside");
    }

    private Job reading(Operand list) {
        return Job.crc32c(list.address(), list.length()).withSourceList();
    }

    private byte[] entry(long address, long length) {
        byte[] entry = new byte[16];
        java.nio.ByteBuffer.wrap(entry)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .putLong(address)
                .putLong(length);
        return entry;
    }

    @Test
    void aListThatRunsInACircleEnds() {
        long at = bench.room(16);
        bench.memory.put((int) (at - FlatMemory.BASE), entry(at, 16 | ScatterList.NEXT_SEGMENT));
        bench.refused(JobStatus.BAD_PARAMETERS, reading(new Operand(at, 16)));
        long data = bench.put(new byte[10]);
        long two = bench.room(32);
        bench.memory.put((int) (two - FlatMemory.BASE), entry(data, 10));
        bench.memory.put(
                (int) (two - FlatMemory.BASE) + 16, entry(two, 32 | ScatterList.NEXT_SEGMENT));
        bench.refused(JobStatus.BAD_PARAMETERS, reading(new Operand(two, 32)));
    }

    @Test
    void aListThatMakesNoSenseIsRefused() {
        long data = bench.put(new byte[100]);
        byte[] link = entry(data, 16 | ScatterList.NEXT_SEGMENT);
        byte[] linkFirst = Arrays.copyOf(link, 32);
        byte[] huge = new byte[32];
        System.arraycopy(entry(0, Long.MAX_VALUE), 0, huge, 0, 16);
        System.arraycopy(entry(0, Long.MAX_VALUE), 0, huge, 16, 16);
        byte[][] bad = {
            linkFirst,
            huge,
            entry(-5, 10),
            entry(data, 15 | ScatterList.NEXT_SEGMENT),
            entry(data, Long.MAX_VALUE | ScatterList.NEXT_SEGMENT),
            entry(data, 1L << 32 | ScatterList.NEXT_SEGMENT),
            new byte[15],
            new byte[16 * (ScatterList.MAX_ENTRIES + 1)],
        };
        for (byte[] list : bad) {
            bench.refused(JobStatus.BAD_PARAMETERS, reading(bench.operand(list)));
        }
        for (long size : new long[] {1L << 32, (1L << 36) + 16, Long.MAX_VALUE & -16}) {
            bench.refused(JobStatus.BAD_PARAMETERS, reading(new Operand(data, size)));
        }
        Operand most = bench.operand(new byte[16 * ScatterList.MAX_ENTRIES]);
        assertEquals(new JobResult(JobStatus.SUCCESS, 0, 0, 0, 0), bench.run(reading(most)));
        assertEquals(0, bench.run(reading(new Operand(0, 0))).consumed(), "an empty list");
    }

    @Test
    void aListThatCannotBeReadIsAFaultAtItsByte() {
        Operand list = bench.operand(new byte[320]);
        long hole = list.address() + 123;
        bench.memory.hole(hole - FlatMemory.BASE, hole - FlatMemory.BASE + 1);
        assertEquals(new JobResult(JobStatus.PAGE_FAULT, 0, 0, 0, hole), bench.run(reading(list)));
    }
}
