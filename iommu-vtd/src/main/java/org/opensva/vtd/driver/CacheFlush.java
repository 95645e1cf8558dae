package org.opensva.vtd.driver;

import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.api.telemetry.InvalidationTrace.Phase;
import org.opensva.vtd.driver.Attachments.Attachment;
import org.opensva.vtd.driver.PendingWait.Outcome;
import org.opensva.vtd.driver.PendingWait.State;

import java.util.ArrayList;
import java.util.List;

/**
 * Removes what caches hold of a domain, and does not return before it is gone.
 *
 * <p>One submission holds the phases in their order: PASID cache, IOTLB, device-TLBs, with a wait
 * for each of the last two (Linux: {@code cache_tag_flush_range}). The hardware begins a phase
 * after the one before is complete (section 6.5.2.11), so that no fence is needed, which would hold
 * up whatever other threads submit: the IOTLB is clean before a device is told, for one that asks
 * again must not be given the old translation once more.
 */
final class CacheFlush {

    /** What of a domain is to go. */
    private enum Scope {
        /** Translations. */
        TRANSLATIONS,
        /** Translations, and the PASID entries themselves. */
        ENTRIES,
        /** Translations, and the page requests that are on their way. */
        PAGE_REQUESTS
    }

    /** How often a device may be silent, asked by itself, until it counts as dead. */
    private static final int PATIENCE = 2;

    private final DriverContext context;

    CacheFlush(DriverContext context) {
        this.context = context;
    }

    /** Removes the translations of a range. */
    void range(int domainId, Attachments targets, AddressRange range) {
        flush(domainId, targets, range, Scope.TRANSLATIONS);
    }

    /** Removes everything of entries that are no longer present (section 6.5.3.3). */
    void entries(int domainId, Attachments targets) {
        flush(domainId, targets, AddressRange.WHOLE, Scope.ENTRIES);
    }

    /**
     * The sequence that pushes page requests of a PASID out of the device and into the page-request
     * queue, and responses out of the unit (section 7.10; Linux: {@code
     * intel_iommu_drain_pasid_prq}).
     */
    void pageRequests(int domainId, Attachments targets) {
        flush(domainId, targets, AddressRange.WHOLE, Scope.PAGE_REQUESTS);
    }

    private void flush(int domainId, Attachments targets, AddressRange range, Scope scope) {
        if (targets.isEmpty()) {
            return;
        }
        List<Attachment> told = new ArrayList<>(targets.list().size());
        PendingWait devices = iotlb(domainId, targets, range, scope, told);
        if (told.isEmpty()) {
            require(context.queue().await(devices));
        } else {
            deviceTlbs(told, range, devices);
        }
    }

    /**
     * Submits everything, and returns once the IOTLB is clean.
     *
     * @param told becomes the attachments whose device was told
     * @return the last wait
     */
    private PendingWait iotlb(
            int domainId,
            Attachments targets,
            AddressRange range,
            Scope scope,
            List<Attachment> told) {
        try (Phase phase = context.trace().iotlb()) {
            AddressRange removed =
                    context.invalidations().collapses(range) ? AddressRange.WHOLE : range;
            DescriptorBatch batch = new DescriptorBatch();
            while (true) {
                batch.clear();
                told.clear();
                encode(batch, domainId, targets, range, scope, told);
                for (int pasid : targets.pasids()) {
                    record(Kind.IOTLB_INVALIDATE, -1, pasid, removed);
                }
                List<PendingWait> waits = context.queue().submit(batch);
                Outcome outcome = await(phase, waits.getFirst());
                if (outcome.state() != State.TIMED_OUT) {
                    require(outcome);
                    if (scope == Scope.ENTRIES) {
                        for (Attachment attachment : targets.list()) {
                            context.events()
                                    .record(
                                            Kind.CONFIGURATION_SYNC,
                                            attachment.device().source(),
                                            attachment.pasid(),
                                            0,
                                            0);
                        }
                    }
                    context.events().record(Kind.IOTLB_SYNC, -1, -1, 0, 0);
                    return waits.getLast();
                }
                // Another device has been silent, and took this wait with it: once more.
            }
        }
    }

    private Outcome await(Phase phase, PendingWait wait) {
        try (Phase _ = phase.sync()) {
            return context.queue().await(wait);
        }
    }

    private void encode(
            DescriptorBatch batch,
            int domainId,
            Attachments targets,
            AddressRange range,
            Scope scope,
            List<Attachment> told) {
        Invalidations invalidations = context.invalidations();
        if (scope == Scope.PAGE_REQUESTS) {
            // Responses that were submitted before are out.
            batch.fence();
        }
        for (int pasid : targets.pasids()) {
            if (scope == Scope.ENTRIES) {
                invalidations.pasidCache(batch, domainId, pasid);
            }
            invalidations.iotlb(batch, domainId, pasid, range);
        }
        batch.await(false);
        for (Attachment attachment : targets.list()) {
            if (attachment.device().hasDeviceTlb()) {
                invalidations.deviceTlb(
                        batch,
                        attachment.device().source(),
                        attachment.device().invalidationsNeeded(),
                        attachment.pasid(),
                        range);
                told.add(attachment);
            }
        }
        if (!told.isEmpty() || scope == Scope.PAGE_REQUESTS) {
            batch.await(scope == Scope.PAGE_REQUESTS);
        }
    }

    private void deviceTlbs(List<Attachment> told, AddressRange range, PendingWait wait) {
        try (Phase phase = context.trace().atc()) {
            for (Attachment attachment : told) {
                phase.told(attachment.device().source(), attachment.pasid());
                record(
                        Kind.ATC_INVALIDATE,
                        attachment.device().source(),
                        attachment.pasid(),
                        range);
            }
            Outcome outcome = await(phase, wait);
            if (outcome.state() == State.TIMED_OUT) {
                for (Attachment attachment : told) {
                    askAgain(
                            attachment.device(),
                            batch ->
                                    context.invalidations()
                                            .deviceTlb(
                                                    batch,
                                                    attachment.device().source(),
                                                    attachment.device().invalidationsNeeded(),
                                                    attachment.pasid(),
                                                    AddressRange.WHOLE));
                }
            } else {
                require(outcome);
            }
            context.events().record(Kind.ATC_SYNC, -1, -1, 0, 0);
        }
    }

    /** Empties the device-TLB of a PASID whose entry has become present. */
    void published(int domainId, Attachment attachment) {
        Attachments one = Attachments.NONE.with(attachment);
        if (context.unit().cachingMode()) {
            // That the entry was not present may be cached (section 6.1).
            entries(domainId, one);
        } else if (attachment.device().hasDeviceTlb()) {
            DescriptorBatch batch = new DescriptorBatch();
            context.invalidations()
                    .deviceTlb(
                            batch,
                            attachment.device().source(),
                            attachment.device().invalidationsNeeded(),
                            attachment.pasid(),
                            AddressRange.WHOLE);
            batch.await(false);
            deviceTlbs(
                    List.of(attachment),
                    AddressRange.WHOLE,
                    context.queue().submit(batch).getLast());
        }
    }

    /** Empties the device-TLB of a device. */
    void device(VtdDevice device) {
        try (Phase phase = context.trace().atc()) {
            phase.told(device.source(), Pasid.NONE);
            record(Kind.ATC_INVALIDATE, device.source(), Pasid.NONE, AddressRange.WHOLE);
            try (Phase _ = phase.sync()) {
                askAgain(
                        device,
                        batch ->
                                context.invalidations()
                                        .deviceTlbAll(
                                                batch,
                                                device.source(),
                                                device.invalidationsNeeded()));
            }
            context.events().record(Kind.ATC_SYNC, -1, -1, 0, 0);
        }
    }

    private interface Request {
        void encode(DescriptorBatch batch);
    }

    /**
     * Asks one device by itself. One that stays silent may keep stale translations, so that nothing
     * of it is let through any more. The time-out of another device says nothing about this one.
     */
    private void askAgain(VtdDevice device, Request request) {
        int silences = 0;
        while (device.hasDeviceTlb()) {
            DescriptorBatch batch = new DescriptorBatch();
            request.encode(batch);
            Outcome outcome = context.queue().submitAndWait(batch);
            if (outcome.state() != State.TIMED_OUT) {
                require(outcome);
                return;
            }
            // Hardware before revision 4 does not tell the source.
            boolean blamed = outcome.source() == device.source() || outcome.source() == 0;
            if (blamed && ++silences == PATIENCE) {
                device.isolate();
            }
        }
    }

    /** Waits for invalidations of entries that concern one device alone. */
    void context(int source) {
        Outcome outcome;
        do {
            DescriptorBatch batch = new DescriptorBatch();
            context.invalidations().context(batch, source);
            outcome = context.queue().submitAndWait(batch);
        } while (outcome.state() == State.TIMED_OUT);
        require(outcome);
    }

    private static void require(Outcome outcome) {
        if (outcome.state() == State.REFUSED) {
            throw new ErrnoException(
                    Errno.EIO, "invalidation", "the hardware refuses a descriptor (FSTS.IQE)");
        }
    }

    private void record(Kind kind, int requester, int pasid, AddressRange range) {
        context.events().record(kind, requester, pasid, range.start(), range.length());
    }
}
