package org.opensva.uacce.engine;

import org.opensva.api.accelerator.Algorithm;
import org.opensva.api.accelerator.Engine;
import org.opensva.api.accelerator.EngineSession;
import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobExecution;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.iommu.DmaPort;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;

import java.util.HashMap;
import java.util.Map;

/** Memory from an odd address on, of which a range can be taken away; it runs jobs on itself. */
final class FlatMemory implements DmaPort, JobExecution {

    static final long BASE = 0x7f12_3456_7003L;

    final byte[] bytes;
    long holeStart = -1;
    long holeEnd = -1;
    DmaStatus holeStatus = DmaStatus.NOT_PERMITTED;
    int accesses;
    int cancelAfter = Integer.MAX_VALUE;

    final Map<Integer, EngineSession> sessions = new HashMap<>();
    private Job job = Job.nop();
    private int completions;
    JobStatus status;
    private long consumed;
    private long produced;
    private long value;
    private long faultAddress;

    FlatMemory(int size) {
        bytes = new byte[size];
    }

    static long at(long offset) {
        return BASE + offset;
    }

    void put(int offset, byte[] data) {
        System.arraycopy(data, 0, bytes, offset, data.length);
    }

    byte[] get(int offset, int length) {
        return java.util.Arrays.copyOfRange(bytes, offset, offset + length);
    }

    void hole(long start, long end) {
        holeStart = start;
        holeEnd = end;
    }

    /** Runs without making anything. */
    void execute(Engine engine, Job next) {
        job = next;
        completions = 0;
        engine.execute(this);
    }

    JobResult run(Engine engine, Job next) {
        execute(engine, next);
        if (completions != 1) {
            throw new AssertionError(completions + " completions");
        }
        return new JobResult(status, consumed, produced, value, faultAddress);
    }

    private int reachable(long address, int length) {
        long from = address - BASE;
        if (from < 0 || from > bytes.length) {
            return 0;
        }
        long end = Math.min(bytes.length, from + length);
        if (holeStart >= 0 && from < holeEnd && end > holeStart) {
            end = Math.max(from, holeStart);
        }
        return (int) (end - from);
    }

    private long result(int moved, int length) {
        return moved == length ? DmaResult.complete(moved) : DmaResult.of(holeStatus, moved);
    }

    @Override
    public long read(int pasid, int access, long address, byte[] target, int offset, int length) {
        accesses++;
        int moved = reachable(address, length);
        if (moved > 0) {
            System.arraycopy(bytes, (int) (address - BASE), target, offset, moved);
        }
        return result(moved, length);
    }

    @Override
    public long write(int pasid, int access, long address, byte[] source, int offset, int length) {
        accesses++;
        int moved = reachable(address, length);
        if (moved > 0) {
            System.arraycopy(source, offset, bytes, (int) (address - BASE), moved);
        }
        return result(moved, length);
    }

    @Override
    public Operation operation() {
        return job.operation();
    }

    @Override
    public long source() {
        return job.source();
    }

    @Override
    public long sourceLength() {
        return job.sourceLength();
    }

    @Override
    public long destination() {
        return job.destination();
    }

    @Override
    public long destinationCapacity() {
        return job.destinationCapacity();
    }

    @Override
    public long argument() {
        return job.argument();
    }

    @Override
    public Algorithm algorithm() {
        return job.algorithm();
    }

    @Override
    public int flags() {
        return job.flags();
    }

    @Override
    public long parameters() {
        return job.parameters();
    }

    @Override
    public EngineSession session(int number) {
        return sessions.get(number);
    }

    @Override
    public boolean keep(int number, EngineSession session) {
        EngineSession old =
                session == null ? sessions.remove(number) : sessions.put(number, session);
        if (old != null && old != session) {
            old.close();
        }
        return true;
    }

    @Override
    public int pasid() {
        return 7;
    }

    @Override
    public DmaPort dma() {
        return this;
    }

    @Override
    public boolean cancelled() {
        return accesses >= cancelAfter;
    }

    @Override
    public void complete(
            JobStatus newStatus, long used, long made, long newValue, long newFaultAddress) {
        completions++;
        status = newStatus;
        consumed = used;
        produced = made;
        value = newValue;
        faultAddress = newFaultAddress;
    }
}
