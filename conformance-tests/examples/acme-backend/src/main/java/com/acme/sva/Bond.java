package com.acme.sva;

import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace.Subscription;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.FaultOutcome;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An address space bound to a device: the only way by which the device reaches memory. All queues
 * that one address space has on the device share one bond and so one PASID.
 *
 * <p>What it promises:
 *
 * <ul>
 *   <li>it hears of changes from before the first translation until after the last one;
 *   <li>{@link #invalidate} returns when the device has forgotten the range and has stopped using
 *       it;
 *   <li>{@link #release} silences the device at once and leaves the PASID taken: the number goes
 *       back with {@link #dissolve}, when nothing can use it any more.
 * </ul>
 */
final class Bond implements AddressSpaceListener {

    private final AcmeAddressSpace space;
    private final TranslationCache cache;
    private final Subscription hold;
    private final Subscription changes;
    private final Pasid pasid;
    private final List<AcmeQueue> queues = new CopyOnWriteArrayList<>();

    /**
     * Binds.
     *
     * @throws org.opensva.api.process.ErrnoException {@code EINVAL} if the address space has ended,
     *     {@code ENOSPC} if no PASID is left; then nothing is left behind
     */
    Bond(AcmeAddressSpace space, TranslationCache cache) {
        this.space = space;
        this.cache = cache;
        this.hold = space.hold();
        try {
            this.pasid = space.pasid();
            this.changes = space.subscribe(this);
        } catch (RuntimeException e) {
            hold.close();
            throw e;
        }
    }

    AcmeAddressSpace space() {
        return space;
    }

    Pasid pasid() {
        return pasid;
    }

    void add(AcmeQueue queue) {
        queues.add(queue);
        if (!space.isAlive()) {
            // The release may have run before the queue was in the list.
            queue.die();
        }
    }

    /** Removes a queue; true if it was the last one. */
    boolean remove(AcmeQueue queue) {
        queues.remove(queue);
        return queues.isEmpty();
    }

    /**
     * The device touches the page of an address, asking for a translation as often as it loses one.
     *
     * @return what became of the request: {@link FaultOutcome#RESOLVED} if the page was touched
     */
    FaultOutcome use(long address, int access, TranslationCache.Use use) {
        while (!cache.use(pasid, address, access, use)) {
            FaultOutcome outcome =
                    space.translate(
                            address,
                            access,
                            (page, frame, granted) -> cache.insert(pasid, page, frame, granted));
            if (outcome != FaultOutcome.RESOLVED) {
                return outcome;
            }
        }
        return FaultOutcome.RESOLVED;
    }

    @Override
    public void invalidate(AddressRange range) {
        cache.invalidate(pasid, range);
    }

    /** The address space is dead: no translation is left, none can be had, and no job goes on. */
    @Override
    public void release() {
        cache.invalidate(pasid, AddressRange.WHOLE);
        queues.forEach(AcmeQueue::die);
    }

    /** Unbinds. The device has stopped working for this address space before. */
    void dissolve() {
        cache.invalidate(pasid, AddressRange.WHOLE);
        changes.close();
        hold.close();
    }
}
