package org.opensva.vtd.driver;

import org.jspecify.annotations.Nullable;
import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageFaultHandler;
import org.opensva.api.iommu.PageResponse;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareEvent.Kind;
import org.opensva.vtd.driver.Attachments.Attachment;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A device behind the remapping unit: its context entry, its PASID tables, its bound PASIDs.
 *
 * <p>The device's monitor orders binding and unbinding. It is taken before a domain's, never after;
 * the lock of the context entry is taken last, and held around its invalidation.
 */
final class VtdDevice implements AttachedDevice {

    /** How often draining begins anew because other devices keep the queue overflowing. */
    private static final int DRAIN_REPEATS = 16;

    private final DriverContext context;
    private final VtdDriver driver;
    private final CacheFlush flush;
    private final DeviceFunction function;
    private final PageFaultHandler faults;
    private final int source;
    private final int pasidBits;
    private final boolean usesAts;
    private final boolean usesPri;
    private final long contextEntry;
    private final PasidTables tables;
    private final Map<Integer, VtdDomain> bound = new ConcurrentHashMap<>();

    /** Groups without an answer; how many, should a device repeat one. */
    private final Map<PageFaultGroup, Integer> pending = new ConcurrentHashMap<>();

    private final Object contextLock = new Object();
    private volatile boolean atsEnabled;
    private volatile boolean isolated;
    private boolean closed;

    VtdDevice(
            DriverContext context,
            VtdDriver driver,
            DeviceFunction function,
            PageFaultHandler faults) {
        this.context = context;
        this.driver = driver;
        this.flush = new CacheFlush(context);
        this.function = function;
        this.faults = faults;
        Capabilities unit = context.unit();
        this.source = function.requester().value();
        this.pasidBits = Math.min(function.pasidBits(), unit.pasidBits());
        this.usesAts = pasidBits > 0 && unit.deviceTlbs() && function.supportsAts();
        this.usesPri = usesAts && unit.pageRequests() && function.supportsPri();
        this.contextEntry = context.root().contextEntry(source);
        this.tables = new PasidTables(context.memory(), context.frames(), pasidBits);
        try {
            writeContext(false);
            if (unit.cachingMode()) {
                // That there was no context entry may be cached (section 6.1).
                flush.context(source);
            }
            if (pasidBits > 0) {
                function.setPasidEnabled(true);
            }
        } catch (RuntimeException e) {
            removeContext();
            tables.free();
            throw e;
        }
    }

    /** The source id: the requester. */
    int source() {
        return source;
    }

    /** Whether the device is to be told of invalidations. One that is gone cannot be. */
    boolean hasDeviceTlb() {
        return atsEnabled && !isolated && function.isPresent();
    }

    @Nullable VtdDomain domain(int pasid) {
        return bound.get(pasid);
    }

    /** How often the device has to be told the same. */
    int invalidationsNeeded() {
        return function.invalidationsNeeded();
    }

    @Override
    public DeviceFunction function() {
        return function;
    }

    @Override
    public int maxPasids() {
        return pasidBits == 0 ? 0 : 1 << pasidBits;
    }

    @Override
    public boolean recoversFaults() {
        return usesPri;
    }

    @Override
    public synchronized void bind(Pasid pasid, SvaDomain domain) {
        String operation = "bind(" + function.name() + ", " + pasid + ")";
        if (!(domain instanceof VtdDomain vtdDomain) || !vtdDomain.uses(context.queue())) {
            throw new ErrnoException(
                    Errno.EINVAL, operation, "the domain belongs to another IOMMU");
        }
        if (closed || isolated || !function.isPresent()) {
            throw new ErrnoException(Errno.ENODEV, operation, "the device is gone or isolated");
        }
        if (pasid.value() == 0 || pasid.value() >= maxPasids()) {
            throw new ErrnoException(Errno.EINVAL, operation, "allowed: 1 to " + (maxPasids() - 1));
        }
        Attachment attachment = new Attachment(this, pasid.value());
        vtdDomain.attach(attachment, () -> publish(attachment, vtdDomain, operation));
        bound.put(pasid.value(), vtdDomain);
    }

    /**
     * Makes a PASID translate: the device may have a device-TLB from here on if this is the first
     * binding, then the entry, then a clean device-TLB.
     */
    private void publish(Attachment attachment, VtdDomain domain, String operation) {
        int pasid = attachment.pasid();
        long entry = tables.makeEntry(pasid);
        if (!Entries.isFree(context.memory(), entry)) {
            throw new ErrnoException(Errno.EBUSY, operation, "the PASID is bound already");
        }
        boolean first = bound.isEmpty();
        try {
            if (first) {
                enableAts();
            }
            Entries.publish(
                    context.memory(), entry, Entries.process(domain.tables(), domain.domainId()));
            context.events().record(Kind.PASID_ENTRY_SET, source, pasid, 0, -1);
            flush.published(domain.domainId(), attachment);
            if (isolated) {
                throw new ErrnoException(
                        Errno.ENODEV, operation, "the device completes no invalidation");
            }
        } catch (RuntimeException e) {
            disable(pasid, false);
            flush.entries(domain.domainId(), Attachments.NONE.with(attachment));
            zero(pasid, false);
            if (first) {
                disableAts();
            }
            throw e;
        }
    }

    /**
     * The order of PCI Express: ATS before page requests (PASIDs are on since the device was
     * attached). Nothing of a former life may be in the device-TLB when the first entry becomes
     * present.
     */
    private void enableAts() {
        if (!usesAts) {
            return;
        }
        writeContext(true);
        flush.context(source);
        function.setAtsEnabled(true);
        atsEnabled = true;
        flush.device(this);
        if (usesPri) {
            function.setPriEnabled(true, VtdDriver.OUTSTANDING_PAGE_REQUESTS);
        }
    }

    /**
     * Back to what it was before the first binding, in reverse: page requests off, then translation
     * requests off and the device-TLB empty, then the unit serves neither (section 4.5.2).
     */
    private void disableAts() {
        if (!usesAts) {
            return;
        }
        if (usesPri) {
            function.setPriEnabled(false, 0);
        }
        if (hasDeviceTlb()) {
            flush.device(this);
        }
        atsEnabled = false;
        function.setAtsEnabled(false);
        writeContext(false);
        flush.context(source);
    }

    @Override
    public synchronized void unbind(Pasid pasid) {
        VtdDomain domain = bound.get(pasid.value());
        if (domain == null) {
            throw new ErrnoException(
                    Errno.EINVAL,
                    "unbind(" + function.name() + ", " + pasid + ")",
                    "the PASID is not bound");
        }
        Attachment attachment = new Attachment(this, pasid.value());
        domain.detach(attachment);
        drainPageRequests(attachment, domain);
        bound.remove(pasid.value());
        if (bound.isEmpty()) {
            disableAts();
        }
        // Faults that the hardware recorded before the entry died are handed on now, not later.
        driver.handleFaults();
    }

    /**
     * No page request of the PASID is left anywhere when its number may be used again (section
     * 7.10; Linux: {@code intel_iommu_drain_pasid_prq}). What overflowed while it drained was
     * answered by the hardware, and what the device asked for again then has to be drained, too.
     */
    private void drainPageRequests(Attachment attachment, VtdDomain domain) {
        PageRequestHandler handler = driver.pageRequests();
        if (!usesPri || handler == null) {
            return;
        }
        Attachments one = Attachments.NONE.with(attachment);
        boolean overflowed = true;
        for (int i = 0; overflowed && i < DRAIN_REPEATS; i++) {
            handler.drain();
            flush.pageRequests(domain.domainId(), one);
            overflowed = handler.drain();
        }
        handler.forget(source, attachment.pasid());
    }

    /** Makes a PASID's entry not present. Called by its domain. */
    void disable(int pasid, boolean silent) {
        Entries.disable(context.memory(), tables.entry(pasid), silent);
    }

    /** Zeroes a PASID's entry, of which nothing is cached any more. Called by its domain. */
    void zero(int pasid, boolean parked) {
        Entries.zero(context.memory(), tables.entry(pasid), parked);
    }

    /**
     * The device does not obey: nothing of it is let through any more, translated requests
     * included. Its PASID entries stay until they are unbound; without a context entry nobody gets
     * to them.
     */
    void isolate() {
        synchronized (contextLock) {
            if (isolated) {
                return;
            }
            isolated = true;
            atsEnabled = false;
            Entries.unpublish(context.memory(), contextEntry, Entries.isolated());
        }
        flush.context(source);
        driver.reportIsolated(this);
        context.trace().isolated(function.name(), function.requester().value());
    }

    /** An isolated device stays blocked, whatever else was under way. */
    private void writeContext(boolean ats) {
        synchronized (contextLock) {
            if (!isolated) {
                Entries.publish(
                        context.memory(),
                        contextEntry,
                        Entries.context(tables, pasidBits > 0, ats, ats && usesPri));
            }
        }
    }

    /** No trace of the device is left in the unit. */
    private void removeContext() {
        synchronized (contextLock) {
            Entries.unpublish(context.memory(), contextEntry, Entries.isolated());
            flush.context(source);
            Entries.unpublish(context.memory(), contextEntry, new long[Entries.isolated().length]);
        }
    }

    /** Hands a group on to whoever serves faults. */
    void report(PageFaultGroup group) {
        pending.merge(group, 1, Integer::sum);
        context.events()
                .record(
                        Kind.PAGE_REQUEST,
                        source,
                        group.pasid(),
                        group.faults().getFirst().address(),
                        group.faults().size());
        faults.report(this, group);
    }

    @Override
    public void respond(PageFaultGroup group, PageResponse response) {
        if (!takePending(group)) {
            return;
        }
        context.events().record(Kind.PAGE_RESPONSE, source, group.pasid(), 0, response.code());
        driver.answer(group, response);
    }

    /** False for an answer that nobody owes. */
    private boolean takePending(PageFaultGroup group) {
        boolean[] taken = new boolean[1];
        pending.computeIfPresent(
                group,
                (_, count) -> {
                    taken[0] = true;
                    return count == 1 ? null : count - 1;
                });
        return taken[0];
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            for (int pasid : Set.copyOf(bound.keySet())) {
                unbind(new Pasid(pasid));
            }
            closed = true;
        }
        for (PageFaultGroup group : Set.copyOf(pending.keySet())) {
            while (pending.containsKey(group)) {
                respond(group, PageResponse.INVALID_REQUEST);
            }
        }
        driver.forget(this);
        removeContext();
        if (pasidBits > 0) {
            function.setPasidEnabled(false);
        }
        tables.free();
    }

    @Override
    public String toString() {
        return function.name() + " (" + function.requester() + ")";
    }
}
