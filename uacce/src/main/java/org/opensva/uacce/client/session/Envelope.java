package org.opensva.uacce.client.session;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.Operand;
import org.opensva.uacce.client.Buffer;
import org.opensva.uacce.client.ContextPool;

/**
 * The memory of one job on bytes of the program: parameter block, operands, input and output, one
 * behind the other in one buffer.
 */
final class Envelope {

    /** A cache line: what the device writes shares none with what it reads. */
    private static final int ALIGNMENT = 64;

    private final Recipe recipe;
    private final Buffer memory;
    private final long capacity;
    private final long input;
    private final int length;
    private final long output;
    private final JobParameters parameters;

    /**
     * Puts a job into memory.
     *
     * @throws org.opensva.uacce.client.ClientException if there is no memory
     */
    Envelope(ContextPool pool, Recipe recipe, byte[] bytes, int offset, int length, long capacity) {
        this.recipe = recipe;
        this.length = length;
        this.capacity = capacity;
        long end = JobParameters.SIZE;
        long key = end;
        end = align(key + recipe.key().length);
        long iv = end;
        end = align(iv + recipe.iv().length);
        long associated = end;
        end = align(associated + recipe.associated().length);
        long tag = end;
        end = align(tag + recipe.tag().length);
        long dictionary = end;
        input = align(dictionary + recipe.dictionary().length);
        output = align(input + length);
        long size = output + capacity;
        memory = recipe.isSecret() ? pool.secretBuffer(size) : pool.buffer(size);
        boolean whole = false;
        try {
            memory.store(input, bytes, offset, length);
            parameters =
                    new JobParameters(
                            recipe.options(),
                            0,
                            recipe.value(),
                            put(key, recipe.key()),
                            put(iv, recipe.iv()),
                            put(associated, recipe.associated()),
                            recipe.tagLength() > 0
                                    ? new Operand(0, recipe.tagLength())
                                    : put(tag, recipe.tag()),
                            put(dictionary, recipe.dictionary()));
            memory.store(0, parameters.encode(), 0, JobParameters.SIZE);
            whole = true;
        } finally {
            if (!whole) {
                memory.close();
            }
        }
    }

    private static long align(long value) {
        return value + ALIGNMENT - 1 & -ALIGNMENT;
    }

    private Operand put(long position, byte[] bytes) {
        if (bytes.length == 0) {
            return Operand.NONE;
        }
        memory.store(position, bytes, 0, bytes.length);
        return new Operand(memory.address() + position, bytes.length);
    }

    Job job() {
        boolean parameterised = recipe.hasParameters();
        return new Job(
                recipe.operation(),
                memory.address() + input,
                length,
                memory.address() + output,
                capacity,
                recipe.argument(),
                recipe.algorithm(),
                parameterised ? JobFlags.PARAMETERS : 0,
                parameterised ? memory.address() : 0);
    }

    /** What the device wrote. */
    byte[] output(JobResult result) {
        byte[] bytes = new byte[Math.toIntExact(Math.clamp(result.produced(), 0, capacity))];
        memory.load(output, bytes, 0, bytes.length);
        return bytes;
    }

    void close() {
        memory.close();
    }
}
