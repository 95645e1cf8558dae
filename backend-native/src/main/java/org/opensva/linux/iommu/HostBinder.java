package org.opensva.linux.iommu;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;

import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.api.telemetry.HardwareEventSink;
import org.opensva.api.telemetry.InvalidationTrace;
import org.opensva.api.telemetry.KernelTracer;
import org.opensva.api.telemetry.Lane;
import org.opensva.api.telemetry.SvaAttributes;
import org.opensva.api.telemetry.SvaTelemetry;
import org.opensva.linux.mm.HostAddressSpace;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Binds address spaces of real processes to devices.
 *
 * <p>The PASID of an address space is chosen at its first bind and stays with it until its identity
 * ends; every bond holds the identity.
 *
 * <p><b>Threading.</b> Any thread may call. One lock for each address space, held while a device is
 * told.
 */
public final class HostBinder implements SvaBinder {

    private final HostIommu iommu;
    private final HardwareEventSink events;
    private final KernelTracer tracer;
    private final InvalidationTrace trace;
    private final PasidSpace pasids;
    private final Map<Long, Bonds> bonds = new ConcurrentHashMap<>();
    private final AtomicLong count = new AtomicLong();

    /** The bonds of one address space; locked by itself. */
    private static final class Bonds {
        private final Map<HostPort, Bond> byDevice = new HashMap<>();
        private int pasid = -1;
    }

    /**
     * Creates a binder without bonds.
     *
     * @param iommu where the devices are
     * @param events where events go
     * @param telemetry where spans go
     * @param pasidLimit the first PASID that is too large for every device
     */
    public HostBinder(
            HostIommu iommu, HardwareEventSink events, OpenTelemetry telemetry, int pasidLimit) {
        this.iommu = iommu;
        this.events = events;
        tracer = new KernelTracer(telemetry);
        trace = new InvalidationTrace(telemetry);
        pasids = new PasidSpace(pasidLimit);
    }

    @Override
    public SvaBond bind(DeviceFunction function, AddressSpace addressSpace) {
        return tracer.run(
                tracer.span(SvaTelemetry.SPAN_BIND)
                        .setAttribute(SvaAttributes.LANE, Lane.KERNEL.id())
                        .setAttribute(SvaAttributes.DEVICE, function.name())
                        .setAttribute(SvaAttributes.REQUESTER, (long) function.requester().value())
                        .setAttribute(SvaAttributes.ADDRESS_SPACE, addressSpace.id()),
                () -> {
                    Reference bond = bindNow(function, addressSpace);
                    Span.current().setAttribute(SvaAttributes.PASID, (long) bond.pasid().value());
                    return bond;
                });
    }

    private Reference bindNow(DeviceFunction function, AddressSpace addressSpace) {
        String call = "bind(%s, address space %d)".formatted(function.name(), addressSpace.id());
        if (!(addressSpace instanceof HostAddressSpace space)) {
            throw new ErrnoException(Errno.EOPNOTSUPP, call, "it is not one of this host");
        }
        HostPort port = iommu.port(function.requester());
        if (port == null || !function.isPresent()) {
            throw new ErrnoException(Errno.ENODEV, call, "the device is gone");
        }
        if (function.pasidBits() == 0) {
            throw new ErrnoException(Errno.ENOSPC, call, "the device has no PASIDs");
        }
        // Held meanwhile, so that the PASID cannot go to anybody else.
        AddressSpace.Subscription during = space.hold();
        try {
            requireAlive(call, space);
            Bonds all = bonds.computeIfAbsent(space.id(), id -> begin(space));
            synchronized (all) {
                requireAlive(call, space);
                Bond known = all.byDevice.get(port);
                if (known != null) {
                    known.addReference();
                    return new Reference(all, port, known);
                }
                int limit = Math.min(port.maxPasids(), 1 << function.pasidBits());
                int pasid = pasidOf(call, space, all, limit);
                Bond made = new Bond(port, function.requester(), space, pasid, events, trace);
                all.byDevice.put(port, made);
                count.incrementAndGet();
                return new Reference(all, port, made);
            }
        } finally {
            during.close();
        }
    }

    private static void requireAlive(String call, HostAddressSpace space) {
        if (!space.isAlive()) {
            throw new ErrnoException(Errno.EINVAL, call, "its memory has no users left");
        }
    }

    /** Its identity is held and has not ended: what is left behind goes with it. */
    private Bonds begin(HostAddressSpace space) {
        space.whenIdentityEnds(() -> bonds.remove(space.id()));
        return new Bonds();
    }

    private int pasidOf(String call, HostAddressSpace space, Bonds all, int limit) {
        if (all.pasid >= limit) {
            throw new ErrnoException(
                    Errno.EOVERFLOW,
                    call,
                    "PASID %d of the address space is not below the device's limit of %d"
                            .formatted(all.pasid, limit));
        }
        if (all.pasid >= 0) {
            return all.pasid;
        }
        int value = pasids.allocate();
        if (value < 0) {
            throw new ErrnoException(Errno.ENOSPC, call, "all PASIDs are in use");
        }
        if (value >= limit) {
            pasids.free(value);
            throw new ErrnoException(
                    Errno.ENOSPC, call, "all %d PASIDs are in use".formatted(limit - 1));
        }
        all.pasid = value;
        events.record(HardwareEvent.Kind.PASID_ALLOCATED, -1, value, 0, 0);
        space.whenIdentityEnds(() -> {
            iommu.translated().remove(space);
            events.record(HardwareEvent.Kind.PASID_FREED, -1, value, 0, 0);
            pasids.free(value);
        });
        return value;
    }

    private void unbind(Bonds all, HostPort port, Bond bond) {
        synchronized (all) {
            if (!bond.dropReference()) {
                return;
            }
            tracer.run(
                    tracer.span(SvaTelemetry.SPAN_UNBIND)
                            .setAttribute(SvaAttributes.LANE, Lane.KERNEL.id())
                            .setAttribute(SvaAttributes.REQUESTER, (long) bond.requester().value())
                            .setAttribute(SvaAttributes.ADDRESS_SPACE, bond.space().id())
                            .setAttribute(SvaAttributes.PASID, (long) bond.pasid()),
                    () -> {
                        try {
                            bond.dissolve();
                        } finally {
                            all.byDevice.remove(port);
                            count.decrementAndGet();
                        }
                        return true;
                    });
        }
        bond.letGo();
    }

    /** One reference to a bond, given back once. */
    private final class Reference implements SvaBond {

        private final Bonds all;
        private final HostPort port;
        private final Bond bond;
        private final AtomicBoolean open = new AtomicBoolean(true);

        Reference(Bonds all, HostPort port, Bond bond) {
            this.all = all;
            this.port = port;
            this.bond = bond;
        }

        @Override
        public Pasid pasid() {
            return new Pasid(bond.pasid());
        }

        @Override
        public AddressSpace addressSpace() {
            return bond.space();
        }

        @Override
        public void close() {
            if (open.compareAndSet(true, false)) {
                unbind(all, port, bond);
            }
        }
    }

    /**
     * Counts the bonds.
     *
     * @return pairs of a device and an address space
     */
    public long bondCount() {
        return count.get();
    }

    /**
     * Counts the PASIDs in use.
     *
     * @return numbers that belong to an address space
     */
    public long pasidCount() {
        return pasids.count();
    }

    /**
     * Counts what translated addresses can lead to.
     *
     * @return address spaces and memory objects
     */
    public long targetCount() {
        return iommu.translated().count();
    }
}
