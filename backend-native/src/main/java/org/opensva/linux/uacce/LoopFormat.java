package org.opensva.linux.uacce;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.JobResult;
import org.opensva.api.accelerator.JobStatus;
import org.opensva.api.accelerator.Operation;
import org.opensva.linux.uacce.spec.LoopDescriptor;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Descriptors of {@code opensva_loop}. */
final class LoopFormat implements QueueFormat {

    private final Set<Operation> operations = EnumSet.of(Operation.NOP);

    /** Knows what the attribute {@code algorithms} says. */
    LoopFormat(List<String> algorithms) {
        for (Operation operation : Operation.values()) {
            if (algorithms.contains(operation.id())) {
                operations.add(operation);
            }
        }
    }

    @Override
    public int descriptorSize() {
        return LoopDescriptor.SIZE;
    }

    @Override
    public SortedMap<Integer, Set<Operation>> operations() {
        return new TreeMap<>(Map.of(0, operations));
    }

    @Override
    public Encoding encode(int tag, Job job) {
        if (job.flags() != 0 || !operations.contains(job.operation())) {
            return new Refusal(JobStatus.UNSUPPORTED);
        }
        byte[] descriptor = new byte[LoopDescriptor.SIZE];
        LoopDescriptor.OPERATION.set(descriptor, job.operation().code());
        LoopDescriptor.TAG.set(descriptor, tag);
        LoopDescriptor.SOURCE.set(descriptor, job.source());
        LoopDescriptor.DESTINATION.set(descriptor, job.destination());
        LoopDescriptor.LENGTH.set(descriptor, job.sourceLength());
        LoopDescriptor.ARGUMENT.set(descriptor, job.argument());
        boolean reads = job.operation() != Operation.FILL;
        boolean writes = job.operation() != Operation.CRC32C;
        if (writes && job.destinationCapacity() < job.sourceLength()) {
            return new Refusal(JobStatus.DESTINATION_FULL);
        }
        return new Work(descriptor, done -> result(done, reads, writes));
    }

    private static JobResult result(byte[] done, boolean reads, boolean writes) {
        JobStatus status = JobStatus.ofCode((int) LoopDescriptor.STATUS.get(done));
        long bytes = LoopDescriptor.DONE.get(done);
        return new JobResult(
                status,
                reads ? bytes : 0,
                writes ? bytes : 0,
                reads && !writes ? LoopDescriptor.ARGUMENT.get(done) : 0,
                status == JobStatus.PAGE_FAULT ? LoopDescriptor.FAULT_ADDRESS.get(done) : 0);
    }
}
