package com.acme.iommu;

import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.memory.BusErrorException;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareEvent.Kind;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The translation of one address space, with an IOTLB of its own.
 *
 * <p>A translation is looked up and used inside {@link #guard}'s read lock, which an invalidation
 * takes for writing: so when it has it, nobody uses what it is about to remove. The ATCs come after
 * that, or they would be filled again from the IOTLB.
 */
final class AcmeDomain implements SvaDomain, AddressSpaceListener {

    /** A PASID of a device that translates through this domain. */
    record Attachment(AcmeDevice device, int pasid) {}

    private static final int PAGE_SHIFT = 12;
    private static final long PAGE = 1 << PAGE_SHIFT;
    private static final int ENTRIES = 4096;

    private final AcmeIommu iommu;
    private final AddressSpace space;
    private final long root;
    private final Map<Long, Long> iotlb = new ConcurrentHashMap<>();
    private final ReadWriteLock guard = new ReentrantReadWriteLock();
    private final List<Attachment> attachments = new CopyOnWriteArrayList<>();
    private final AddressSpace.Subscription subscription;
    private volatile boolean released;

    AcmeDomain(AcmeIommu iommu, AddressSpace space, long root) {
        this.iommu = iommu;
        this.space = space;
        this.root = root;
        this.subscription = space.subscribe(this);
    }

    ReadWriteLock guard() {
        return guard;
    }

    boolean belongsTo(AcmeIommu other) {
        return iommu == other;
    }

    boolean isReleased() {
        return released;
    }

    @Override
    public AddressSpace addressSpace() {
        return space;
    }

    /** What {@link Walk} says of an address; called inside the guard. */
    long translate(long address, boolean writes) {
        if (released || !Walk.isCanonical(address)) {
            return 0;
        }
        long page = address & -PAGE;
        Long cached = iotlb.get(page);
        if (cached != null && (!writes || Access.writes(cached.intValue()))) {
            return cached;
        }
        try {
            long found = Walk.translate(iommu.memory(), root, address, writes);
            if (found != 0) {
                if (iotlb.size() >= ENTRIES) {
                    iotlb.clear();
                }
                iotlb.put(page, found);
            }
            return found;
        } catch (BusErrorException e) {
            return 0;
        }
    }

    /** Joins those that are told of changes, then makes the PASID live. */
    synchronized void attach(Attachment attachment, Runnable publish) {
        if (released) {
            throw new ErrnoException(Errno.EINVAL, "bind", "the address space has no users left");
        }
        attachments.add(attachment);
        record(Kind.SUBSCRIBED, attachment);
        try {
            publish.run();
        } catch (RuntimeException e) {
            leave(attachment);
            throw e;
        }
    }

    /** The PASID is dead, then everything cached of it goes, then nobody is told any more. */
    synchronized void detach(Attachment attachment) {
        attachment.device().link().unbind(attachment.pasid());
        record(Kind.PASID_ENTRY_CLEARED, attachment);
        if (!released) {
            flush(List.of(attachment), AddressRange.WHOLE, true);
        }
        leave(attachment);
    }

    private void leave(Attachment attachment) {
        attachments.remove(attachment);
        record(Kind.UNSUBSCRIBED, attachment);
    }

    @Override
    public void invalidate(AddressRange range) {
        flush(attachments, range, false);
    }

    /** Every device goes quiet; who goes on is aborted, and nothing is recorded of it. */
    @Override
    public synchronized void release() {
        released = true;
        attachments.forEach(attachment -> record(Kind.PASID_ENTRY_QUIESCED, attachment));
        flush(attachments, AddressRange.WHOLE, true);
    }

    /**
     * Whoever joins the list while this runs has not walked yet, and will see the new tables.
     *
     * @param entries true if what is known of PASIDs goes as well as what is known of pages
     */
    private void flush(List<Attachment> targets, AddressRange range, boolean entries) {
        for (Attachment target : targets) {
            iommu.record(Kind.IOTLB_INVALIDATE, -1, target.pasid(), range.start(), range.length());
        }
        guard.writeLock().lock();
        try {
            long first = range.start() & -PAGE;
            long pages = (range.end() - 1 - first >>> PAGE_SHIFT) + 1;
            if (pages > ENTRIES) {
                iotlb.clear();
            } else {
                for (int i = 0; i < pages; i++) {
                    iotlb.remove(first + i * PAGE);
                }
            }
        } finally {
            guard.writeLock().unlock();
        }
        if (entries) {
            targets.forEach(target -> record(Kind.CONFIGURATION_SYNC, target));
        }
        iommu.record(Kind.IOTLB_SYNC, -1, -1, 0, 0);
        boolean told = false;
        for (Attachment target : targets) {
            told |= target.device().invalidateAtc(target.pasid(), range);
        }
        if (told) {
            iommu.record(Kind.ATC_SYNC, -1, -1, 0, 0);
        }
    }

    private void record(Kind kind, Attachment attachment) {
        int requester = attachment.device().function().requester().value();
        iommu.record(kind, requester, attachment.pasid(), 0, -1);
    }

    @Override
    public void close() {
        subscription.close();
    }
}
