package org.opensva.uacce.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;

import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;

class DataMovementTest {

    private final EngineBench bench = new EngineBench();
    private final Random random = new Random(20);

    private byte[] data(int length) {
        byte[] data = new byte[length];
        random.nextBytes(data);
        return data;
    }

    private static long crc(byte[] data, int from, int to) {
        CRC32C crc = new CRC32C();
        crc.update(data, from, to - from);
        return crc.getValue();
    }

    @Test
    void crc32cIsThatOfRfc3720() {
        byte[] up = new byte[32];
        byte[] down = new byte[32];
        byte[] ones = new byte[32];
        for (int i = 0; i < 32; i++) {
            up[i] = (byte) i;
            down[i] = (byte) (31 - i);
            ones[i] = -1;
        }
        byte[] read = new byte[48];
        read[0] = 0x01;
        read[1] = (byte) 0xc0;
        read[16] = 0x14;
        read[22] = 0x04;
        read[27] = 0x14;
        read[31] = 0x18;
        read[32] = 0x28;
        read[40] = 0x02;
        long[] wanted = {0x8a9136aaL, 0x62a8ab43L, 0x46dd794eL, 0x113fdb5cL, 0xd9963a56L};
        byte[][] messages = {new byte[32], ones, up, down, read};
        for (int i = 0; i < wanted.length; i++) {
            long at = bench.put(messages[i]);
            assertEquals(wanted[i], bench.run(Job.crc32c(at, messages[i].length)).value(), "" + i);
        }
    }

    @Test
    void theCrcOfWhatCameBeforeIsContinued() {
        for (int lap = 0; lap < 200; lap++) {
            bench.clear();
            byte[] data = data(random.nextInt(200_000));
            int cut = random.nextInt(data.length + 1);
            long at = bench.put(data);
            long first = bench.run(Job.crc32c(at, cut)).value();
            Job rest = Job.crc32c(at + cut, data.length - cut).withArgument(first);
            assertEquals(crc(data, 0, data.length), bench.run(rest).value());
            Job copy =
                    new Job(
                            Operation.COPY_CRC32C,
                            at + cut,
                            data.length - cut,
                            bench.room(data.length),
                            data.length - cut,
                            first);
            JobResult result = bench.run(copy);
            assertEquals(crc(data, 0, data.length), result.value());
            assertArrayEquals(
                    Arrays.copyOfRange(data, cut, data.length),
                    bench.get(copy.destination(), result.produced()));
        }
        bench.refused(JobStatus.BAD_DESCRIPTOR, Job.crc32c(bench.put(data(8)), 8).withArgument(-1));
    }

    @Test
    void aPatternOfSixteenBytesIsRepeatedFromTheFirstByteOn() {
        JobParameters upper = JobParameters.EMPTY.withValue(0x1817161514131211L);
        for (int length : new int[] {0, 1, 15, 16, 17, 65_536, 65_551, 200_003}) {
            bench.clear();
            long to = bench.room(length);
            Job fill = bench.with(Job.fill(to, length, 0x0807060504030201L), upper);
            assertEquals(length, bench.run(fill).produced());
            byte[] found = bench.get(to, length + 1);
            for (int i = 0; i < length; i++) {
                int wanted = 1 + i % 16 + (i % 16 < 8 ? 0 : 8);
                assertEquals(wanted, found[i], "byte " + i);
            }
            assertEquals((byte) 0xa5, found[length]);
        }
    }

    @Test
    void comparisonFindsTheFirstDifference() {
        for (int lap = 0; lap < 100; lap++) {
            bench.clear();
            byte[] data = data(1 + random.nextInt(150_000));
            long one = bench.put(data);
            long other = bench.put(data);
            JobResult same = bench.run(Job.compare(one, other, data.length));
            assertEquals(new JobResult(JobStatus.SUCCESS, data.length, 0, 0, 0), same);
            int place = random.nextInt(data.length);
            bench.memory.bytes[(int) (other - FlatMemory.BASE) + place]++;
            JobResult different = bench.run(Job.compare(one, other, data.length));
            assertEquals(new JobResult(JobStatus.SUCCESS, place, 0, 1, 0), different);
            // What lies behind the difference does not matter, not even whether it is there.
            long hole = other - FlatMemory.BASE + place + 1;
            bench.memory.hole(hole, hole + data.length);
            assertEquals(different, bench.run(Job.compare(one, other, data.length)));
            bench.memory.hole(hole - 1, hole + data.length);
            assertEquals(
                    new JobResult(JobStatus.PAGE_FAULT, place, 0, 0, other + place),
                    bench.run(Job.compare(one, other, data.length)));
        }
    }

    @Test
    void comparisonWithAPattern() {
        long pattern = random.nextLong();
        for (int length : new int[] {1, 7, 8, 9, 65_536, 131_077}) {
            bench.clear();
            long at = bench.room(length);
            bench.run(Job.fill(at, length, pattern));
            Job compare = new Job(Operation.COMPARE_PATTERN, at, length, 0, 0, pattern);
            assertEquals(new JobResult(JobStatus.SUCCESS, length, 0, 0, 0), bench.run(compare));
            bench.memory.bytes[(int) (at - FlatMemory.BASE) + length - 1]++;
            assertEquals(new JobResult(JobStatus.SUCCESS, length - 1, 0, 1, 0), bench.run(compare));
        }
    }

    @Test
    void dualCastWritesBothAsFarAsBothCanBeWritten() {
        for (int lap = 0; lap < 100; lap++) {
            bench.clear();
            byte[] data = data(1 + random.nextInt(150_000));
            long from = bench.put(data);
            long one = bench.room(data.length);
            long two = bench.room(data.length);
            Job job = Job.dualCast(from, one, two, data.length);
            JobResult whole = bench.run(job);
            assertEquals(new JobResult(JobStatus.SUCCESS, data.length, data.length, 0, 0), whole);
            assertArrayEquals(data, bench.get(one, data.length));
            assertArrayEquals(data, bench.get(two, data.length));
            int place = random.nextInt(data.length);
            long target = new long[] {from, one, two}[lap % 3] + place;
            bench.memory.hole(target - FlatMemory.BASE, target - FlatMemory.BASE + 1);
            assertEquals(
                    new JobResult(JobStatus.PAGE_FAULT, place, place, 0, target), bench.run(job));
        }
    }

    @Test
    void overlapIsRefusedWhereItHasNoMeaning() {
        long at = bench.put(data(4096));
        bench.refused(JobStatus.BAD_DESCRIPTOR, Job.dualCast(at, at + 100, at + 2000, 200));
        bench.refused(JobStatus.BAD_DESCRIPTOR, Job.dualCast(at, at + 1000, at + 150, 200));
        bench.refused(JobStatus.BAD_DESCRIPTOR, Job.dualCast(at, at + 1000, at + 1199, 200));
        bench.refused(JobStatus.BAD_DESCRIPTOR, Job.dualCast(at, at + 1000, -100, 200));
        Job copy = new Job(Operation.COPY_CRC32C, at, 200, at + 199, 200, 0);
        bench.refused(JobStatus.BAD_DESCRIPTOR, copy);
    }

    private Job createDelta(long one, long two, int length, long record, int capacity) {
        return new Job(Operation.CREATE_DELTA, one, length, record, capacity, two);
    }

    @Test
    void aDeltaRecordMakesTheOneOfTheOther() {
        for (int lap = 0; lap < 200; lap++) {
            bench.clear();
            byte[] one = data(8 * random.nextInt(16_000));
            byte[] two = one.clone();
            int changes = one.length == 0 ? 0 : random.nextInt(1 + one.length / 16);
            for (int i = 0; i < changes; i++) {
                two[random.nextInt(two.length)] ^= (byte) (1 + random.nextInt(255));
            }
            int words = 0;
            for (int i = 0; i < one.length; i += 8) {
                words += Arrays.equals(one, i, i + 8, two, i, i + 8) ? 0 : 1;
            }
            long first = bench.aligned(one.length, 8);
            bench.memory.put((int) (first - FlatMemory.BASE), one);
            long second = bench.aligned(two.length, 8);
            bench.memory.put((int) (second - FlatMemory.BASE), two);
            int size = 10 * words;
            long record = bench.room(size);
            JobResult made = bench.run(createDelta(first, second, one.length, record, size));
            int result = words == 0 ? 0 : 1;
            assertEquals(new JobResult(JobStatus.SUCCESS, one.length, size, result, 0), made);
            if (words > 0) {
                JobResult tooLong =
                        bench.run(createDelta(first, second, one.length, record, size - 1));
                assertEquals(JobStatus.SUCCESS, tooLong.status());
                assertEquals(2, tooLong.value());
                assertEquals(size - 10, tooLong.produced());
                bench.run(createDelta(first, second, one.length, record, size));
            }
            Job apply = new Job(Operation.APPLY_DELTA, record, size, first, one.length, 0);
            assertEquals(
                    new JobResult(JobStatus.SUCCESS, size, 8L * words, 0, 0), bench.run(apply));
            assertArrayEquals(two, bench.get(first, one.length));
        }
    }

    @Test
    void aDeltaRecordThatIsNoneIsRefused() {
        long at = bench.aligned(800, 8);
        long record =
                bench.put(new byte[] {1, 0, 9, 9, 9, 9, 9, 9, 9, 9, 1, 0, 8, 8, 8, 8, 8, 8, 8, 8});
        JobResult again = bench.run(new Job(Operation.APPLY_DELTA, record, 20, at, 800, 0));
        assertEquals(new JobResult(JobStatus.BAD_DATA, 10, 8, 0, 0), again);
        Job beyond = new Job(Operation.APPLY_DELTA, record, 10, at, 8, 0);
        bench.refused(JobStatus.BAD_DATA, beyond);
        Job[] bad = {
            new Job(Operation.APPLY_DELTA, record, 11, at, 800, 0),
            new Job(Operation.APPLY_DELTA, record, 10, at + 1, 800, 0),
            new Job(Operation.APPLY_DELTA, record, 10, at, 801, 0),
            new Job(Operation.APPLY_DELTA, record, 10, at, 1 << 20, 0),
            createDelta(at, at + 400, 401, record, 20),
            createDelta(at + 1, at + 400, 40, record, 20),
            createDelta(at, at + 401, 40, record, 20),
            createDelta(at, at, 524_296, record, 20),
            createDelta(at, -8, 16, record, 20),
        };
        for (Job job : bad) {
            bench.refused(JobStatus.BAD_DESCRIPTOR, job);
        }
    }
}
