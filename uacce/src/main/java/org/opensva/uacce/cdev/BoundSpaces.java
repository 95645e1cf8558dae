package org.opensva.uacce.cdev;

import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Which queues of a device belong to which address space. One subscription for each address space,
 * however many queues it has, so that an invalidation does not pay for them.
 *
 * <p><b>Threading.</b> {@link #add} and {@link #remove} are called under the lock of the device;
 * the death of an address space takes no lock.
 */
final class BoundSpaces {

    private final Map<Long, Space> spaces = new HashMap<>();

    /** Adds a queue; from now on it hears of the death of its address space. */
    void add(QueueFile file, AddressSpace addressSpace) {
        Space space = spaces.get(addressSpace.id());
        if (space != null) {
            space.queues.add(file);
        } else {
            Space created = new Space();
            created.queues.add(file);
            created.subscription = addressSpace.subscribe(created);
            spaces.put(addressSpace.id(), created);
        }
        if (!addressSpace.isAlive()) {
            // It may have died before the queue was in the list.
            file.spaceDied();
        }
    }

    /**
     * Removes a queue.
     *
     * @return true if it was the last one of its address space
     */
    boolean remove(QueueFile file, AddressSpace addressSpace) {
        Space space = spaces.get(addressSpace.id());
        if (space == null || !space.queues.remove(file) || !space.queues.isEmpty()) {
            return false;
        }
        spaces.remove(addressSpace.id());
        space.subscription.close();
        return true;
    }

    private static final class Space implements AddressSpaceListener {

        private final List<QueueFile> queues = new CopyOnWriteArrayList<>();
        private AddressSpace.Subscription subscription = () -> {};

        /** The device holds no translation here: those in its ATC are the IOMMU driver's to end. */
        @Override
        public void invalidate(AddressRange range) {}

        @Override
        public void release() {
            queues.forEach(QueueFile::spaceDied);
        }
    }
}
