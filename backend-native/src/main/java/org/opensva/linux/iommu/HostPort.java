package org.opensva.linux.iommu;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.AgentPort;
import org.opensva.api.ats.DevicePort;
import org.opensva.api.ats.InvalidateCompletion;
import org.opensva.api.ats.InvalidateRequest;
import org.opensva.api.ats.PageGroupResponse;
import org.opensva.api.ats.PageRequest;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.linux.mm.TranslatedMemory;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * One device's end of the link at the host.
 *
 * <p>Translated accesses lead to what {@link TranslatedSpace} knows; everything else names a PASID.
 * There are no page requests: the kernel makes pages present while it walks.
 *
 * <p><b>Threading.</b> Any thread may call. Invalidations take turns.
 */
final class HostPort implements AgentPort {

    private static final System.Logger LOG = System.getLogger(HostPort.class.getName());

    private static final int ITAG = 0;
    private static final int MAX_PIECE = 1 << 16;

    private final RequesterId requester;
    private final DevicePort device;
    private final TranslatedSpace translated;
    private final HardwareEventSink events;
    private final AtomicReferenceArray<@Nullable Attachment> pasids;
    private final boolean ats;

    /** A device that takes longer to complete an invalidation is cut off for good. */
    private final Duration limit;

    private final Object invalidating = new Object();
    private final LongAdder translations = new LongAdder();
    private final LongAdder invalidations = new LongAdder();
    private volatile @Nullable CountDownLatch pending;
    private volatile boolean cut;

    HostPort(
            RequesterId requester,
            DevicePort device,
            TranslatedSpace translated,
            HardwareEventSink events,
            int pasidBits,
            boolean ats,
            Duration limit) {
        this.ats = ats;
        this.limit = limit;
        this.requester = requester;
        this.device = device;
        this.translated = translated;
        this.events = events;
        pasids = new AtomicReferenceArray<>(1 << pasidBits);
    }

    int maxPasids() {
        return pasids.length();
    }

    private @Nullable Attachment attachment(int pasid) {
        return pasid > 0 && pasid < pasids.length() && !cut ? pasids.get(pasid) : null;
    }

    /** Makes a PASID lead to an address space. */
    void attach(int pasid, Attachment attachment) {
        if (!pasids.compareAndSet(pasid, null, attachment)) {
            throw new IllegalStateException("PASID " + pasid + " is in use");
        }
        record(HardwareEvent.Kind.PASID_ENTRY_SET, pasid);
        // Whatever a device may have kept of an earlier owner of the number.
        invalidate(pasid, AddressRange.WHOLE);
    }

    private void record(HardwareEvent.Kind kind, int pasid) {
        events.record(kind, requester.value(), pasid, 0, 0);
    }

    /** Makes a PASID lead nowhere, with nothing of it cached or under way when this returns. */
    void detach(int pasid, Attachment attachment) {
        record(HardwareEvent.Kind.PASID_ENTRY_CLEARED, pasid);
        end(pasid, attachment);
        pasids.compareAndSet(pasid, attachment, null);
        invalidate(pasid, AddressRange.WHOLE);
    }

    /** The address space dies: its accesses are aborted, and the PASID stays taken. */
    void quiesce(int pasid, Attachment attachment) {
        record(HardwareEvent.Kind.PASID_ENTRY_QUIESCED, pasid);
        end(pasid, attachment);
        invalidate(pasid, AddressRange.WHOLE);
    }

    private void end(int pasid, Attachment attachment) {
        attachment.end();
        finishWalks(pasid, attachment, AddressRange.WHOLE);
        record(HardwareEvent.Kind.CONFIGURATION_SYNC, pasid);
    }

    /**
     * Waits for the accesses under way. The pages that the kernel holds while it moves bytes are
     * what an IOTLB would hold here: afterwards every access walks the tables as they are now.
     */
    void finishWalks(int pasid, Attachment attachment, AddressRange range) {
        long length = range.isWhole() ? -1 : range.length();
        events.record(HardwareEvent.Kind.IOTLB_INVALIDATE, -1, pasid, range.start(), length);
        attachment.space().settle();
        events.record(HardwareEvent.Kind.IOTLB_SYNC, -1, pasid, 0, 0);
    }

    /**
     * Has the device forget a range, and waits until it has. A device that does not say so in time
     * is cut off: nothing it still holds can be used through this port.
     */
    void invalidate(int pasid, AddressRange range) {
        int size = sizeShift(range);
        long start = size == 64 ? 0 : range.start() & -(1L << size);
        synchronized (invalidating) {
            if (cut || !ats) {
                return;
            }
            invalidations.increment();
            long length = range.isWhole() ? -1 : range.length();
            events.record(
                    HardwareEvent.Kind.ATC_INVALIDATE,
                    requester.value(),
                    pasid,
                    range.start(),
                    length);
            CountDownLatch done = new CountDownLatch(1);
            pending = done;
            boolean complete = false;
            try {
                device.invalidate(new InvalidateRequest(ITAG, pasid, start, size, false));
                complete = await(done);
            } catch (RuntimeException e) {
                LOG.log(System.Logger.Level.ERROR, "device " + requester + " is broken", e);
            }
            pending = null;
            if (!complete && !cut) {
                cut = true;
                LOG.log(
                        System.Logger.Level.ERROR,
                        "device {0} has not completed an invalidation within {1} s and is cut off",
                        requester,
                        limit.toSeconds());
                return;
            }
            events.record(HardwareEvent.Kind.ATC_SYNC, requester.value(), pasid, 0, 0);
        }
    }

    /** The smallest power of two whose aligned block holds the range. */
    static int sizeShift(AddressRange range) {
        if (range.isWhole()) {
            return 64;
        }
        long different = range.start() ^ (range.end() - 1);
        return Math.max(12, 64 - Long.numberOfLeadingZeros(different));
    }

    private boolean await(CountDownLatch done) {
        boolean interrupted = false;
        long deadline = System.nanoTime() + limit.toNanos();
        try {
            while (true) {
                try {
                    return done.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** The device is unplugged: nothing comes from it any more, and nobody waits for it. */
    void disconnect() {
        cut = true;
        CountDownLatch waiting = pending;
        if (waiting != null) {
            waiting.countDown();
        }
    }

    @Override
    public void complete(InvalidateCompletion completion) {
        CountDownLatch waiting = pending;
        if (waiting != null && (completion.itagVector() & 1 << ITAG) != 0) {
            waiting.countDown();
        }
    }

    /** Nobody serves page requests here; the last one of a group is denied (FAULT-21). */
    @Override
    public void request(PageRequest request) {
        if (request.last() && !request.isStopMarker()) {
            device.respond(
                    new PageGroupResponse(
                            request.pasid(), request.groupIndex(), PageResponse.INVALID_REQUEST));
        }
    }

    @Override
    public int translate(int pasid, int access, long address, long[] entries) {
        translations.increment();
        if (!ats) {
            return UNSUPPORTED_REQUEST;
        }
        Attachment attachment = attachment(pasid);
        if (attachment == null || !attachment.getAsBoolean()) {
            return COMPLETER_ABORT;
        }
        entries[0] =
                (access & Access.PRIVILEGED) == 0
                        ? attachment.space().translate(address, translated)
                        : TranslationEntry.of(0, 12, 0);
        return 1;
    }

    @Override
    public long read(int pasid, int access, long address, byte[] target, int offset, int length) {
        Attachment attachment = attachment(pasid);
        return attachment == null
                ? DmaResult.of(DmaStatus.ABORTED, 0)
                : attachment.space().read(attachment, access, address, target, offset, length);
    }

    @Override
    public long write(int pasid, int access, long address, byte[] source, int offset, int length) {
        Attachment attachment = attachment(pasid);
        return attachment == null
                ? DmaResult.of(DmaStatus.ABORTED, 0)
                : attachment.space().write(attachment, access, address, source, offset, length);
    }

    @Override
    public long readTranslated(long address, byte[] target, int offset, int length) {
        TranslatedMemory memory = cut || !ats ? null : translated.target(address);
        return memory == null || length > MAX_PIECE
                ? DmaResult.of(DmaStatus.ABORTED, 0)
                : memory.read(TranslatedSpace.offset(address), target, offset, length);
    }

    @Override
    public long writeTranslated(long address, byte[] source, int offset, int length) {
        TranslatedMemory memory = cut || !ats ? null : translated.target(address);
        return memory == null || length > MAX_PIECE
                ? DmaResult.of(DmaStatus.ABORTED, 0)
                : memory.write(TranslatedSpace.offset(address), source, offset, length);
    }

    long count(HardwareCounter counter) {
        return switch (counter) {
            case TRANSLATIONS -> translations.sum();
            case ATC_INVALIDATIONS -> invalidations.sum();
            default -> 0;
        };
    }
}
