package org.opensva.api.backend;

import org.opensva.api.ats.EndpointFactory;
import org.opensva.api.ats.TranslationAgent;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.memory.FrameAllocator;

import java.util.List;
import java.util.Optional;

/**
 * The parts that a backend is made of, where they are parts of this interface's packages: for tests
 * that take the place of a part's neighbour. A test plugs a device of its own into the IOMMU, or
 * puts itself in the place of the IOMMU under an endpoint, and so sees every message between the
 * two.
 *
 * <p>Every part is optional: what a backend does not show cannot be judged, and nothing else
 * follows from it.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public interface MachineParts {

    /**
     * Places on the bus where the machine itself plugs nothing in, behind the IOMMU that {@link
     * #translationAgent} and {@link #iommuDriver} are of.
     *
     * @return requester ids, always the same ones; empty if no device can be added
     */
    default List<RequesterId> freeRequesters() {
        return List.of();
    }

    /**
     * Where a device is plugged in.
     *
     * @return the hardware side of the IOMMU of {@link #freeRequesters}
     */
    default Optional<TranslationAgent> translationAgent() {
        return Optional.empty();
    }

    /**
     * The driver of that IOMMU.
     *
     * @return what attaches a device and makes domains
     */
    default Optional<IommuDriver> iommuDriver() {
        return Optional.empty();
    }

    /**
     * The vendor-neutral core, which serves the page faults of what it binds. A device that is not
     * present any more is forgotten with its last bond.
     *
     * @return what binds address spaces to devices
     */
    default Optional<SvaBinder> binder() {
        return Optional.empty();
    }

    /**
     * What makes the bus interfaces of this backend's devices.
     *
     * @return a factory that makes more of them, to be plugged in anywhere
     */
    default Optional<EndpointFactory> endpoints() {
        return Optional.empty();
    }

    /**
     * Where the machine's memory comes from.
     *
     * @return the allocator that page tables and pages are taken from
     */
    default Optional<FrameAllocator> frames() {
        return Optional.empty();
    }

    /**
     * Has an action carried out after every store that the IOMMU's driver makes to memory, in the
     * driver's thread: between any two words of a table entry. The action may have a device access
     * memory; it must not call the driver.
     *
     * @param action what to do, once at a time
     * @return closing it ends the observation; empty if stores cannot be observed
     */
    default Optional<Observation> afterEveryDriverStore(Runnable action) {
        return Optional.empty();
    }

    /** Something that goes on until it is closed; closing it again does nothing. */
    interface Observation extends AutoCloseable {
        @Override
        void close();
    }
}
