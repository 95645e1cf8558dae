package org.opensva.uacce.queue;

import org.opensva.api.accelerator.JobFlags;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.iommu.DmaPort;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.memory.Access;

/**
 * Does a batch: descriptors in the process's memory, one after the other, each with its completion
 * in the process's memory.
 */
final class BatchRunner {

    private static final long ENTRY = QueueLayout.ENTRY_SIZE;

    private final DmaPort port;
    private final RunningJob inner;
    private final byte[] descriptor = new byte[QueueLayout.ENTRY_SIZE];
    private final byte[] completion = new byte[QueueLayout.ENTRY_SIZE];

    private long succeeded;
    private long produced;

    BatchRunner(DmaPort port, RunningJob inner) {
        this.port = port;
        this.inner = inner;
    }

    /** Does the batch that is in the hands of a worker and completes it. */
    void run(JobContext owner, RunningJob batch) {
        long size = batch.sourceLength();
        if (size == 0
                || size % ENTRY != 0
                || size > QueueLayout.MAX_BATCH * ENTRY
                || batch.destinationCapacity() < size
                || (batch.source() | batch.destination()) % ENTRY != 0) {
            batch.complete(JobStatus.BAD_DESCRIPTOR, 0, 0, 0, 0);
            return;
        }
        succeeded = 0;
        produced = 0;
        long done = 0;
        while (done < size) {
            if (owner.cancelled().getAsBoolean()) {
                batch.complete(JobStatus.ABORTED, done, produced, succeeded, 0);
                return;
            }
            long from = batch.source() + done;
            long read = port.read(owner.pasid(), Access.READ, from, descriptor, 0, (int) ENTRY);
            if (!DmaResult.isComplete(read)) {
                fault(batch, read, from, done + DmaResult.bytes(read));
                return;
            }
            if (fenced() && succeeded * ENTRY < done) {
                break;
            }
            inner.run(owner, descriptor);
            succeeded += inner.status == JobStatus.SUCCESS ? 1 : 0;
            if (!answer(owner, batch, done)) {
                return;
            }
            done += ENTRY;
        }
        boolean good = succeeded * ENTRY == size;
        batch.complete(
                good ? JobStatus.SUCCESS : JobStatus.BATCH_FAILED, done, produced, succeeded, 0);
    }

    private boolean fenced() {
        long control = QueueLayout.get(descriptor, QueueLayout.DESCRIPTOR_OPERATION);
        return (control >>> QueueLayout.FLAGS_SHIFT & JobFlags.FENCE) != 0;
    }

    /** Writes a completion: like one of the ring, the phase last. */
    private boolean answer(JobContext owner, RunningJob batch, long done) {
        long tag = QueueLayout.get(descriptor, QueueLayout.DESCRIPTOR_TAG);
        inner.encode(completion, tag, 1);
        int split = QueueLayout.COMPLETION_PHASE;
        long to = batch.destination() + done;
        long result = port.write(owner.pasid(), Access.WRITE, to, completion, 0, split);
        produced += DmaResult.bytes(result);
        if (DmaResult.isComplete(result)) {
            int rest = (int) ENTRY - split;
            to += split;
            result = port.write(owner.pasid(), Access.WRITE, to, completion, split, rest);
            produced += DmaResult.bytes(result);
        }
        if (!DmaResult.isComplete(result)) {
            // The job was done, whoever may see it.
            fault(batch, result, to, done + ENTRY);
            return false;
        }
        return true;
    }

    private void fault(RunningJob batch, long result, long address, long consumed) {
        boolean stopped = DmaResult.status(result) == DmaStatus.STOPPED;
        batch.complete(
                stopped ? JobStatus.ABORTED : JobStatus.PAGE_FAULT,
                consumed,
                produced,
                succeeded,
                stopped ? 0 : address + DmaResult.bytes(result));
    }
}
