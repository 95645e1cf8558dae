package org.opensva.linux.iommu;

import io.opentelemetry.context.Scope;

import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace.Subscription;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.api.telemetry.InvalidationTrace;
import org.opensva.api.telemetry.InvalidationTrace.Phase;
import org.opensva.linux.mm.HostAddressSpace;

/**
 * The bond of a device and an address space (Linux: {@code iommu_sva}): it has the device's ATC
 * follow the changes of the address space, from before the first translation until after the last.
 */
final class Bond implements AddressSpaceListener {

    private final HostPort port;
    private final RequesterId requester;
    private final HostAddressSpace space;
    private final int pasid;
    private final HardwareEventSink events;
    private final InvalidationTrace trace;
    private final Attachment attachment;
    private final Subscription hold;
    private final Subscription changes;

    /** Guarded by the binder's lock of the address space. */
    private int references = 1;

    /**
     * Binds.
     *
     * @throws org.opensva.api.process.ErrnoException {@code EINVAL} if the address space is dying;
     *     nothing is left behind then
     */
    Bond(
            HostPort port,
            RequesterId requester,
            HostAddressSpace space,
            int pasid,
            HardwareEventSink events,
            InvalidationTrace trace) {
        this.trace = trace;
        this.port = port;
        this.requester = requester;
        this.space = space;
        this.pasid = pasid;
        this.events = events;
        attachment = new Attachment(space);
        hold = space.hold();
        boolean done = false;
        try {
            changes = space.subscribe(this);
            record(HardwareEvent.Kind.SUBSCRIBED);
            port.attach(pasid, attachment);
            if (!space.isAlive()) {
                // The release may have come before the entry.
                port.quiesce(pasid, attachment);
            }
            done = true;
        } finally {
            if (!done) {
                hold.close();
            }
        }
    }

    private void record(HardwareEvent.Kind kind) {
        events.record(kind, requester.value(), pasid, 0, 0);
    }

    RequesterId requester() {
        return requester;
    }

    HostAddressSpace space() {
        return space;
    }

    int pasid() {
        return pasid;
    }

    void addReference() {
        references++;
    }

    boolean dropReference() {
        return --references == 0;
    }

    @Override
    public void invalidate(AddressRange range) {
        // The kernel's events are served by a thread of their own.
        try (Scope _ = space.cause().makeCurrent()) {
            trace.invalidation(
                    space.id(), range.start(), range.length(), () -> invalidateNow(range));
        }
    }

    private void invalidateNow(AddressRange range) {
        try (Phase _ = trace.iotlb()) {
            port.finishWalks(pasid, attachment, range);
        }
        try (Phase phase = trace.atc()) {
            phase.told(requester.value(), pasid);
            port.invalidate(pasid, range);
        }
    }

    @Override
    public void release() {
        port.quiesce(pasid, attachment);
    }

    /** The device has stopped using the PASID. */
    void dissolve() {
        record(HardwareEvent.Kind.UNBIND_BEGIN);
        port.detach(pasid, attachment);
        changes.close();
        record(HardwareEvent.Kind.UNSUBSCRIBED);
        record(HardwareEvent.Kind.UNBIND_END);
    }

    /** Last, with no lock held: it may end the identity, and free the PASID. */
    void letGo() {
        hold.close();
    }
}
