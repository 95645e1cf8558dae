package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.AddressRange;
import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.memory.Protection;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.Advice;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.DeviceMapping;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.MapRequest;
import org.opensva.api.process.PageTable;
import org.opensva.api.process.Signal;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.emulated.kernel.paging.EntryFormat;
import org.opensva.emulated.kernel.paging.Geometry;
import org.opensva.emulated.machine.Processors;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.StampedLock;
import java.util.function.Supplier;

/**
 * The address space of a process: its mappings, its page tables, and those who hear of changes.
 *
 * <p>Users are counted ({@link #dropUser}); when the last one goes, listeners are released before
 * any page is freed. Holds are counted apart ({@link #hold}); when the last one goes too, the
 * identity ends, and with it the right to the PASID. The top-level table lives as long as the
 * identity, as Linux's does, so that what still points to it finds an empty table.
 *
 * <p><b>Threading.</b> Any thread may call. See the package for the locks.
 */
public final class ProcessAddressSpace implements AddressSpace {

    /** Lowest address that can be mapped (Linux: {@code mmap_min_addr}). */
    static final long LOWEST = 0x1_0000L;

    private final long id;
    private final AddressSpaces owner;
    private final Mm mm;
    private final PageTable pageTable;
    private final PageVisits visits;
    private final MappingCalls mappings;
    private final AdviceCalls advice;
    private final PageFaults faults;
    private final ProcessorAccess processor;
    private final StampedLock lock = new StampedLock();
    private final AtomicInteger users = new AtomicInteger(1);
    private final AtomicInteger identity = new AtomicInteger(1);
    private volatile boolean alive = true;

    /** The PASID that belongs to the identity, -1 for none; written under the monitor. */
    private volatile int pasid = -1;

    /** What to do when the identity ends; guarded by the monitor. */
    private Runnable afterIdentity = () -> {};

    ProcessAddressSpace(long id, AddressSpaces owner) {
        this.id = id;
        this.owner = owner;
        EntryFormat entries = owner.entries();
        Geometry geometry = owner.geometry();
        SharedAsid asid = new SharedAsid(owner.asids());
        Processors.View tlbs = owner.processors().view();
        this.mm =
                new Mm(
                        owner.hugePages(),
                        entries,
                        geometry,
                        owner.frames(),
                        owner.swap(),
                        new TranslationTable(this, owner.frames(), entries, geometry),
                        new VmaTree(this, geometry, LOWEST),
                        asid,
                        new Listeners(asid, tlbs, geometry.pageShift()));
        HugePages huge = new HugePages(mm);
        this.visits = new PageVisits(mm, huge, lock);
        this.mappings = new MappingCalls(mm, huge, LOWEST);
        this.faults = new PageFaults(mm, huge);
        this.advice = new AdviceCalls(mm, mappings, faults, huge);
        this.processor = new ProcessorAccess(mm, tlbs, lock, this::processorFault);
        this.pageTable =
                new PageTable(
                        entries.tables(geometry.virtualAddressBits()),
                        mm.table().root(),
                        geometry.granule(),
                        geometry.virtualAddressBits(),
                        entries.physicalAddressBits(),
                        entries.memoryAttributes());
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public boolean isAlive() {
        return alive;
    }

    @Override
    public Optional<PageTable> pageTable() {
        return Optional.of(pageTable);
    }

    @Override
    public OptionalInt asid() {
        return mm.asid().pin();
    }

    @Override
    public FaultOutcome handleFault(long address, int access) {
        try {
            return inTurns(() -> {
                if (!alive) {
                    return FaultOutcome.DEAD;
                }
                Vma vma = mm.vmas().find(address);
                if (vma == null || vma.isDevice() || !vma.protection().allows(access)) {
                    return FaultOutcome.INVALID;
                }
                return switch (faults.resolve(vma, mm.geometry().pageOf(address), access)) {
                    case RESOLVED -> FaultOutcome.RESOLVED;
                    case NOTHING_BEHIND -> FaultOutcome.INVALID;
                };
            });
        } catch (OutOfFramesException e) {
            return FaultOutcome.OUT_OF_MEMORY;
        }
    }

    private Vma processorFault(long address, int access) {
        try {
            return inTurns(() -> {
                requireAlive("load or store");
                Vma vma = mm.vmas().find(address);
                if (vma == null || !vma.protection().allows(access)) {
                    throw new CpuFaultException(Signal.SIGSEGV, address);
                }
                if (!vma.isDevice()
                        && faults.resolve(vma, mm.geometry().pageOf(address), access)
                                != PageFaults.Outcome.RESOLVED) {
                    throw new CpuFaultException(Signal.SIGBUS, address);
                }
                return vma;
            });
        } catch (OutOfFramesException e) {
            throw new CpuFaultException(Signal.SIGBUS, address);
        }
    }

    /**
     * Does something with the lock held; again, when it met a page in transit, after that has
     * arrived, and when it met the end of memory, after room was made. What is done must be such
     * that it can be begun anew.
     */
    private <T> T inTurns(Supplier<T> body) throws OutOfFramesException {
        while (true) {
            T result;
            long stamp = lock.writeLock();
            try {
                result = body.get();
            } catch (PageInTransitException e) {
                lock.unlockWrite(stamp);
                stamp = 0;
                owner.transits().await(e.frame());
                continue;
            } catch (OutOfFramesException e) {
                lock.unlockWrite(stamp);
                stamp = 0;
                if (!owner.relief().relieve()) {
                    throw e;
                }
                continue;
            } finally {
                if (stamp != 0) {
                    lock.unlockWrite(stamp);
                }
            }
            owner.relief().check();
            return result;
        }
    }

    /**
     * How much memory its end gives back.
     *
     * @return pages in memory and in swap
     */
    public long badness() {
        return visits.badness();
    }

    /** What the kernel does to its pages on its own account. */
    PageVisits visits() {
        return visits;
    }

    @Override
    public Subscription subscribe(AddressSpaceListener listener) {
        return once(mm.listeners().add(listener, id));
    }

    @Override
    public Subscription hold() {
        int holds;
        do {
            holds = identity.get();
            if (holds == 0) {
                throw new ErrnoException(
                        Errno.EINVAL, "hold(address space " + id + ")", "it is gone");
            }
        } while (!identity.compareAndSet(holds, holds + 1));
        return once(this::dropIdentity);
    }

    /**
     * Maps anonymous memory.
     *
     * @param request without a file
     * @return the address
     * @throws ErrnoException {@code EINVAL}, {@code ENOMEM}, {@code EPERM}, {@code ESRCH}
     */
    public long mapAnonymous(MapRequest request) {
        if (!request.shared()) {
            return map(request, Backing.Anonymous.INSTANCE);
        }
        MemoryObject object = owner.createObject(mappings.checkedLength(request));
        try {
            return mapObject(
                    new MapRequest(
                            request.address(),
                            request.length(),
                            request.protection(),
                            true,
                            request.fixed(),
                            request.fd(),
                            0),
                    object);
        } finally {
            object.release();
        }
    }

    /**
     * Maps a memory object.
     *
     * @param request with an offset in the object
     * @param object the object
     * @return the address
     * @throws ErrnoException {@code EINVAL}, {@code ENOMEM}, {@code EPERM}, {@code ESRCH}
     */
    public long mapObject(MapRequest request, MemoryObject object) {
        Backing backing = new Backing.OfObject(object, request.offset());
        object.map(this);
        boolean mapped = false;
        try {
            long address = map(request, backing);
            mapped = true;
            return address;
        } finally {
            if (!mapped) {
                object.unmap(this);
            }
        }
    }

    /**
     * Maps registers of a device.
     *
     * @param request what was asked for
     * @param mapping what the driver put behind it; ended here if the call fails
     * @param afterEnd runs after the mapping has ended
     * @return the address
     * @throws ErrnoException {@code EINVAL}, {@code ENOMEM}, {@code EPERM}, {@code ESRCH}
     */
    public long mapDevice(MapRequest request, DeviceMapping mapping, Runnable afterEnd) {
        DeviceArea area = new DeviceArea(mapping, afterEnd);
        boolean mapped = false;
        try {
            long address = map(request, new Backing.OfDevice(area, 0));
            mapped = true;
            return address;
        } finally {
            if (!mapped) {
                area.release();
            }
        }
    }

    /**
     * Checks what every mapping has to fulfil, before a driver is asked.
     *
     * @param request the request
     * @return its length, rounded up to pages
     * @throws ErrnoException {@code EINVAL}, {@code ENOMEM}, {@code EPERM}
     */
    public long checkedLength(MapRequest request) {
        return mappings.checkedLength(request);
    }

    private long map(MapRequest request, Backing backing) {
        long length = mappings.checkedLength(request);
        List<Vma> gone = new ArrayList<>();
        try {
            return locked("mmap", () -> mappings.map(request, length, backing, gone));
        } finally {
            letGo(gone);
        }
    }

    /**
     * Unmaps a range.
     *
     * @param address a multiple of the page size
     * @param length more than 0
     * @throws ErrnoException {@code EINVAL}, {@code ESRCH}
     */
    public void unmap(long address, long length) {
        long bytes = mappings.checkedRange("munmap", address, length);
        if (bytes == 0) {
            throw new ErrnoException(Errno.EINVAL, "munmap", "the length is 0");
        }
        letGo(locked("munmap", () -> mappings.unmap(address, bytes)));
    }

    /**
     * Changes the protection of a range.
     *
     * @param address a multiple of the page size
     * @param length number of bytes
     * @param protection the new protection
     * @throws ErrnoException {@code EINVAL}; {@code ENOMEM} if part of the range is not mapped, and
     *     then nothing was changed; {@code ESRCH}
     */
    public void protect(long address, long length, Protection protection) {
        long bytes = mappings.checkedRange("mprotect", address, length);
        locked(
                "mprotect",
                () -> {
                    mappings.protect(address, bytes, protection);
                    return bytes;
                });
    }

    /**
     * Resizes or moves a mapping.
     *
     * @param address the old place
     * @param oldLength the old size in bytes
     * @param newLength the new size in bytes
     * @param mayMove true if the mapping may get another address
     * @return the new address
     * @throws ErrnoException {@code EINVAL}, {@code EFAULT}, {@code ENOMEM}, {@code EPERM}, {@code
     *     ESRCH}
     */
    public long remap(long address, long oldLength, long newLength, boolean mayMove) {
        List<Vma> gone = new ArrayList<>();
        try {
            return locked(
                    "mremap", () -> mappings.remap(address, oldLength, newLength, mayMove, gone));
        } finally {
            letGo(gone);
        }
    }

    /**
     * Gives advice about a range.
     *
     * @param address a multiple of the page size
     * @param length number of bytes
     * @param what the advice
     * @throws ErrnoException {@code EINVAL}; {@code ENOMEM} if part of the range is not mapped, and
     *     then the rest was served; {@code ESRCH}
     */
    public void advise(long address, long length, Advice what) {
        long bytes = mappings.checkedRange("madvise", address, length);
        locked(
                "madvise",
                () -> {
                    advice.advise(address, bytes, what);
                    return bytes;
                });
    }

    /**
     * The processor loads bytes.
     *
     * @param address first byte
     * @param target where the bytes go
     * @param offset first index of the array
     * @param length number of bytes
     * @throws CpuFaultException at the first byte that may not be read
     */
    public void load(long address, byte[] target, int offset, int length) {
        processor.load(address, target, offset, length);
    }

    /**
     * The processor stores bytes.
     *
     * @param address first byte
     * @param source where the bytes come from
     * @param offset first index of the array
     * @param length number of bytes
     * @throws CpuFaultException at the first byte that may not be written
     */
    public void store(long address, byte[] source, int offset, int length) {
        processor.store(address, source, offset, length);
    }

    /**
     * The processor loads eight bytes at once.
     *
     * @param address a multiple of 8
     * @return the value
     * @throws CpuFaultException if the address may not be read
     */
    public long loadLong(long address) {
        return processor.loadLong(address);
    }

    /**
     * The processor stores eight bytes at once.
     *
     * @param address a multiple of 8
     * @param value the value
     * @throws CpuFaultException if the address may not be written
     */
    public void storeLong(long address, long value) {
        processor.storeLong(address, value);
    }

    /**
     * Copies the address space for a child. When the call returns or throws, every listener has
     * been told that everything changed.
     *
     * @return the copy, with one user and no listeners
     * @throws ErrnoException {@code ENOMEM}, {@code ESRCH}
     */
    public ProcessAddressSpace fork() {
        while (true) {
            ProcessAddressSpace child = owner.create();
            boolean done = false;
            long stamp = lock.writeLock();
            try {
                requireAlive("fork");
                copyTo(child);
                done = true;
                return child;
            } catch (OutOfFramesException e) {
                lock.unlockWrite(stamp);
                stamp = 0;
                child.dropUser();
                done = true;
                if (!owner.relief().relieve()) {
                    throw outOfMemory("fork", e);
                }
            } finally {
                if (stamp != 0) {
                    lock.unlockWrite(stamp);
                }
                if (!done) {
                    child.dropUser();
                }
            }
        }
    }

    /**
     * Takes one more user (Linux: {@code CLONE_VM}).
     *
     * @return this address space
     * @throws ErrnoException {@code ESRCH} if there are no users left
     */
    public ProcessAddressSpace share() {
        int count;
        do {
            count = users.get();
            if (count == 0) {
                throw new ErrnoException(
                        Errno.ESRCH, "vfork", "the address space has no users left");
            }
        } while (!users.compareAndSet(count, count + 1));
        return this;
    }

    private void copyTo(ProcessAddressSpace child) {
        // The child is known to memory objects already, so its lock is needed too.
        long stamp = child.lock.writeLock();
        try {
            new ForkCopy(mm, child.mm).copy();
        } finally {
            child.lock.unlockWrite(stamp);
            // Also after a failure: some entries may have been narrowed.
            mm.listeners().invalidate(AddressRange.WHOLE, true);
        }
    }

    /** A memory object became smaller. */
    void truncated(MemoryObject object) {
        long stamp = lock.writeLock();
        try {
            if (alive) {
                mappings.truncated(object);
            }
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    /**
     * One user is gone. With the last one the listeners are released, then pages and tables are
     * freed, then device mappings end, then the identity loses its users' hold.
     */
    public void dropUser() {
        if (users.decrementAndGet() != 0) {
            return;
        }
        List<Vma> gone = new ArrayList<>();
        long stamp = lock.writeLock();
        try {
            alive = false;
            processor.end();
            visits.end();
            owner.events().record(HardwareEvent.Kind.RELEASE_BEGIN, -1, pasid, 0, -1);
            mm.listeners().release();
            owner.events().record(HardwareEvent.Kind.RELEASE_END, -1, pasid, 0, -1);
            long limit = mm.geometry().limit();
            Zap zap = new Zap(mm);
            zap.clear(0, limit);
            zap.prune(0, limit);
            zap.finishAll();
            gone.addAll(mm.vmas().remove(0, limit));
        } finally {
            lock.unlockWrite(stamp);
            try {
                letGo(gone);
            } finally {
                dropIdentity();
            }
        }
    }

    private void dropIdentity() {
        if (identity.decrementAndGet() == 0) {
            mm.asid().end();
            mm.table().freeRoot();
            Runnable after;
            synchronized (this) {
                after = afterIdentity;
                afterIdentity = () -> {};
                pasid = -1;
            }
            after.run();
            owner.ended(this);
        }
    }

    /** Ties a PASID to the identity; the action runs when the identity ends. */
    synchronized void claimPasid(int value, Runnable atEnd) {
        pasid = value;
        afterIdentity = atEnd;
    }

    private <T> T locked(String call, Supplier<T> body) {
        try {
            return inTurns(() -> {
                requireAlive(call);
                return body.get();
            });
        } catch (OutOfFramesException e) {
            throw outOfMemory(call, e);
        }
    }

    private static ErrnoException outOfMemory(String call, OutOfFramesException e) {
        ErrnoException refusal =
                new ErrnoException(Errno.ENOMEM, call, String.valueOf(e.getMessage()));
        refusal.initCause(e);
        return refusal;
    }

    private void requireAlive(String call) {
        if (!alive) {
            throw new ErrnoException(Errno.ESRCH, call, "the address space has no users left");
        }
    }

    /** Gives the references of mappings back that were taken out; no lock is held. */
    private void letGo(List<Vma> gone) {
        for (Vma vma : gone) {
            switch (vma.backing()) {
                case Backing.Anonymous a -> {}
                case Backing.OfObject o -> o.object().unmap(this);
                case Backing.OfDevice d -> d.area().release();
            }
        }
    }

    private static Subscription once(Subscription subscription) {
        AtomicBoolean open = new AtomicBoolean(true);
        return () -> {
            if (open.compareAndSet(true, false)) {
                subscription.close();
            }
        };
    }

    @Override
    public String toString() {
        return "address space " + id;
    }
}
