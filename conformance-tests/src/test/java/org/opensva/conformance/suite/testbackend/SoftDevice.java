package org.opensva.conformance.suite.testbackend;

import org.jspecify.annotations.Nullable;
import org.opensva.api.accelerator.Accelerator;
import org.opensva.api.accelerator.AcceleratorInfo;
import org.opensva.api.accelerator.Operation;
import org.opensva.api.accelerator.QueueHandle;
import org.opensva.api.accelerator.QueueRegion;
import org.opensva.api.backend.ForeignHandlePolicy;
import org.opensva.api.iommu.RequesterId;
import org.opensva.api.memory.Access;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.SvaProcess;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.conformance.suite.testbackend.SoftMachine.Frame;
import org.opensva.conformance.suite.testbackend.SoftMachine.Tag;
import org.opensva.conformance.suite.testbackend.SoftMachine.Translation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/** A device: its cache of translations, its bonds and its queues. */
final class SoftDevice implements Accelerator {

    /**
     * The longest that a fetch waits for an invalidation on a slow link; different each time, so
     * that fetches which begin together do not end together.
     */
    private static final long FETCH_NANOS = 300_000;

    static final int INSTANCES = 16;

    /** One access to part of a page. */
    interface Piece {
        void access(Frame frame, int offset, int length);
    }

    final SoftMachine machine;
    final ForeignHandlePolicy policy;
    final Map<Tag, Translation> atc = new ConcurrentHashMap<>();
    final Map<SoftMm, Integer> bonds = new HashMap<>();
    final List<SoftQueue> queues = new ArrayList<>();
    private final Set<Integer> quiesced = new HashSet<>();
    private final int index;
    int taken;
    boolean removed;

    SoftDevice(SoftMachine machine, int index, ForeignHandlePolicy policy) {
        this.machine = machine;
        this.index = index;
        this.policy = policy;
    }

    int bind(SoftMm mm) {
        if (mm.users == 0) {
            throw new ErrnoException(Errno.EINVAL, "bind", "the address space is dying");
        }
        if (mm.pasid == 0) {
            mm.pasid = machine.allocatePasid(mm);
        }
        if (bonds.merge(mm, 1, Integer::sum) == 1) {
            machine.record(HardwareEvent.Kind.SUBSCRIBED, requester().value(), mm.pasid, 0, 0);
            machine.record(HardwareEvent.Kind.PASID_ENTRY_SET, requester().value(), mm.pasid, 0, 0);
            machine.record(HardwareEvent.Kind.ATC_INVALIDATE, requester().value(), mm.pasid, 0, -1);
            machine.record(HardwareEvent.Kind.ATC_SYNC, -1, -1, 0, 0);
        }
        mm.holds++;
        return mm.pasid;
    }

    void unbind(SoftMm mm) {
        int requester = requester().value();
        machine.record(HardwareEvent.Kind.UNBIND_BEGIN, requester, mm.pasid, 0, 0);
        Integer left = bonds.get(mm);
        if (left != null && (left == 1 || machine.broken(Fault.CLOSE_UNBINDS_ALL))) {
            machine.record(HardwareEvent.Kind.PASID_ENTRY_CLEARED, requester, mm.pasid, 0, 0);
            machine.record(HardwareEvent.Kind.CONFIGURATION_SYNC, requester, mm.pasid, 0, 0);
            machine.invalidate(mm, 0, -1);
            bonds.remove(mm);
            quiesced.remove(mm.pasid);
            machine.record(HardwareEvent.Kind.UNSUBSCRIBED, requester, mm.pasid, 0, 0);
        } else if (left != null) {
            bonds.put(mm, left - 1);
        }
        machine.record(HardwareEvent.Kind.UNBIND_END, requester, mm.pasid, 0, 0);
        mm.holds--;
        if (machine.broken(Fault.PASID_IS_FREED_AT_UNBIND) && mm.holds == 0) {
            machine.freePasid(mm.pasid, mm);
            mm.pasid = 0;
        }
        mm.settle();
    }

    void quiesce(SoftMm mm) {
        if (bonds.containsKey(mm)) {
            quiesced.add(mm.pasid);
            machine.record(
                    HardwareEvent.Kind.PASID_ENTRY_QUIESCED, requester().value(), mm.pasid, 0, 0);
        }
    }

    /**
     * Accesses part of a page under a PASID.
     *
     * @return false if the access failed
     */
    boolean access(int pasid, long address, int length, int access, Piece piece) {
        long page = Math.floorDiv(address, (long) SoftMachine.PAGE);
        int offset = (int) Math.floorMod(address, (long) SoftMachine.PAGE);
        Tag tag = new Tag(machine.tag(pasid), page);
        for (int attempt = 0; attempt < 1000; attempt++) {
            machine.lock.readLock().lock();
            try {
                Translation entry = atc.get(tag);
                if (entry != null && entry.frame() == null) {
                    return false;
                }
                Frame physical = physical(entry, page);
                if (physical != null) {
                    use(physical, offset, length, piece);
                    return true;
                }
                if (entry == null
                        || (!allows(entry, access)
                                && !machine.broken(Fault.STALE_READ_ONLY_IS_FINAL))) {
                    entry = translate(pasid, tag, access);
                }
                if (entry != null && entry.frame() != null && allows(entry, access)) {
                    use(entry.frame(), offset, length, piece);
                    return true;
                }
                if (entry != null && machine.broken(Fault.STALE_READ_ONLY_IS_FINAL)) {
                    return false;
                }
            } finally {
                machine.lock.readLock().unlock();
            }
            if (!request(pasid, page, access)) {
                if (machine.broken(Fault.REFUSAL_IS_CACHED)) {
                    atc.put(tag, new Translation(null, false));
                }
                return false;
            }
        }
        return false;
    }

    private boolean allows(Translation entry, int access) {
        return entry.writable()
                || !Access.writes(access)
                || machine.broken(Fault.WRITE_PERMISSION_IS_IGNORED);
    }

    private void use(Frame frame, int offset, int length, Piece piece) {
        if (machine.broken(Fault.WRITES_ARE_LATE)) {
            // Outside the guard: the translation may be gone by the time it is used.
            int held = machine.lock.getReadHoldCount();
            machine.lock.readLock().unlock();
            Thread.yield();
            piece.access(frame, offset, length);
            machine.lock.readLock().lock();
            assert machine.lock.getReadHoldCount() == held;
        } else {
            piece.access(frame, offset, length);
        }
    }

    /** A translation request: IOTLB, then the page table. */
    private @Nullable Translation translate(int pasid, Tag tag, int access) {
        SoftMm mm = machine.pasids.get(pasid);
        if (mm == null || !bonds.containsKey(mm) || quiesced.contains(pasid)) {
            return null;
        }
        Translation entry = machine.iotlb.get(tag);
        if (entry == null || !allows(entry, access)) {
            entry = mm.table.get(tag.page());
            SoftMm.Vma vma = mm.find(tag.page());
            if (entry == null || vma == null || !vma.protection().allows(Access.READ)) {
                return null;
            }
            machine.iotlb.put(tag, entry);
        }
        if (machine.broken(Fault.FETCHED_TRANSLATION_IS_KEPT)) {
            // A slow link: the answer is on its way until an invalidation has come and gone.
            int before = machine.invalidations.get();
            long late = System.nanoTime() + ThreadLocalRandom.current().nextLong(FETCH_NANOS);
            machine.lock.readLock().unlock();
            while (machine.invalidations.get() == before && System.nanoTime() - late < 0) {
                Thread.yield();
            }
            machine.lock.readLock().lock();
        }
        atc.put(tag, entry);
        return entry;
    }

    private @Nullable Frame physical(@Nullable Translation cached, long page) {
        return cached == null && machine.broken(Fault.UNMAPPED_ADDRESS_IS_PHYSICAL)
                ? machine.physical(page)
                : null;
    }

    /** A page request. */
    private boolean request(int pasid, long page, int access) {
        machine.lock.writeLock().lock();
        try {
            SoftMm mm = machine.pasids.get(pasid);
            if (mm == null || !bonds.containsKey(mm) || quiesced.contains(pasid)) {
                return false;
            }
            int requester = requester().value();
            long address = page * SoftMachine.PAGE;
            machine.record(
                    HardwareEvent.Kind.PAGE_REQUEST, requester, pasid, address, SoftMachine.PAGE);
            boolean resolved = mm.fault(page, access);
            machine.record(HardwareEvent.Kind.PAGE_RESPONSE, requester, pasid, 0, 0);
            return resolved;
        } finally {
            machine.lock.writeLock().unlock();
        }
    }

    @Override
    public QueueHandle open(SvaProcess process) {
        SoftProcess opener = (SoftProcess) process;
        return opener.call(
                "open(" + name() + ")",
                () -> {
                    if (removed) {
                        throw new ErrnoException(Errno.ENODEV, "open(" + name() + ")", "");
                    }
                    if (taken == INSTANCES) {
                        throw new ErrnoException(
                                Errno.EBUSY, "open(" + name() + ")", "all queues are taken");
                    }
                    taken++;
                    if (machine.broken(Fault.OPEN_LEAKS)) {
                        machine.allocate();
                    }
                    SoftQueue queue = new SoftQueue(this, opener.mm);
                    queues.add(queue);
                    return new SoftHandle(queue, opener, opener.files.install(queue, true));
                });
    }

    @Override
    public void remove() {
        machine.lock.writeLock().lock();
        try {
            removed = true;
            for (SoftQueue queue : List.copyOf(queues)) {
                for (long page : List.copyOf(queue.regions.values())) {
                    queue.mm.unmap(page, page + 1);
                }
                queue.kill();
            }
        } finally {
            machine.lock.writeLock().unlock();
        }
    }

    @Override
    public String name() {
        return "soft-" + index;
    }

    @Override
    public RequesterId requester() {
        return new RequesterId(0x100 + index);
    }

    @Override
    public AcceleratorInfo info() {
        return new AcceleratorInfo(
                "soft-1",
                true,
                List.of("copy"),
                Set.of(Operation.NOP, Operation.COPY, Operation.FILL, Operation.CRC32C),
                INSTANCES,
                Map.of(QueueRegion.MMIO, 4096L, QueueRegion.SHARED, 4096L),
                64);
    }

    @Override
    public int availableInstances() {
        machine.lock.readLock().lock();
        try {
            return INSTANCES - taken;
        } finally {
            machine.lock.readLock().unlock();
        }
    }
}
