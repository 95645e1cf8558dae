package org.opensva.smmuv3.driver;

import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.PageTable;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.api.telemetry.InvalidationTrace.Phase;
import org.opensva.smmuv3.layout.Granule;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * The translation of one address space: an ASID, and the devices that use it. It is the MMU
 * notifier of the address space.
 *
 * <p>Attaching and invalidating may run at the same time. An attachment joins the list before its
 * context becomes valid, and an invalidation reads the list after the page tables have changed and
 * the IOTLB is clean; so either the invalidation sees the attachment, or the attachment's first
 * walk sees the new tables. The same holds for the processors' broadcasts where the ASID is theirs:
 * it is pinned before any context has it.
 */
final class SmmuDomain implements SvaDomain, AddressSpaceListener {

    /** One PASID of one device. */
    record Attachment(SmmuDevice device, int pasid) {}

    private final DriverContext context;
    private final AddressSpace addressSpace;
    private final PageTable tables;
    private final Granule granule;
    private final AsidAllocator.Tag tag;
    private final AddressSpace.Subscription subscription;

    /** Replaced as a whole under the domain's monitor; read without it. */
    private volatile List<Attachment> attachments = List.of();

    /** Set under the domain's monitor. */
    private boolean released;

    private boolean closed;

    SmmuDomain(DriverContext context, AddressSpace addressSpace, PageTable tables) {
        this.context = context;
        this.addressSpace = addressSpace;
        this.tables = tables;
        this.granule = Entries.granule(tables.granule());
        this.tag = context.asids().take(addressSpace);
        try {
            this.subscription = addressSpace.subscribe(this);
        } catch (RuntimeException e) {
            tag.end().run();
            throw e;
        }
    }

    @Override
    public AddressSpace addressSpace() {
        return addressSpace;
    }

    @Override
    public OptionalInt asid() {
        return OptionalInt.of(tag.asid());
    }

    PageTable tables() {
        return tables;
    }

    AsidAllocator.Tag tag() {
        return tag;
    }

    boolean uses(CommandQueue commands) {
        return context.commands().equals(commands);
    }

    /**
     * Adds an attachment and makes its context valid, with no release in between.
     *
     * @param attachment the device and PASID
     * @param publish writes the context
     */
    synchronized void attach(Attachment attachment, Runnable publish) {
        if (released || closed) {
            throw new ErrnoException(
                    Errno.EINVAL,
                    "bind address space " + addressSpace.id(),
                    "it has no users left");
        }
        List<Attachment> before = attachments;
        List<Attachment> after = new ArrayList<>(before);
        after.add(attachment);
        attachments = List.copyOf(after);
        record(Kind.SUBSCRIBED, attachment, AddressRange.WHOLE);
        try {
            publish.run();
        } catch (RuntimeException e) {
            attachments = before;
            record(Kind.UNSUBSCRIBED, attachment, AddressRange.WHOLE);
            throw e;
        }
    }

    /**
     * Makes an attachment's context invalid and removes the attachment, with no release in between.
     */
    synchronized void detach(Attachment attachment, Runnable clear) {
        clear.run();
        List<Attachment> after = new ArrayList<>(attachments);
        after.remove(attachment);
        attachments = List.copyOf(after);
        record(Kind.UNSUBSCRIBED, attachment, AddressRange.WHOLE);
    }

    /** A change of the page tables; processors have told the IOTLB if they share the ASID. */
    @Override
    public void invalidate(AddressRange range) {
        invalidate(range, !tag.shared());
    }

    private void invalidate(AddressRange range, boolean iotlb) {
        context.trace()
                .invalidation(
                        addressSpace.id(),
                        range.start(),
                        range.length(),
                        () -> {
                            CommandBatch batch = new CommandBatch();
                            if (iotlb) {
                                invalidateIotlb(batch, range);
                            }
                            // The IOTLB is clean and complete before any ATC is told: a device that
                            // asks again must not be given the old translation once more.
                            invalidateAtcs(batch, range);
                        });
    }

    private void invalidateIotlb(CommandBatch batch, AddressRange range) {
        try (Phase phase = context.trace().iotlb()) {
            boolean whole = context.invalidations().collapses(range, granule);
            if (whole) {
                context.invalidations().wholeTag(batch, tag.asid());
            } else {
                context.invalidations().range(batch, tag.asid(), range, granule);
            }
            AddressRange told = whole ? AddressRange.WHOLE : range;
            context.events().record(Kind.IOTLB_INVALIDATE, -1, -1, told.start(), told.length());
            try (Phase _ = phase.sync()) {
                context.commands().submitAndSync(batch);
            }
            context.events().record(Kind.IOTLB_SYNC, -1, -1, 0, 0);
        }
    }

    private void invalidateAtcs(CommandBatch batch, AddressRange range) {
        List<Attachment> now = attachments;
        if (!anyTranslates(now)) {
            return;
        }
        try (Phase phase = context.trace().atc()) {
            batch.clear();
            for (Attachment attachment : now) {
                SmmuDevice device = attachment.device();
                if (device.atsEnabled()) {
                    for (int i = 0; i < device.invalidationsNeeded(); i++) {
                        Invalidations.atcRange(batch, device.streamId(), attachment.pasid(), range);
                    }
                    phase.told(device.streamId(), attachment.pasid());
                    record(Kind.ATC_INVALIDATE, attachment, range);
                }
            }
            CommandQueue.Outcome outcome;
            try (Phase _ = phase.sync()) {
                outcome = context.commands().invalidateAtcs(batch);
            }
            if (outcome == CommandQueue.Outcome.ATC_TIMEOUT) {
                isolateSilent(now);
            }
            context.events().record(Kind.ATC_SYNC, -1, -1, 0, 0);
        }
    }

    private static boolean anyTranslates(List<Attachment> attachments) {
        for (Attachment attachment : attachments) {
            if (attachment.device().atsEnabled()) {
                return true;
            }
        }
        return false;
    }

    /**
     * One of several devices did not answer. Each is asked again by itself, for everything of its
     * PASID; those that stay silent may keep stale translations, so that nothing of theirs is let
     * through any more (section 3.9.1.4).
     */
    private void isolateSilent(List<Attachment> asked) {
        for (Attachment attachment : asked) {
            SmmuDevice device = attachment.device();
            if (device.atsEnabled()) {
                CommandBatch batch = new CommandBatch();
                for (int i = 0; i < device.invalidationsNeeded(); i++) {
                    Invalidations.atcPasid(batch, device.streamId(), attachment.pasid());
                }
                if (context.commands().askAlone(batch) == CommandQueue.Outcome.ATC_TIMEOUT) {
                    device.isolate();
                }
            }
        }
    }

    /**
     * Every device goes quiet at once: contexts stay valid and abort, then all that is cached goes
     * (Linux: {@code arm_smmu_mm_release}).
     */
    @Override
    public void release() {
        synchronized (this) {
            released = true;
            for (Attachment attachment : attachments) {
                attachment.device().quiesce(attachment.pasid(), this);
                record(Kind.PASID_ENTRY_QUIESCED, attachment, AddressRange.WHOLE);
            }
        }
        invalidate(AddressRange.WHOLE, true);
    }

    private void record(Kind kind, Attachment attachment, AddressRange range) {
        context.events()
                .record(
                        kind,
                        attachment.device().streamId(),
                        attachment.pasid(),
                        range.start(),
                        range.length());
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
                                + attachments.size()
                                + " devices; unbind them first");
            }
            closed = true;
        }
        subscription.close();
        invalidateIotlb(new CommandBatch(), AddressRange.WHOLE);
        tag.end().run();
    }
}
