package org.opensva.uacce.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operand;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.ScatterList;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** An engine, memory, and the habits of a program that uses them. */
final class EngineBench {

    final Engine engine;
    final FlatMemory memory;
    private int used;

    EngineBench(int size) {
        this(size, new StandardEngines().create());
    }

    EngineBench(int size, Engine engine) {
        memory = new FlatMemory(size);
        this.engine = engine;
    }

    EngineBench() {
        this(1 << 20);
    }

    /** Forgets what was put, and fills the memory with a byte that nobody writes by chance. */
    EngineBench clear() {
        used = 0;
        memory.hole(-1, -1);
        java.util.Arrays.fill(memory.bytes, (byte) 0xa5);
        return this;
    }

    long room(int length) {
        long address = FlatMemory.at(used);
        used += length + 16;
        return address;
    }

    /** Room whose address is a multiple of something. */
    long aligned(int length, int alignment) {
        int skip = (int) Math.floorMod(-FlatMemory.at(used), (long) alignment);
        used += skip;
        return room(length);
    }

    long put(byte[] data) {
        long address = room(data.length);
        memory.put((int) (address - FlatMemory.BASE), data);
        return address;
    }

    Operand operand(byte[] data) {
        return new Operand(put(data), data.length);
    }

    byte[] get(long address, long length) {
        return memory.get((int) (address - FlatMemory.BASE), (int) length);
    }

    JobResult run(Job job) {
        return memory.run(engine, job);
    }

    Job with(Job job, JobParameters parameters) {
        return job.withParameters(put(parameters.encode()));
    }

    Job transform(Operation operation, Algorithm algorithm, byte[] source, int capacity) {
        long from = put(source);
        return Job.transform(operation, algorithm, from, source.length, room(capacity), capacity);
    }

    /** What a job makes, which must succeed. */
    byte[] output(Job job) {
        JobResult result = run(job);
        assertEquals(JobStatus.SUCCESS, result.status(), job.toString());
        return get(job.destination(), result.produced());
    }

    byte[] output(
            Operation operation, Algorithm algorithm, byte[] source, JobParameters parameters) {
        return output(
                with(transform(operation, algorithm, source, source.length + 1024), parameters));
    }

    void refused(JobStatus status, Job job) {
        JobResult result = run(job);
        assertEquals(status, result.status(), job.toString());
    }

    /** Lays data out in pieces and returns a job's source: the list's first segment. */
    Operand scatter(RandomGenerator random, byte[] data) {
        List<Operand> pieces = new ArrayList<>();
        for (int at = 0; at < data.length; ) {
            int length = Math.min(data.length - at, random.nextInt(1 + data.length / 3));
            pieces.add(operand(java.util.Arrays.copyOfRange(data, at, at + length)));
            at += length;
        }
        return list(random, pieces);
    }

    /** Room in pieces. */
    List<Operand> pieces(RandomGenerator random, int length) {
        List<Operand> pieces = new ArrayList<>();
        for (int at = 0; at < length; ) {
            int piece = Math.min(length - at, random.nextInt(1 + length / 3));
            pieces.add(new Operand(room(piece), piece));
            at += piece;
        }
        return pieces;
    }

    byte[] gather(List<Operand> pieces) {
        java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
        for (Operand piece : pieces) {
            all.writeBytes(get(piece.address(), piece.length()));
        }
        return all.toByteArray();
    }

    /** A list of one segment or several. */
    Operand list(RandomGenerator random, List<Operand> pieces) {
        int cut = pieces.isEmpty() ? 0 : random.nextInt(pieces.size() + 1);
        if (cut == 0 || random.nextBoolean()) {
            return operand(new ScatterList(pieces).encode());
        }
        Operand rest = list(random, pieces.subList(cut, pieces.size()));
        byte[] entries = new ScatterList(pieces.subList(0, cut)).encode();
        byte[] link = new ScatterList(List.of(rest)).encode();
        link[15] |= (byte) 0x80;
        byte[] segment = java.util.Arrays.copyOf(entries, entries.length + link.length);
        System.arraycopy(link, 0, segment, entries.length, link.length);
        return operand(segment);
    }
}
