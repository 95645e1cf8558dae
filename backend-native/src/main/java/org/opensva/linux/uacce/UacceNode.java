package org.opensva.linux.uacce;

import org.opensva.api.iommu.RequesterId;
import org.opensva.linux.node.PciPlace;
import org.opensva.linux.uacce.spec.LoopDescriptor;
import org.opensva.linux.uacce.spec.QueueManager;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * What sysfs says about a device ({@code Documentation/ABI/testing/sysfs-driver-uacce}).
 *
 * @param name for example {@code hisi_zip-0}
 * @param directory where its attributes are
 * @param node its device node
 * @param api name and version of the queue format
 * @param flags bit 0: queues are bound to address spaces ({@code UACCE_DEV_SVA})
 * @param algorithms what it says it can do
 * @param mmioSize of the MMIO region in bytes; 0 if it has none
 * @param sharedSize of the SHARED region in bytes; 0 if it has none
 * @param function the PCI function behind it, for example {@code 0000:75:00.0}; empty if it is none
 */
public record UacceNode(
        String name,
        Path directory,
        Path node,
        String api,
        long flags,
        List<String> algorithms,
        long mmioSize,
        long sharedSize,
        String function) {

    private static final long SVA = 1;

    /** Copies the list. */
    public UacceNode {
        algorithms = List.copyOf(algorithms);
    }

    /**
     * Tells whether its queues are bound to address spaces.
     *
     * @return bit 0 of the flags, by which the kernel binds through an IOMMU; the loop module,
     *     behind which there is none, binds by itself
     */
    public boolean sva() {
        return (flags & SVA) != 0 || api.equals(LoopDescriptor.API);
    }

    /**
     * Tells whether the attribute {@code flags} says what the calls do.
     *
     * @return false for the loop module, which cannot have the flag that it would need
     */
    public boolean flagsTellTheTruth() {
        return sva() == ((flags & SVA) != 0);
    }

    /**
     * The driver that the device belongs to.
     *
     * @return the name without its number
     */
    String driver() {
        int dash = name.lastIndexOf('-');
        return dash < 0 ? name : name.substring(0, dash);
    }

    /** Version of the queue manager; that of the loop module behaves as one. */
    OptionalInt version() {
        return api.equals(LoopDescriptor.API)
                ? OptionalInt.of(LoopDescriptor.DOORBELL_VERSION)
                : QueueManager.version(api);
    }

    RingPair.Doorbell doorbell() {
        int version = version().orElse(0);
        return api.equals(LoopDescriptor.API)
                ? new RingPair.Doorbell(version, 0, LoopDescriptor.DOORBELL_STRIDE)
                : new RingPair.Doorbell(version, QueueManager.doorbellOffset(version), 0);
    }

    /** Who it is on the bus; a device that is not on one has the number 0. */
    RequesterId requester() {
        return PciPlace.requester(function);
    }
}
