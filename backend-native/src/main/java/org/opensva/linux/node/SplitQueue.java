package org.opensva.linux.node;

import org.opensva.api.accelerator.Job;
import org.opensva.api.accelerator.Operation;

import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * Several queues of the hardware as one: a device whose queues are each for some operations only,
 * so that a process needs one of each kind.
 *
 * <p><b>Threading.</b> As {@link DeviceQueue}.
 *
 * @param parts at least one; what no part does is given to the first, which refuses it
 */
public record SplitQueue(List<Part> parts) implements DeviceQueue {

    /**
     * A queue for some operations.
     *
     * @param operations which ones
     * @param queue the queue, owned from now on
     */
    public record Part(Set<Operation> operations, DeviceQueue queue) {

        /** Copies the set. */
        public Part {
            operations = Set.copyOf(operations);
        }
    }

    /** Copies the list. */
    public SplitQueue {
        parts = List.copyOf(parts);
    }

    /** One part may hold all that there is. */
    @Override
    public int depth() {
        return parts.stream().mapToInt(part -> part.queue().depth()).min().orElseThrow();
    }

    @Override
    public void start() {
        parts.forEach(part -> part.queue().start());
    }

    @Override
    public void stop() {
        parts.forEach(part -> part.queue().stop());
    }

    @Override
    public boolean submit(long tag, Job job) {
        for (Part part : parts) {
            if (part.operations().contains(job.operation())) {
                return part.queue().submit(tag, job);
            }
        }
        return parts.getFirst().queue().submit(tag, job);
    }

    @Override
    public void collect(Sink sink) {
        parts.forEach(part -> part.queue().collect(sink));
    }

    /** Each in turn; what happens in another one meanwhile is seen a little later. */
    @Override
    public void await(Duration timeout) {
        Duration share = timeout.dividedBy(parts.size());
        parts.forEach(part -> part.queue().await(share));
    }

    @Override
    public void close(boolean present) {
        parts.forEach(part -> part.queue().close(present));
    }
}
