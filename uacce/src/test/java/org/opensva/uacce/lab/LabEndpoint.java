package org.opensva.uacce.lab;

import org.opensva.api.ats.Endpoint;
import org.opensva.api.iommu.DeviceFunction;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.iommu.SvaBinder;
import org.opensva.api.iommu.SvaBond;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.telemetry.HardwareCounter;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;

/** A device function with its IOMMU in one object; it writes down what is done to it. */
public final class LabEndpoint implements Endpoint, SvaBinder {

    public final List<String> log = new CopyOnWriteArrayList<>();
    public volatile Errno bindError;
    public final AtomicInteger accesses = new AtomicInteger();

    private final Map<Long, Bound> bySpace = new ConcurrentHashMap<>();
    private final Map<Integer, Bound> byPasid = new ConcurrentHashMap<>();
    private final AtomicInteger pasids = new AtomicInteger(1);
    private volatile LongConsumer writes = address -> {};
    private volatile boolean present = true;
    private volatile long gateAddress = -1;
    private volatile CountDownLatch gate;
    private volatile CountDownLatch atGate;
    private volatile DmaStatus faultStatus = DmaStatus.NOT_PERMITTED;

    private static final class Bound {
        final LabSpace space;
        final int pasid;
        int references;
        volatile boolean stopped;

        Bound(LabSpace space, int pasid) {
            this.space = space;
            this.pasid = pasid;
        }
    }

    /** DMA that touches the page of an address waits until the gate opens. */
    public CountDownLatch gateAt(long address) {
        gate = new CountDownLatch(1);
        atGate = new CountDownLatch(1);
        gateAddress = address / LabSpace.PAGE;
        return gate;
    }

    /** Reached once an access waits at the gate. */
    public CountDownLatch waiting() {
        return atGate;
    }

    public void faultAs(DmaStatus status) {
        faultStatus = status;
    }

    /** Has everybody who looks know where the device writes. */
    public void watchWrites(LongConsumer watcher) {
        writes = watcher;
    }

    public int bonds() {
        return bySpace.size();
    }

    @Override
    public synchronized SvaBond bind(DeviceFunction function, AddressSpace addressSpace) {
        if (bindError != null) {
            throw new ErrnoException(bindError, "bind", "as the test wants");
        }
        if (!addressSpace.isAlive()) {
            throw new ErrnoException(Errno.EINVAL, "bind", "dead");
        }
        Bound bound =
                bySpace.computeIfAbsent(
                        addressSpace.id(),
                        id -> new Bound((LabSpace) addressSpace, pasids.getAndIncrement()));
        byPasid.put(bound.pasid, bound);
        bound.space.pasid = bound.pasid;
        bound.stopped = false;
        bound.references++;
        log.add("bind " + bound.pasid);
        return new SvaBond() {
            private boolean closed;

            @Override
            public Pasid pasid() {
                return new Pasid(bound.pasid);
            }

            @Override
            public AddressSpace addressSpace() {
                return addressSpace;
            }

            @Override
            public void close() {
                synchronized (LabEndpoint.this) {
                    if (closed) {
                        log.add("double unbind " + bound.pasid);
                        return;
                    }
                    closed = true;
                    log.add("unbind " + bound.pasid);
                    if (--bound.references == 0) {
                        bySpace.remove(addressSpace.id());
                        byPasid.remove(bound.pasid);
                    }
                }
            }
        };
    }

    @Override
    public long read(int pasid, int access, long address, byte[] target, int offset, int length) {
        return access(pasid, address, target, offset, length, true);
    }

    @Override
    public long write(int pasid, int access, long address, byte[] source, int offset, int length) {
        writes.accept(address);
        return access(pasid, address, source, offset, length, false);
    }

    private long access(
            int pasid, long address, byte[] array, int offset, int length, boolean read) {
        accesses.incrementAndGet();
        long first = address / LabSpace.PAGE;
        long last = (address + length - 1) / LabSpace.PAGE;
        if (gateAddress >= first && gateAddress <= last) {
            atGate.countDown();
            try {
                gate.await();
            } catch (InterruptedException e) {
                return DmaResult.of(DmaStatus.ABORTED, 0);
            }
        }
        Bound bound = byPasid.get(pasid);
        if (!present) {
            return DmaResult.of(DmaStatus.STOPPED, 0);
        }
        if (bound == null || !bound.space.alive) {
            return DmaResult.of(DmaStatus.ABORTED, 0);
        }
        if (bound.stopped) {
            return DmaResult.of(DmaStatus.STOPPED, 0);
        }
        int moved = bound.space.move(address, array, offset, length, read);
        return moved == length ? DmaResult.complete(moved) : DmaResult.of(faultStatus, moved);
    }

    @Override
    public void stopPasid(Pasid pasid) {
        log.add("stop " + pasid.value());
        Bound bound = byPasid.get(pasid.value());
        if (bound != null) {
            bound.stopped = true;
        }
    }

    @Override
    public void close() {
        log.add("unplug");
        present = false;
        CountDownLatch waiting = gate;
        if (waiting != null) {
            waiting.countDown();
        }
    }

    @Override
    public boolean isPresent() {
        return present;
    }

    @Override
    public String name() {
        return "lab-0";
    }

    @Override
    public RequesterId requester() {
        return new RequesterId(0x18);
    }

    @Override
    public int pasidBits() {
        return 20;
    }

    @Override
    public boolean supportsAts() {
        return false;
    }

    @Override
    public boolean supportsPri() {
        return false;
    }

    @Override
    public boolean supportsStall() {
        return false;
    }

    @Override
    public void setPasidEnabled(boolean enabled) {}

    @Override
    public void setAtsEnabled(boolean enabled) {}

    @Override
    public void setPriEnabled(boolean enabled, int outstanding) {}

    @Override
    public boolean isAtsEnabled() {
        return false;
    }

    @Override
    public long count(HardwareCounter counter) {
        return 0;
    }
}
