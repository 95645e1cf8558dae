package org.opensva.api.backend;

import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.process.ProcessHost;

import java.util.List;
import java.util.Optional;

/**
 * A platform that is up and running: processes, an IOMMU, accelerators.
 *
 * <p><b>Threading.</b> Any thread may call. Two open backends never influence each other, unless
 * they stand for the same hardware.
 */
public interface Backend extends AutoCloseable {

    /**
     * Who it is and what it claims.
     *
     * @return fixed for the life of the backend
     */
    BackendDescriptor descriptor();

    /**
     * Where processes come from.
     *
     * @return the host
     */
    ProcessHost processes();

    /**
     * The accelerators, in a stable order.
     *
     * @return at least one; two or more if {@link Capability#TWO_DEVICES} is claimed
     */
    List<Accelerator> accelerators();

    /**
     * A look inside.
     *
     * @return present if and only if {@link Capability#INTROSPECTION} is claimed
     */
    Optional<Introspection> introspection();

    /**
     * The parts that it is made of, for tests of one part.
     *
     * @return the parts, empty if the backend keeps them to itself
     */
    default Optional<MachineParts> parts() {
        return Optional.empty();
    }

    /**
     * The schedule of a backend that runs one of its threads at a time.
     *
     * @return the schedule, empty if threads run freely
     */
    default Optional<Schedule> schedule() {
        return Optional.empty();
    }

    /**
     * Memory pressure on demand.
     *
     * @return present if and only if {@link Capability#MEMORY_PRESSURE} is claimed
     */
    default Optional<MemoryPressure> memoryPressure() {
        return Optional.empty();
    }

    /**
     * Ends processes, devices and threads, and frees memory, also after a failure. Never fails;
     * closing again does nothing.
     */
    @Override
    void close();
}
