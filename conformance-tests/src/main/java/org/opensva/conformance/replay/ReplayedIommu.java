package org.opensva.conformance.replay;

import org.opensva.api.ats.AgentPort;
import org.opensva.api.memory.MmioRegion;
import org.opensva.api.memory.PhysicalMemory;

import java.util.List;

/**
 * The IOMMU that a recording is carried out on. Used by one thread. An implementation for one kind
 * of IOMMU answers for what that kind has; what it does not have never happens.
 */
public interface ReplayedIommu extends AutoCloseable {

    /** Makes an IOMMU in its reset state. */
    @FunctionalInterface
    interface Factory {

        /**
         * Makes the IOMMU of a recording.
         *
         * @param recording the recording
         * @param memory the memory it sees
         * @return an IOMMU that claims what the recorded one claims, in its reset state
         * @throws IllegalArgumentException if it claims what cannot be done here; the message says
         *     what
         */
        ReplayedIommu create(Recording recording, PhysicalMemory memory);
    }

    /**
     * Its registers.
     *
     * @return where offsets of the recording count from
     */
    MmioRegion registers();

    /**
     * Connects a device.
     *
     * @param requester its StreamID or requester id
     * @return what the device sends to
     */
    AgentPort connect(int requester);

    /**
     * Counts a wired interrupt.
     *
     * @param line its name in recordings
     * @return how often it was raised since the last call for this line
     */
    int raised(String line);

    /**
     * The messages that the IOMMU has sent on its own account.
     *
     * @return those sent since the last call, in order
     */
    List<Step.Message> sent();

    /**
     * A device sends an interrupt message.
     *
     * @param requester the device
     * @param address the address it writes
     * @param data the data it writes
     * @return what becomes of it
     */
    Step.Delivery interrupt(int requester, long address, int data);

    @Override
    void close();
}
