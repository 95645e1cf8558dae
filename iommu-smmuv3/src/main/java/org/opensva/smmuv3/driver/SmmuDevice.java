package org.opensva.smmuv3.driver;

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
import org.opensva.api.telemetry.InvalidationTrace.Phase;
import org.opensva.smmuv3.driver.SmmuDomain.Attachment;
import org.opensva.smmuv3.layout.CommandEncoder;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.StreamTableEntry;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * A device behind the SMMU: its stream table entry, its context table, its bound PASIDs.
 *
 * <p>The device's monitor orders binding and unbinding. It is taken before a domain's, never after.
 */
final class SmmuDevice implements AttachedDevice {

    private final DriverContext context;
    private final SmmuV3Driver driver;
    private final DeviceFunction function;
    private final PageFaultHandler faults;
    private final int streamId;
    private final int pasidBits;
    private final boolean usesAts;
    private final boolean usesPri;
    private final boolean usesStall;
    private final ContextTable contexts;
    private final HitlessWriter contextWriter;
    private final HitlessWriter streamWriter;
    private final Map<Integer, SmmuDomain> bound = new HashMap<>();
    private final Set<PageFaultGroup> pending = ConcurrentHashMap.newKeySet();

    private volatile boolean atsEnabled;
    private volatile boolean isolated;
    private boolean closed;

    SmmuDevice(
            DriverContext context,
            SmmuV3Driver driver,
            DeviceFunction function,
            PageFaultHandler faults) {
        this.context = context;
        this.driver = driver;
        this.function = function;
        this.faults = faults;
        Identity smmu = context.identity();
        this.streamId = function.requester().value();
        this.pasidBits = Math.min(function.pasidBits(), smmu.pasidBits());
        this.usesAts = pasidBits > 0 && smmu.ats() && function.supportsAts();
        this.usesPri = usesAts && smmu.pri() && function.supportsPri();
        this.usesStall = !usesPri && smmu.stalls() && function.supportsStall();
        this.contextWriter =
                new HitlessWriter(
                        context.memory(), Entries::usedOfContext, ContextDescriptor.V.mask());
        this.streamWriter =
                new HitlessWriter(
                        context.memory(), Entries::usedOfStream, StreamTableEntry.V.mask());
        this.contexts =
                new ContextTable(
                        context.memory(), context.frames(), pasidBits, smmu.twoLevelContexts());
        try {
            writeStream(Entries.blockedStream());
            if (pasidBits > 0) {
                function.setPasidEnabled(true);
            }
        } catch (RuntimeException e) {
            contexts.free();
            throw e;
        }
    }

    int streamId() {
        return streamId;
    }

    boolean atsEnabled() {
        return atsEnabled;
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
        return usesPri || usesStall;
    }

    @Override
    public synchronized void bind(Pasid pasid, SvaDomain domain) {
        String operation = "bind(" + function.name() + ", " + pasid + ")";
        if (!(domain instanceof SmmuDomain smmuDomain) || !smmuDomain.uses(context.commands())) {
            throw new ErrnoException(
                    Errno.EINVAL, operation, "the domain belongs to another IOMMU");
        }
        if (closed || isolated || !function.isPresent()) {
            throw new ErrnoException(Errno.ENODEV, operation, "the device is gone or isolated");
        }
        if (pasid.value() == 0 || pasid.value() >= maxPasids()) {
            throw new ErrnoException(
                    Errno.EINVAL,
                    operation,
                    pasidBits == 0 ? "it has no PASIDs" : "allowed: 1 to " + (maxPasids() - 1));
        }
        if (bound.containsKey(pasid.value())) {
            throw new ErrnoException(Errno.EBUSY, operation, "the PASID is bound already");
        }
        Attachment attachment = new Attachment(this, pasid.value());
        boolean first = bound.isEmpty();
        smmuDomain.attach(attachment, () -> publish(pasid.value(), smmuDomain, first));
        bound.put(pasid.value(), smmuDomain);
    }

    /**
     * Makes a PASID translate: its context first, then the stream if it is the first, then a clean
     * ATC.
     */
    private void publish(int pasid, SmmuDomain domain, boolean first) {
        long entry = contexts.entry(pasid, () -> sync(batch -> cfgiCd(batch, pasid, false)));
        boolean stall = usesStall || context.identity().stallsAlways();
        long[] words =
                Entries.processContext(
                        domain.tables(), domain.tag(), context.identity().outputBits(), stall);
        if (first && usesAts) {
            // Whoever reads the flag from here on sends invalidations to this device.
            atsEnabled = true;
        }
        contextWriter.write(entry, words, () -> sync(batch -> cfgiCd(batch, pasid, true)));
        context.events().record(Kind.PASID_ENTRY_SET, streamId, pasid, 0, -1);
        if (!first) {
            if (atsEnabled) {
                emptyAtc(pasid, batch -> Invalidations.atcPasid(batch, streamId, pasid));
            }
            return;
        }
        try {
            boolean stallsDisabled =
                    !usesStall && context.identity().stalls() && !context.identity().stallsAlways();
            writeStream(Entries.translatedStream(contexts, usesAts, stallsDisabled));
            if (usesAts) {
                // Nothing of a former life may be in the ATC when it is switched on (section
                // 3.9.2).
                emptyAtc(Pasid.NONE, batch -> Invalidations.atcAll(batch, streamId));
                function.setAtsEnabled(true);
                if (usesPri) {
                    function.setPriEnabled(true, SmmuV3Driver.OUTSTANDING_PAGE_REQUESTS);
                }
            }
        } catch (RuntimeException e) {
            silence();
            clear(pasid);
            throw e;
        }
    }

    @Override
    public synchronized void unbind(Pasid pasid) {
        SmmuDomain domain = bound.get(pasid.value());
        if (domain == null) {
            throw new ErrnoException(
                    Errno.EINVAL,
                    "unbind(" + function.name() + ", " + pasid + ")",
                    "the PASID is not bound");
        }
        domain.detach(new Attachment(this, pasid.value()), () -> clear(pasid.value()));
        bound.remove(pasid.value());
        if (bound.isEmpty()) {
            silence();
        }
        // What the hardware had queued before the entry died is handed on now, not later.
        driver.drainQueues();
    }

    /** Makes a PASID's context invalid, then empties the ATC, which cannot be refilled any more. */
    private void clear(int pasid) {
        long entry = contexts.entry(pasid, () -> {});
        contextWriter.write(
                entry,
                new long[ContextDescriptor.WORDS],
                () -> sync(batch -> cfgiCd(batch, pasid, true)));
        context.events().record(Kind.PASID_ENTRY_CLEARED, streamId, pasid, 0, -1);
        context.events().record(Kind.CONFIGURATION_SYNC, streamId, pasid, 0, 0);
        if (atsEnabled) {
            emptyAtc(pasid, batch -> Invalidations.atcPasid(batch, streamId, pasid));
        }
    }

    private void emptyAtc(int pasid, Consumer<CommandBatch> commands) {
        try (Phase phase = context.trace().atc()) {
            phase.told(streamId, pasid);
            context.events().record(Kind.ATC_INVALIDATE, streamId, pasid, 0, -1);
            CommandBatch batch = new CommandBatch();
            for (int i = 0; i < invalidationsNeeded(); i++) {
                commands.accept(batch);
            }
            CommandQueue queue = context.commands();
            boolean silent;
            try (Phase _ = phase.sync()) {
                silent =
                        queue.invalidateAtcs(batch) == CommandQueue.Outcome.ATC_TIMEOUT
                                && queue.askAlone(batch) == CommandQueue.Outcome.ATC_TIMEOUT;
            }
            if (silent) {
                isolate();
            }
            context.events().record(Kind.ATC_SYNC, -1, -1, 0, 0);
        }
    }

    /**
     * Back to what it was before the first bind: page requests and ATS off, the ATC empty, the
     * stream blocked (section 3.9.2).
     */
    private void silence() {
        if (usesPri) {
            function.setPriEnabled(false, 0);
        }
        if (usesAts) {
            function.setAtsEnabled(false);
            if (!isolated) {
                emptyAtc(Pasid.NONE, batch -> Invalidations.atcAll(batch, streamId));
            }
            atsEnabled = false;
        }
        writeStream(Entries.blockedStream());
    }

    /**
     * The device's address space has died: the PASID stays taken, and aborts. Called by its domain.
     */
    void quiesce(int pasid, SmmuDomain domain) {
        long entry = contexts.entry(pasid, () -> {});
        contextWriter.write(
                entry,
                Entries.quiescedContext(
                        domain.tables(),
                        domain.tag(),
                        context.identity().outputBits(),
                        context.identity().stallsAlways()),
                () -> sync(batch -> cfgiCd(batch, pasid, true)));
    }

    /**
     * The device does not obey: nothing of it is let through any more, translated requests
     * included.
     */
    void isolate() {
        synchronized (streamWriter) {
            if (isolated) {
                return;
            }
            isolated = true;
        }
        atsEnabled = false;
        writeStream(Entries.blockedStream());
        driver.reportIsolated(this);
        context.trace().isolated(function.name(), function.requester().value());
    }

    /** An isolated device stays blocked, whatever else was under way. */
    private void writeStream(long[] wanted) {
        synchronized (streamWriter) {
            writeStreamLocked(isolated ? Entries.blockedStream() : wanted);
        }
    }

    private void writeStreamLocked(long[] words) {
        long entry = context.streams().entry(streamId, () -> sync(batch -> cfgiSte(batch, false)));
        streamWriter.write(entry, words, () -> sync(batch -> cfgiSte(batch, true)));
    }

    private void cfgiSte(CommandBatch batch, boolean leaf) {
        int at = batch.next();
        CommandEncoder.cfgiSte(batch.words(), at, streamId, leaf);
    }

    private void cfgiCd(CommandBatch batch, int pasid, boolean leaf) {
        int at = batch.next();
        CommandEncoder.cfgiCd(batch.words(), at, streamId, pasid, leaf);
    }

    private void sync(Consumer<CommandBatch> commands) {
        CommandBatch batch = new CommandBatch();
        commands.accept(batch);
        context.commands().submitAndSync(batch);
    }

    /** Hands a group on to whoever serves faults. */
    void report(PageFaultGroup group) {
        pending.add(group);
        context.events()
                .record(
                        Kind.PAGE_REQUEST,
                        streamId,
                        group.pasid(),
                        group.faults().getFirst().address(),
                        group.faults().size());
        faults.report(this, group);
    }

    @Override
    public void respond(PageFaultGroup group, PageResponse response) {
        if (!pending.remove(group)) {
            return;
        }
        context.events().record(Kind.PAGE_RESPONSE, streamId, group.pasid(), 0, response.code());
        answer(group, response);
    }

    private void answer(PageFaultGroup group, PageResponse response) {
        CommandBatch batch = new CommandBatch();
        int at = batch.next();
        if (group.stalled()) {
            boolean retry = response == PageResponse.SUCCESS;
            CommandEncoder.resume(batch.words(), at, streamId, group.tag(), retry, !retry);
        } else {
            driver.encodePageResponse(batch.words(), at, streamId, group, response);
        }
        context.commands().submit(batch);
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
        if (pasidBits > 0) {
            function.setPasidEnabled(false);
        }
        contexts.free();
        // From here on it can be attached again, and nothing is reported that nobody would answer.
        driver.forget(this);
        for (PageFaultGroup group : Set.copyOf(pending)) {
            respond(group, PageResponse.INVALID_REQUEST);
        }
    }

    @Override
    public String toString() {
        return function.name() + " (stream " + Integer.toUnsignedString(streamId) + ")";
    }
}
