package org.opensva.api.backend;

import org.opensva.api.iommu.FaultRecord;
import org.opensva.api.telemetry.CounterSource;
import org.opensva.api.telemetry.HardwareEvent;

import java.util.List;
import java.util.Optional;

/**
 * A look inside a backend, for white-box rules, statistics and timelines.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public interface Introspection extends CounterSource {

    /**
     * Turns the recording of events on or off. It is off at first, and turning it on clears what
     * was recorded before.
     *
     * @param on the new state
     */
    void recordEvents(boolean on);

    /**
     * The events recorded so far, in order.
     *
     * @return a copy
     */
    List<HardwareEvent> events();

    /**
     * How many events were recorded since recording was turned on, those included that are not kept
     * any more: the {@link HardwareEvent#sequence} of the next one. Cheap enough to be asked at
     * every step of a test, so that what a test did can be put in order with what hardware did.
     *
     * @return 0 or more
     */
    default long recordedEvents() {
        List<HardwareEvent> kept = events();
        return kept.isEmpty() ? 0 : kept.getLast().sequence() + 1;
    }

    /**
     * The faults that the IOMMU recorded since the backend was opened and that were not page faults
     * to be served; the oldest may be lost after some thousands.
     *
     * @return a copy
     */
    List<FaultRecord> faultRecords();

    /**
     * Looks for stale translations: what the IOTLB of an IOMMU, the ATC of a device or the TLB of a
     * processor holds and the page tables that it came from do not allow any more. Whatever narrows
     * a mapping returns only when there are none of it, so that this may be asked at any time.
     *
     * @return a line for each, at most some dozens; empty if the backend cannot look
     */
    default Optional<List<String>> staleTranslations() {
        return Optional.empty();
    }

    /**
     * What is in use now, by name: frames, PASIDs, bonds, processes, open queues, pending page
     * faults. After everything was closed each is back at what it was before.
     *
     * @return a snapshot with stable names
     */
    java.util.SortedMap<String, Long> resources();
}
