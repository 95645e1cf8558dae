package org.opensva.uacce.queue;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.iommu.DmaPort;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.memory.Access;

import java.util.Set;

/** What one worker works with. */
final class QueueWorker {

    /** How many descriptors are fetched at once. */
    private static final int FETCH = 8;

    private final DmaPort port;
    private final Engine engine;
    private final RunningJob job;
    private final byte[] descriptor = new byte[QueueLayout.ENTRY_SIZE];
    private final byte[] completion = new byte[QueueLayout.ENTRY_SIZE];
    private final byte[] fetched = new byte[FETCH * QueueLayout.ENTRY_SIZE];
    private int fetchedBegin;
    private int fetchedEnd;

    QueueWorker(DmaPort port, Engine engine) {
        this.port = port;
        this.engine = engine;
        job = new RunningJob(port, engine);
    }

    Set<Operation> operations() {
        return DescriptorDecoder.withOwn(engine.operations());
    }

    Set<Algorithm> algorithms() {
        return engine.algorithms();
    }

    DmaPort port() {
        return port;
    }

    RunningJob job() {
        return job;
    }

    byte[] descriptor() {
        return descriptor;
    }

    /** A completion of the job that was done last, but for its phase. */
    byte[] completion(long tag) {
        job.encode(completion, tag, 0);
        return completion;
    }

    /** What was fetched ahead belongs to an earlier turn, perhaps of another queue. */
    void newTurn() {
        fetchedEnd = fetchedBegin;
    }

    /** Tells whether the descriptor with a number was fetched in this turn. */
    boolean hasFetched(int index) {
        return index - fetchedBegin >= 0 && index - fetchedEnd < 0;
    }

    /**
     * Reads descriptors that lie one behind the other, as many as fit.
     *
     * @return how many bytes could be read
     */
    long fetch(int pasid, long from, int index, int count) {
        int length = Math.min(count, FETCH) << QueueLayout.ENTRY_SHIFT;
        long read = port.read(pasid, Access.READ, from, fetched, 0, length);
        long bytes = DmaResult.bytes(read);
        fetchedBegin = index;
        fetchedEnd = index + (int) (bytes >> QueueLayout.ENTRY_SHIFT);
        return bytes;
    }

    /** Makes a fetched descriptor the present one. */
    void takeFetched(int index) {
        int at = index - fetchedBegin << QueueLayout.ENTRY_SHIFT;
        System.arraycopy(fetched, at, descriptor, 0, QueueLayout.ENTRY_SIZE);
    }

    /** Frees what the engine holds outside the heap. */
    void close() {
        if (engine instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (Exception e) {
                // The worker ends either way, and nobody is left to be told.
                return;
            }
        }
    }
}
