package org.opensva.linux.idxd;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.SvaProcess;
import org.opensva.linux.abi.Descriptor;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.idxd.spec.CompletionRecord;
import org.opensva.linux.idxd.spec.CompletionStatus;
import org.opensva.linux.idxd.spec.CompressionState;
import org.opensva.linux.idxd.spec.WorkDescriptor;
import org.opensva.linux.node.DeviceQueue;
import org.opensva.linux.process.NodeCalls;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * A work queue, as the process that opened it uses it. The driver takes descriptors from nobody
 * else ({@code idxd_cdev_write} compares the memory of the caller), so the process writes them, and
 * completion records are in memory of the process that is mapped for the queue.
 *
 * <p>A dedicated queue drops what does not fit without a word: {@code MOVDIR64B} has no answer. So
 * there are never more descriptors under way than the queue holds.
 *
 * <p>A page fault that the device has not waited for ends a descriptor early. The page is touched
 * as a processor would, and the rest is submitted again, as often as the job has pages and a few
 * times more; where the process itself may not touch it the job ends with the fault.
 *
 * <p><b>Threading.</b> As {@link DeviceQueue}.
 */
final class WorkQueue implements DeviceQueue {

    private static final long LOOK_NANOS = 50_000;

    /** Pages that were touched may be taken away again before the device comes to them. */
    private static final int MORE_ATTEMPTS = 8;

    private final WorkQueueNode node;
    private final WorkCodec codec;
    private final Descriptor file;
    private final SvaProcess process;
    private final long records;

    /** Where the state of compression is, after the records. */
    private final long state;

    private final @Nullable Running[] slots;
    private final Deque<Refused> refused = new ArrayDeque<>();

    private record Refused(long tag, JobStatus status) {}

    /**
     * What the device works on.
     *
     * @param tag of the job
     * @param whole the job as it was submitted
     * @param now what is left of it
     * @param before how many bytes were done by earlier descriptors
     * @param attempts how often the rest was submitted
     */
    private record Running(long tag, Job whole, Job now, long before, int attempts) {}

    /**
     * Takes over an open queue.
     *
     * @param node what sysfs says about it
     * @param file its descriptor; stays the caller's
     * @param process who has opened it
     * @throws ErrnoException {@code ENOMEM} if the process has no room for records
     */
    WorkQueue(WorkQueueNode node, Descriptor file, SvaProcess process) {
        this.node = node;
        this.file = file;
        this.process = process;
        codec = new WorkCodec(node);
        slots = new Running[node.size()];
        state = (long) slots.length * CompletionRecord.IAA_SIZE;
        records = process.mmap(MapRequest.anonymous(memory()));
        if (codec.operations().contains(Operation.DEFLATE)) {
            process.store(records + state, CompressionState.fixed());
        }
    }

    private long memory() {
        return state + CompressionState.SIZE;
    }

    @Override
    public int depth() {
        return slots.length;
    }

    /** An open work queue takes descriptors at once. */
    @Override
    public void start() {}

    /** The driver waits for what is under way when the queue is closed. */
    @Override
    public void stop() {}

    @Override
    public boolean submit(long tag, Job job) {
        Optional<JobStatus> refusal = codec.refusal(job);
        if (refusal.isPresent()) {
            refused.add(new Refused(tag, refusal.get()));
            return true;
        }
        for (int i = 0; i < slots.length; i++) {
            if (slots[i] == null) {
                return begin(i, new Running(tag, job, job, 0, 0));
            }
        }
        return false;
    }

    private long record(int slot) {
        return records + (long) slot * CompletionRecord.IAA_SIZE;
    }

    /** The record is cleared before the device can write to it. */
    private boolean begin(int slot, Running work) {
        process.store(record(slot), new byte[CompletionRecord.IAA_SIZE]);
        long taken =
                NodeCalls.write(
                        process, file, codec.encode(work.now(), record(slot), records + state));
        if (taken == -KernelErrors.EAGAIN || taken == 0) {
            return false;
        }
        KernelErrors.check(taken, "write(" + node.name() + ")");
        if (taken != WorkDescriptor.SIZE) {
            throw new ErrnoException(
                    Errno.EIO, "write(" + node.name() + ")", "it took " + taken + " bytes");
        }
        slots[slot] = work;
        return true;
    }

    @Override
    public void collect(Sink sink) {
        while (!refused.isEmpty()) {
            Refused first = refused.remove();
            sink.completed(first.tag(), new JobResult(first.status(), 0, 0, 0, 0));
        }
        try {
            for (int i = 0; i < slots.length; i++) {
                Running work = slots[i];
                if (work != null && hasCompleted(i)) {
                    slots[i] = null;
                    finish(i, work, sink);
                }
            }
        } catch (ErrnoException e) {
            if (e.errno() != Errno.ESRCH && e.errno() != Errno.EIO) {
                throw e;
            }
            // The process has ended, and its jobs with it.
        }
    }

    /** The status is in the byte that is written last; the load has acquire semantics. */
    private boolean hasCompleted(int slot) {
        try {
            return (process.loadLong(record(slot)) & 0x7f) != 0;
        } catch (CpuFaultException e) {
            // The process has taken the memory of the queue away: it will never know.
            return false;
        }
    }

    private void finish(int slot, Running work, Sink sink) {
        byte[] record = process.load(record(slot), CompletionRecord.IAA_SIZE);
        CompletionStatus status =
                CompletionStatus.of(node.kind(), (int) CompletionRecord.STATUS.get(record));
        if (status.partial() && resumed(slot, work, record)) {
            return;
        }
        sink.completed(work.tag(), total(work, codec.result(work.now(), record)));
    }

    private static JobResult total(Running work, JobResult last) {
        if (work.before() == 0) {
            return last;
        }
        boolean reads = work.whole().operation() != Operation.FILL;
        return new JobResult(
                last.status(),
                last.consumed() + (reads ? work.before() : 0),
                last.produced() + work.before(),
                last.value(),
                last.faultAddress());
    }

    private boolean resumed(int slot, Running work, byte[] record) {
        Optional<Job> rest = codec.rest(work.now(), record);
        if (rest.isEmpty() || !touched(record)) {
            return false;
        }
        long done = work.now().sourceLength() - rest.get().sourceLength();
        int attempts = work.attempts() + 1;
        return attempts <= codec.pages(work.whole(), process.pageSize()) + MORE_ATTEMPTS
                && begin(
                        slot,
                        new Running(
                                work.tag(),
                                work.whole(),
                                rest.get(),
                                work.before() + done,
                                attempts));
    }

    /** The process touches the page; a page that may only be read must not be written to. */
    private boolean touched(byte[] record) {
        long address = CompletionRecord.FAULT_ADDRESS.get(record);
        boolean write = CompletionRecord.WRITE_FAULT.get(record) == 1;
        try {
            if (write) {
                long page = address & -process.pageSize();
                process.madvise(page, process.pageSize(), Advice.POPULATE_WRITE);
            } else {
                process.load(address, 1);
            }
            return true;
        } catch (CpuFaultException | ErrnoException e) {
            return false;
        }
    }

    @Override
    public void await(Duration timeout) {
        LockSupport.parkNanos(Math.min(LOOK_NANOS, timeout.toNanos()));
    }

    @Override
    public void close(boolean present) {
        if (!present) {
            return;
        }
        try {
            process.munmap(records, memory());
        } catch (ErrnoException e) {
            // The process has ended, and its memory with it.
            return;
        }
    }
}
