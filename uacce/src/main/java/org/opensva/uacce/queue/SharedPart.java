package org.opensva.uacce.queue;

import org.opensva.api.memory.EnqueuePortal;
import org.opensva.api.memory.MmioRegion;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * What one open file has of the shared queue: the portal, a status of its own, and a share in the
 * {@link Submitter} of its PASID.
 *
 * <p>The device knows PASIDs, not files: what stops one part waits for every job that its address
 * space had submitted by then, and a job that cannot be ended costs all parts of that address
 * space.
 */
public final class SharedPart implements DeviceQueue {

    private static final VarHandle INTS =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final SharedQueue queue;
    private final Submitter submitter;
    private final SharedPage page;
    private final int limit;
    private volatile int starts;

    /** Written with the monitor of the queue held. */
    volatile boolean started;

    /** Written with the monitor of the queue held. */
    volatile boolean failed;

    SharedPart(SharedQueue queue, Submitter submitter, long regionSize, int limit) {
        this.queue = queue;
        this.submitter = submitter;
        this.limit = limit;
        page = new SharedPage(regionSize);
    }

    Submitter submitter() {
        return submitter;
    }

    /**
     * Who hears of the jobs of the address space.
     *
     * @return one for all parts of it
     */
    public JobObserver observer() {
        return submitter.context.observer();
    }

    /** Has an error in the status word; the first one stays. */
    void error(QueueError error, long address) {
        page.error(error, address);
    }

    @Override
    public MmioRegion doorbellPage() {
        return queue.portal();
    }

    @Override
    public MmioRegion sharedPage() {
        return page;
    }

    @Override
    public CompletionEvent event() {
        return submitter.event;
    }

    @Override
    public int starts() {
        return starts;
    }

    @Override
    public int depth() {
        return queue.depth();
    }

    @Override
    public int limit() {
        return limit;
    }

    @Override
    public boolean start() {
        if (page.latch().depth() != 0) {
            return false;
        }
        submitter.control.lock();
        try {
            starts = page.started();
            queue.start(this);
            return true;
        } finally {
            submitter.control.unlock();
        }
    }

    @Override
    public boolean stop(long grace) {
        submitter.control.lock();
        try {
            return queue.stop(this, grace);
        } finally {
            submitter.control.unlock();
        }
    }

    @Override
    public void kill(QueueError error) {
        page.error(error, 0);
        queue.kill(submitter);
    }

    @Override
    public boolean awaitQuiet(long grace) {
        return submitter.await(submitter.accepted, grace);
    }

    @Override
    public void whenQuiet(Runnable action) {
        queue.whenQuiet(submitter, action);
    }

    @Override
    public boolean serves(int start) {
        return starts == start && !failed && (started || !submitter.isQuiet());
    }

    @Override
    public boolean failed() {
        return failed;
    }

    /**
     * Submits in the name of the opener, as the kernel does for a {@code write(2)} on an idxd node
     * ({@code idxd_submit_user_descriptor}).
     *
     * @param command {@value EnqueuePortal#COMMAND_SIZE} bytes; the first four are overwritten
     * @return true if it was taken
     */
    public boolean enqueue(byte[] command) {
        INTS.set(command, 0, submitter.pasid);
        return queue.portal().enqueue(0, command);
    }

    /** The file is closed. */
    public void detach() {
        queue.detach(this);
    }
}
