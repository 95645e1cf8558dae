package org.opensva.uacce.client.stream;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.uacce.client.Buffer;
import org.opensva.uacce.client.ContextPool;

import java.util.concurrent.CompletableFuture;

/**
 * A block on its way: memory for its bytes and for its result. The memory goes back to the pool
 * when the stream has dropped the block and no device has it any more.
 */
final class Block {

    private final ContextPool pool;
    private final boolean secret;
    private final int head;
    private final Buffer source;
    private Buffer destination;
    private boolean flying;
    private boolean dropped;

    long position;
    int length;
    CompletableFuture<JobResult> result = new CompletableFuture<>();

    Block(ContextPool pool, StreamConfig config, BlockTransform transform) {
        this.pool = pool;
        secret = config.secret();
        head = transform.headSize();
        source = take((long) head + config.blockSize());
        boolean whole = false;
        try {
            destination = take(transform.bound(config.blockSize()));
            whole = true;
        } finally {
            if (!whole) {
                source.close();
            }
        }
    }

    private Buffer take(long size) {
        return secret ? pool.secretBuffer(size) : pool.buffer(size);
    }

    void fill(BlockTransform transform, byte[] bytes, int count, long at) {
        if (head > 0) {
            byte[] first = transform.head(at, bytes, count, source.address());
            source.store(0, first, 0, Math.min(head, first.length));
        }
        source.store(head, bytes, 0, count);
        length = count;
        position = at;
    }

    Job job(BlockTransform transform) {
        return transform.job(
                position,
                source.address() + head,
                length,
                destination.address(),
                destination.capacity());
    }

    void submit(BlockTransform transform) {
        flying = true;
        result = pool.submit(job(transform), this::landed);
    }

    /** Twice the room for the result, after it turned out to be too little. */
    void grow() {
        Buffer small = destination;
        destination = take(2 * small.capacity());
        small.close();
    }

    void load(long from, byte[] target, int count) {
        destination.load(from, target, 0, count);
    }

    long capacity() {
        return destination.capacity();
    }

    private synchronized void landed() {
        flying = false;
        release();
    }

    /** The stream needs it no more. */
    synchronized void drop() {
        dropped = true;
        release();
    }

    private void release() {
        if (dropped && !flying) {
            source.close();
            destination.close();
        }
    }
}
