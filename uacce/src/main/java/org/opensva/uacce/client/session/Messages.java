package org.opensva.uacce.client.session;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.uacce.client.ClientException;
import org.opensva.uacce.client.ContextPool;

import java.util.concurrent.CompletableFuture;

/** Has jobs done whose input and output are bytes of the program. */
final class Messages {

    /** Input of a decompression may become so many times as much before memory decides. */
    private static final int LONGEST = Integer.MAX_VALUE - 8;

    private final ContextPool pool;

    Messages(ContextPool pool) {
        this.pool = pool;
    }

    ContextPool pool() {
        return pool;
    }

    /** Waits for the output; a full destination is given more room up to a limit. */
    byte[] run(Recipe recipe, byte[] bytes, int offset, int length, long room, long limit) {
        for (long capacity = Math.min(room, limit); ; capacity = larger(capacity, limit)) {
            Envelope envelope = new Envelope(pool, recipe, bytes, offset, length, capacity);
            Returned returned = new Returned(envelope);
            try {
                JobResult result = pool.runUninterruptibly(envelope.job(), returned);
                if (!isTooSmall(result, capacity, limit)) {
                    return output(recipe, envelope, result);
                }
            } finally {
                returned.drop();
            }
        }
    }

    /** The same without waiting. */
    CompletableFuture<byte[]> submit(
            Recipe recipe, byte[] bytes, int offset, int length, long room, long limit) {
        long capacity = Math.min(room, limit);
        Envelope envelope = new Envelope(pool, recipe, bytes, offset, length, capacity);
        Returned returned = new Returned(envelope);
        return pool.submit(envelope.job(), returned)
                .handle((result, failure) -> {
                    try {
                        return done(recipe, envelope, result, failure, capacity, limit);
                    } finally {
                        returned.drop();
                    }
                })
                .thenCompose(output ->
                        output != null
                                ? CompletableFuture.completedFuture(output)
                                : submit(
                                        recipe,
                                        bytes,
                                        offset,
                                        length,
                                        larger(capacity, limit),
                                        limit));
    }

    /** The output; null if there has to be more room for it. */
    private static byte @Nullable [] done(
            Recipe recipe,
            Envelope envelope,
            @Nullable JobResult result,
            @Nullable Throwable failure,
            long capacity,
            long limit) {
        if (result == null) {
            throw failure instanceof RuntimeException e ? e : new IllegalStateException(failure);
        }
        return isTooSmall(result, capacity, limit) ? null : output(recipe, envelope, result);
    }

    private static boolean isTooSmall(JobResult result, long capacity, long limit) {
        return result.status() == JobStatus.DESTINATION_FULL && capacity < Math.min(limit, LONGEST);
    }

    private static long larger(long capacity, long limit) {
        return Math.min(Math.min(limit, LONGEST), Math.max(1024, 4 * capacity));
    }

    private static byte[] output(Recipe recipe, Envelope envelope, JobResult result) {
        if (!result.succeeded()) {
            throw ClientException.of(recipe.name(), result);
        }
        return envelope.output(result);
    }

    /** Closes the memory when both the device and the program have done with it. */
    private static final class Returned implements Runnable {
        private final Envelope envelope;
        private int holders = 2;

        Returned(Envelope envelope) {
            this.envelope = envelope;
        }

        @Override
        public void run() {
            drop();
        }

        synchronized void drop() {
            if (--holders == 0) {
                envelope.close();
            }
        }
    }
}
