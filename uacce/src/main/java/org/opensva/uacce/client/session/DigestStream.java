package org.opensva.uacce.client.session;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.JobParameters;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.Operand;
import org.opensva.uacce.client.Buffer;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ContextPool;
import org.opensva.uacce.client.JobStream;

import java.util.Objects;

/**
 * The digest or MAC of a message that comes in pieces. What the device keeps between them is lost
 * with its queue; then everything is refused with {@link ClientException.Reason#DEVICE_FAILED}.
 *
 * <p><b>Threading.</b> One thread at a time.
 */
public final class DigestStream implements AutoCloseable {

    private static final int CHUNK = 1 << 18;
    private static final int LONGEST = 64;
    private static final int RESULT = JobParameters.SIZE;
    private static final int KEY = RESULT + LONGEST;

    private final Recipe recipe;
    private final JobStream stream;
    private final Buffer memory;
    private final int data;
    private boolean begun;
    private boolean ended;
    private boolean closed;

    /** The device may still have the memory: then it goes back when the job has landed. */
    private int holders = 1;

    DigestStream(ContextPool pool, Recipe recipe) {
        this.recipe = recipe;
        stream = pool.stream(recipe.operation());
        data = KEY + (recipe.key().length + LONGEST - 1 & -LONGEST);
        boolean whole = false;
        try {
            long size = (long) data + CHUNK;
            memory = recipe.isSecret() ? pool.secretBuffer(size) : pool.buffer(size);
            whole = true;
        } finally {
            if (!whole) {
                stream.close();
            }
        }
    }

    /**
     * Adds bytes to the message.
     *
     * @param bytes where they are
     * @param offset first index
     * @param length how many
     * @throws ClientException if it cannot be done
     */
    public void update(byte[] bytes, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        for (int done = 0; done < length; ) {
            int part = Math.min(CHUNK, length - done);
            memory.store(data, bytes, offset + done, part);
            for (long taken = 0; taken < part; ) {
                taken += run(taken, part - taken, 0, 0).consumed();
            }
            done += part;
        }
    }

    /**
     * Ends the message.
     *
     * @return its digest or MAC
     * @throws ClientException if it cannot be done
     */
    public byte[] finish() {
        JobResult result = run(0, 0, JobParameters.END, LONGEST);
        ended = true;
        byte[] bytes = new byte[Math.toIntExact(Math.clamp(result.produced(), 0, LONGEST))];
        memory.load(RESULT, bytes, 0, bytes.length);
        return bytes;
    }

    private JobResult run(long from, long length, int options, int capacity) {
        if (ended) {
            throw new IllegalStateException("the stream has ended");
        }
        int all = options | (begun ? 0 : JobParameters.BEGIN);
        Operand key = Operand.NONE;
        if (!begun && recipe.isSecret()) {
            memory.store(KEY, recipe.key(), 0, recipe.key().length);
            key = new Operand(memory.address() + KEY, recipe.key().length);
        }
        JobParameters parameters =
                JobParameters.EMPTY.withSession(stream.number()).withOptions(all).withKey(key);
        memory.store(0, parameters.encode(), 0, JobParameters.SIZE);
        Job job =
                new Job(
                        recipe.operation(),
                        memory.address() + data + from,
                        length,
                        memory.address() + RESULT,
                        capacity,
                        0,
                        recipe.algorithm(),
                        JobFlags.PARAMETERS,
                        memory.address());
        take();
        JobResult result = stream.run(job, this::drop);
        if (!result.succeeded() && !stream.repair(job, result)) {
            ended = true;
            throw ClientException.of(recipe.name(), result);
        }
        begun = true;
        return result;
    }

    private synchronized void take() {
        holders++;
    }

    private synchronized void drop() {
        if (--holders == 0) {
            memory.close();
        }
    }

    /** Ends the stream without a result. Closing again does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            ended = true;
            stream.close();
            drop();
        }
    }
}
