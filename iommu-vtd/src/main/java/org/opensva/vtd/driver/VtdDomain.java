package org.opensva.vtd.driver;

import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.PageTable;
import org.opensva.api.process.PageTableFormat;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.vtd.driver.Attachments.Attachment;

import java.util.OptionalInt;

/**
 * The translation of one address space: a domain id, and the devices that use it. It is the MMU
 * notifier of the address space.
 *
 * <p>Attaching and invalidating may run at the same time. An attachment joins the list before its
 * entry becomes present. An invalidation reads the list after the page tables have changed, and
 * again after the IOTLB is clean, for a device that joins meanwhile may be served from the IOTLB
 * under the tag of another. So either the invalidation sees the attachment, or the attachment's
 * first walk sees the new tables.
 */
final class VtdDomain implements SvaDomain, AddressSpaceListener {

    private final DriverContext context;
    private final CacheFlush flush;
    private final AddressSpace addressSpace;
    private final PageTable tables;
    private final int domainId;
    private final AddressSpace.Subscription subscription;

    /** Replaced under the domain's monitor; read without it. */
    private volatile Attachments attachments = Attachments.NONE;

    /** Set under the domain's monitor. */
    private boolean released;

    private boolean closed;

    VtdDomain(DriverContext context, AddressSpace addressSpace, PageTable tables) {
        this.context = context;
        this.flush = new CacheFlush(context);
        this.addressSpace = addressSpace;
        this.tables = tables;
        this.domainId = context.domainIds().allocate();
        try {
            this.subscription = addressSpace.subscribe(this);
        } catch (RuntimeException e) {
            context.domainIds().free(domainId);
            throw e;
        }
    }

    @Override
    public AddressSpace addressSpace() {
        return addressSpace;
    }

    PageTable tables() {
        return tables;
    }

    /** Width of canonical addresses. */
    int addressBits() {
        return tables.format() == PageTableFormat.X86_64_5LEVEL ? 57 : 48;
    }

    int domainId() {
        return domainId;
    }

    /** The domain id: what is cached under it and a PASID that is not bound, nobody reaches. */
    @Override
    public OptionalInt asid() {
        return OptionalInt.of(domainId);
    }

    boolean uses(InvalidationQueue queue) {
        return context.queue().equals(queue);
    }

    /**
     * Adds an attachment and makes its entry present, with no release in between.
     *
     * @param attachment the device and PASID
     * @param publish writes the entry, and undoes what it did if it fails
     */
    synchronized void attach(Attachment attachment, Runnable publish) {
        String operation = "bind address space " + addressSpace.id();
        if (released || closed) {
            throw new ErrnoException(Errno.EINVAL, operation, "it has no users left");
        }
        if (!context.domainIds().claim(domainId, attachment.pasid(), this)) {
            throw new ErrnoException(
                    Errno.ENOSPC,
                    operation,
                    "domain ids are shared, and PASID %d is in use under this one"
                            .formatted(attachment.pasid()));
        }
        attachments = attachments.with(attachment);
        record(Kind.SUBSCRIBED, attachment);
        try {
            publish.run();
        } catch (RuntimeException e) {
            leave(attachment);
            throw e;
        }
    }

    /**
     * Ends an attachment, with no release in between: the entry is not present any more, then
     * everything cached of it goes, then it is zeroed. After a release there is only the parked
     * entry to zero.
     */
    synchronized void detach(Attachment attachment) {
        VtdDevice device = attachment.device();
        if (released) {
            device.zero(attachment.pasid(), false);
            record(Kind.PASID_ENTRY_CLEARED, attachment);
            if (context.unit().cachingMode()) {
                flush.entries(domainId, Attachments.NONE.with(attachment));
            }
        } else {
            device.disable(attachment.pasid(), false);
            record(Kind.PASID_ENTRY_CLEARED, attachment);
            flush.entries(domainId, Attachments.NONE.with(attachment));
            device.zero(attachment.pasid(), false);
        }
        leave(attachment);
    }

    private void leave(Attachment attachment) {
        attachments = attachments.without(attachment);
        context.domainIds().unclaim(domainId, attachment.pasid());
        record(Kind.UNSUBSCRIBED, attachment);
    }

    @Override
    public void invalidate(AddressRange range) {
        traced(
                range,
                () -> {
                    Attachments before = attachments;
                    flush.range(domainId, before, range);
                    Attachments after = attachments;
                    if (after != before) {
                        flush.range(domainId, after.minus(before), range);
                    }
                });
    }

    /**
     * Every device goes quiet at once (Linux: {@code intel_mm_release}): no entry is present, and
     * none records a fault, so that a device that goes on is aborted without noise. Parked entries
     * stay until they are unbound.
     */
    @Override
    public void release() {
        traced(AddressRange.WHOLE, this::park);
    }

    private synchronized void park() {
        released = true;
        for (Attachment attachment : attachments.list()) {
            attachment.device().disable(attachment.pasid(), true);
            record(Kind.PASID_ENTRY_QUIESCED, attachment);
        }
        flush.entries(domainId, attachments);
        for (Attachment attachment : attachments.list()) {
            attachment.device().zero(attachment.pasid(), true);
        }
    }

    private void traced(AddressRange range, Runnable body) {
        context.trace().invalidation(addressSpace.id(), range.start(), range.length(), body);
    }

    private void record(Kind kind, Attachment attachment) {
        AddressRange all = AddressRange.WHOLE;
        context.events()
                .record(
                        kind,
                        attachment.device().source(),
                        attachment.pasid(),
                        all.start(),
                        all.length());
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            if (!attachments.isEmpty()) {
                throw new IllegalStateException(
                        "the domain is still bound to "
                                + attachments.list().size()
                                + " devices; unbind them first");
            }
            closed = true;
        }
        subscription.close();
        context.domainIds().free(domainId);
    }
}
