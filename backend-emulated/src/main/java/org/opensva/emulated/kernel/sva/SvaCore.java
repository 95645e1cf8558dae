package org.opensva.emulated.kernel.sva;

import io.opentelemetry.api.trace.Span;

import org.opensva.api.iommu.AttachedDevice;
import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.IommuDriver;
import org.opensva.api.iommu.PageFaultGroup;
import org.opensva.api.iommu.PageFaultHandler;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.iommu.SvaDomain;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.ControlMeters;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.api.telemetry.KernelTracer;
import org.opensva.api.telemetry.Lane;
import org.opensva.api.telemetry.SvaAttributes;
import org.opensva.api.telemetry.SvaTelemetry;
import org.opensva.api.telemetry.WorkInProgress.Work;
import org.opensva.emulated.kernel.NumberSpace;
import org.opensva.emulated.kernel.mm.AddressSpaces;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Binds address spaces to devices and serves the devices' page faults, whatever the IOMMU (Linux:
 * {@code iommu_sva_bind_device}).
 *
 * <p>The PASID of an address space is chosen at its first bind and stays with it until its identity
 * ends: every bond holds the identity, so a number is never reused while a device may still use it.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class SvaCore implements SvaBinder, PageFaultHandler, AutoCloseable {

    private final AddressSpaces addressSpaces;
    private final IommuLookup iommus;
    private final Supplier<? extends PageFaultHandler> faultHandler;
    private final HardwareEventSink events;
    private final KernelTracer tracer;
    private final FaultService faults;

    /** One space for all devices (Linux: {@code iommu_global_pasid_ida}); 0 is never given. */
    private final NumberSpace pasids = new NumberSpace(1, Pasid.MAX);

    private final Map<RequesterId, ManagedDevice> devices = new ConcurrentHashMap<>();
    private final Map<Long, MmBonds> bonds = new ConcurrentHashMap<>();
    private final AtomicLong bondCount = new AtomicLong();

    /**
     * Creates the core without bonds. Threads of its own serve page faults.
     *
     * @param addressSpaces whose identities PASIDs are tied to
     * @param iommus which IOMMU a device is behind
     * @param faultHandler who devices report page faults to: this core, or what stands before it
     * @param events where events go
     * @param meters what page requests and their answers are counted with
     * @param tracer for spans
     */
    public SvaCore(
            AddressSpaces addressSpaces,
            IommuLookup iommus,
            Supplier<? extends PageFaultHandler> faultHandler,
            HardwareEventSink events,
            ControlMeters meters,
            KernelTracer tracer) {
        this(addressSpaces, iommus, faultHandler, events, meters, tracer, work -> false);
    }

    /**
     * Creates the core without bonds.
     *
     * @param addressSpaces whose identities PASIDs are tied to
     * @param iommus which IOMMU a device is behind
     * @param faultHandler who devices report page faults to: this core, or what stands before it
     * @param events where events go
     * @param meters what page requests and their answers are counted with
     * @param tracer for spans
     * @param afterHandlers takes work over that an interrupt handler leaves, or returns false
     */
    public SvaCore(
            AddressSpaces addressSpaces,
            IommuLookup iommus,
            Supplier<? extends PageFaultHandler> faultHandler,
            HardwareEventSink events,
            ControlMeters meters,
            KernelTracer tracer,
            Predicate<Runnable> afterHandlers) {
        this.addressSpaces = addressSpaces;
        this.iommus = iommus;
        this.faultHandler = faultHandler;
        this.events = events;
        this.tracer = tracer;
        this.faults = new FaultService(meters, tracer, afterHandlers);
    }

    @Override
    public SvaBond bind(DeviceFunction function, AddressSpace addressSpace) {
        return traced(
                SvaTelemetry.SPAN_BIND,
                function,
                addressSpace,
                () -> {
                    Bond bond = bindNow(function, addressSpace);
                    Span.current().setAttribute(SvaAttributes.PASID, (long) bond.pasid().value());
                    return new BondReference(this, bond);
                });
    }

    private Bond bindNow(DeviceFunction function, AddressSpace addressSpace) {
        String call = "bind(%s, address space %d)".formatted(function.name(), addressSpace.id());
        ManagedDevice device = managed(function, call);
        // Taken first: while it is held the PASID cannot go to anybody else.
        AddressSpace.Subscription hold = addressSpace.hold();
        boolean done = false;
        try {
            while (true) {
                MmBonds mm = bonds.computeIfAbsent(addressSpace.id(), id -> new MmBonds());
                mm.lock().lock();
                try {
                    // A failed bind may have dropped it while this thread waited.
                    if (mm.equals(bonds.get(addressSpace.id()))) {
                        Bond bond = bindLocked(call, device, addressSpace, mm, hold);
                        done = bond.hold().equals(hold);
                        return bond;
                    }
                } finally {
                    if (mm.pasid() < 0) {
                        // A failed first bind leaves no trace.
                        bonds.remove(addressSpace.id(), mm);
                    }
                    mm.lock().unlock();
                }
            }
        } finally {
            if (!done) {
                hold.close();
            }
        }
    }

    private Bond bindLocked(
            String call,
            ManagedDevice device,
            AddressSpace addressSpace,
            MmBonds mm,
            AddressSpace.Subscription hold) {
        if (!addressSpace.isAlive()) {
            throw new ErrnoException(Errno.EINVAL, call, "its memory has no users left");
        }
        Bond known = mm.bonds().get(device);
        if (known != null) {
            known.addReference();
            return known;
        }
        return bindDevice(call, device, addressSpace, mm, hold);
    }

    private Bond bindDevice(
            String call,
            ManagedDevice device,
            AddressSpace addressSpace,
            MmBonds mm,
            AddressSpace.Subscription hold) {
        boolean newPasid = mm.pasid() < 0;
        Pasid pasid = pasidFor(call, device, addressSpace, mm);
        boolean done = false;
        try {
            MmBonds.SharedDomain domain = mm.domains().get(device.driver());
            if (domain == null) {
                domain = new MmBonds.SharedDomain(device.driver().createDomain(addressSpace));
                mm.domains().put(device.driver(), domain);
            }
            Bond bond = new Bond(device, addressSpace, mm, domain, pasid, hold);
            // Before the entry is live: the first fault may come at once.
            device.byPasid().put(pasid.value(), bond);
            try {
                device.attached().bind(pasid, domain.domain());
            } catch (RuntimeException e) {
                device.byPasid().remove(pasid.value(), bond);
                bond.drain();
                if (domain.isUnused()) {
                    mm.domains().remove(device.driver());
                    domain.domain().close();
                }
                throw e;
            }
            domain.join();
            mm.bonds().put(device, bond);
            bondCount.incrementAndGet();
            done = true;
            return bond;
        } finally {
            if (!done && newPasid) {
                freePasid(addressSpace, mm);
            }
        }
    }

    private Pasid pasidFor(
            String call, ManagedDevice device, AddressSpace addressSpace, MmBonds mm) {
        int limit = device.attached().maxPasids();
        if (mm.pasid() >= 0) {
            if (mm.pasid() >= limit) {
                throw new ErrnoException(
                        Errno.EOVERFLOW,
                        call,
                        "PASID %d of the address space is not below the device's limit of %d"
                                .formatted(mm.pasid(), limit));
            }
            return new Pasid(mm.pasid());
        }
        int value = pasids.take(limit);
        if (value < 0) {
            throw new ErrnoException(
                    Errno.ENOSPC,
                    call,
                    limit <= 1
                            ? "the device has no PASIDs"
                            : "all %d PASIDs are in use".formatted(limit - 1));
        }
        try {
            addressSpaces.claimPasid(
                    addressSpace.id(), value, () -> identityEnded(addressSpace.id(), value));
        } catch (RuntimeException e) {
            pasids.giveBack(value);
            throw e;
        }
        mm.setPasid(value);
        events.record(HardwareEvent.Kind.PASID_ALLOCATED, -1, value, 0, 0);
        return new Pasid(value);
    }

    private void freePasid(AddressSpace addressSpace, MmBonds mm) {
        int value = mm.pasid();
        addressSpaces.claimPasid(addressSpace.id(), -1, () -> {});
        mm.setPasid(-1);
        released(value);
    }

    private void identityEnded(long addressSpaceId, int pasid) {
        bonds.remove(addressSpaceId);
        released(pasid);
    }

    private void released(int pasid) {
        events.record(HardwareEvent.Kind.PASID_FREED, -1, pasid, 0, 0);
        pasids.giveBack(pasid);
    }

    private ManagedDevice managed(DeviceFunction function, String call) {
        ManagedDevice known = devices.get(function.requester());
        boolean replaced = known != null && !known.attached().function().isPresent();
        if (!function.isPresent()) {
            throw new ErrnoException(Errno.ENODEV, call, "the device is gone");
        }
        if (known != null && replaced) {
            // What was there before under this requester id is gone.
            if (!known.byPasid().isEmpty()) {
                throw new ErrnoException(
                        Errno.EBUSY, call, "the device that was here before is still bound");
            }
            detach(known);
            known = null;
        }
        return known != null
                ? known
                : devices.computeIfAbsent(function.requester(), id -> attach(function, call));
    }

    private ManagedDevice attach(DeviceFunction function, String call) {
        IommuDriver driver =
                iommus.behind(function)
                        .orElseThrow(() ->
                                new ErrnoException(
                                        Errno.ENODEV, call, "the device is not behind an IOMMU"));
        return new ManagedDevice(driver.attach(function, faultHandler.get()), driver);
    }

    /** Gives one reference to a bond back. */
    void unbind(Bond bond) {
        bond.mm().lock().lock();
        try {
            if (bond.dropReference()) {
                traced(
                        SvaTelemetry.SPAN_UNBIND,
                        bond.device().attached().function(),
                        bond.addressSpace(),
                        () -> {
                            Span.current()
                                    .setAttribute(SvaAttributes.PASID, (long) bond.pasid().value());
                            unbindNow(bond);
                            return true;
                        });
            } else {
                return;
            }
        } finally {
            bond.mm().lock().unlock();
        }
        // Last, with no lock held: it may end the identity, and free the PASID.
        bond.hold().close();
    }

    private void unbindNow(Bond bond) {
        ManagedDevice device = bond.device();
        int requester = device.attached().function().requester().value();
        int pasid = bond.pasid().value();
        events.record(HardwareEvent.Kind.UNBIND_BEGIN, requester, pasid, 0, 0);
        try {
            // The entry dies first; then no new fault can come, and those under way are drained.
            device.attached().unbind(bond.pasid());
        } finally {
            device.byPasid().remove(pasid, bond);
            bond.drain();
            bond.mm().bonds().remove(device);
            bondCount.decrementAndGet();
            if (bond.domain().leave()) {
                try {
                    bond.domain().domain().close();
                } finally {
                    // Until its tag is flushed somebody's translations are cached under it.
                    bond.mm().domains().remove(device.driver());
                }
            }
            events.record(HardwareEvent.Kind.UNBIND_END, requester, pasid, 0, 0);
        }
        if (!device.attached().function().isPresent() && device.byPasid().isEmpty()) {
            detach(device);
        }
    }

    /** Forgets a device that was removed: what takes its place is attached anew. */
    private void detach(ManagedDevice device) {
        if (devices.remove(device.attached().function().requester(), device)) {
            device.attached().close();
        }
    }

    @Override
    public void report(AttachedDevice device, PageFaultGroup group) {
        ManagedDevice managed = devices.get(group.requester());
        Bond bond =
                managed == null || group.pasid() == Pasid.NONE
                        ? null
                        : managed.byPasid().get(group.pasid());
        if (bond == null || !bond.enter()) {
            faults.refuse(device, group);
        } else {
            faults.serve(device, group, bond);
        }
    }

    /**
     * Visits the jobs under way that use a page of a device's PASID, as far as traces are recorded.
     *
     * @param requester the device
     * @param pasid the PASID, or {@link Pasid#NONE}
     * @param address an address in the page
     * @param visitor gets each job
     */
    public void visitWork(RequesterId requester, int pasid, long address, Consumer<Work> visitor) {
        ManagedDevice device = devices.get(requester);
        Bond bond = device == null ? null : device.byPasid().get(pasid);
        if (bond != null) {
            bond.visitWork(address, visitor);
        }
    }

    /**
     * Visits the jobs that have just ended in a page fault of a device's PASID.
     *
     * @param requester the device
     * @param pasid the PASID, or {@link Pasid#NONE}
     * @param address an address in the page
     * @param visitor gets each job, once
     */
    public void visitFaulted(
            RequesterId requester, int pasid, long address, Consumer<Work> visitor) {
        ManagedDevice device = devices.get(requester);
        Bond bond = device == null ? null : device.byPasid().get(pasid);
        if (bond != null) {
            bond.visitFaulted(address, visitor);
        }
    }

    /**
     * Whose translations a device may have under a PASID.
     *
     * @param requester the device
     * @param pasid the PASID
     * @return the address space that is bound; empty if none is
     */
    public Optional<AddressSpace> boundTo(RequesterId requester, int pasid) {
        ManagedDevice device = devices.get(requester);
        Bond bond = device == null ? null : device.byPasid().get(pasid);
        return Optional.ofNullable(bond).map(Bond::addressSpace);
    }

    /**
     * The address spaces that an IOMMU may hold translations of.
     *
     * @param driver the driver of the IOMMU
     * @return their numbers by ASID, or by PASID where there are no ASIDs; a copy
     */
    public Map<Integer, Long> addressSpacesOf(IommuDriver driver) {
        Map<Integer, Long> found = new HashMap<>();
        for (MmBonds mm : bonds.values()) {
            mm.lock().lock();
            try {
                MmBonds.SharedDomain shared = mm.domains().get(driver);
                if (shared != null) {
                    SvaDomain domain = shared.domain();
                    found.put(domain.asid().orElse(mm.pasid()), domain.addressSpace().id());
                }
            } finally {
                mm.lock().unlock();
            }
        }
        return found;
    }

    private <T> T traced(
            String name, DeviceFunction function, AddressSpace addressSpace, Supplier<T> body) {
        if (!tracer.isOn()) {
            return body.get();
        }
        return tracer.run(
                tracer.span(name)
                        .setAttribute(SvaAttributes.LANE, Lane.KERNEL.id())
                        .setAttribute(SvaAttributes.DEVICE, function.name())
                        .setAttribute(SvaAttributes.REQUESTER, (long) function.requester().value())
                        .setAttribute(SvaAttributes.ADDRESS_SPACE, addressSpace.id()),
                body);
    }

    /**
     * Counts the PASIDs in use.
     *
     * @return numbers that belong to an address space
     */
    public int pasidCount() {
        return pasids.count();
    }

    /**
     * Counts the bonds.
     *
     * @return pairs of a device and an address space
     */
    public long bondCount() {
        return bondCount.get();
    }

    /**
     * Counts the page-fault groups without an answer.
     *
     * @return groups that were reported and not answered
     */
    public long pendingFaults() {
        return faults.pendingGroups();
    }

    /**
     * Counts how often serving a page fault ended in an exception.
     *
     * @return 0 in a healthy machine
     */
    public long failures() {
        return faults.failures();
    }

    /** Detaches every device, and ends the threads that serve page faults. */
    @Override
    public void close() {
        devices.values().forEach(this::detach);
        faults.close();
    }
}
