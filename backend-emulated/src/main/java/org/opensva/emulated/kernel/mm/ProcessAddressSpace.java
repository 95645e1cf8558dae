package org.opensva.emulated.kernel.mm;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.memory.EnqueuePortal;
import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.PageTable;
import org.opensva.api.process.Signal;
import org.opensva.api.telemetry.HardwareEvent;
import org.opensva.emulated.kernel.paging.EntryFormat;
import org.opensva.emulated.kernel.paging.Geometry;
import org.opensva.emulated.machine.Processors;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

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

    private static final VarHandle INTS =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final long id;
    private final AddressSpaces owner;
    private final Mm mm;
    private final PageTable pageTable;
    private final SpaceIdentity identity = new SpaceIdentity();
    private final SpaceLock lock;
    private final PageVisits visits;
    private final MappingCalls mappings;
    private final PageFaults faults;
    private final StackGrowth stacks;
    private final MemoryCalls calls;
    private final ProcessorAccess processor;
    private final AtomicInteger users = new AtomicInteger(1);
    private volatile boolean alive = true;

    ProcessAddressSpace(long id, AddressSpaces owner) {
        this.id = id;
        this.owner = owner;
        this.lock = new SpaceLock(owner.relief());
        EntryFormat entries = owner.entries();
        Geometry geometry = owner.geometry();
        SharedAsid asid = new SharedAsid(owner.asids());
        Processors.View tlbs = owner.processors().view(id);
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
                        new Listeners(asid, tlbs, geometry.pageShift()),
                        owner.transits(),
                        owner.faultLocks(),
                        owner::wakeMerging);
        HugePages huge = new HugePages(mm);
        this.visits = new PageVisits(mm, huge, lock.bare());
        this.mappings = new MappingCalls(mm, huge, LOWEST);
        this.faults = new PageFaults(mm, huge);
        this.stacks = new StackGrowth(mm, LOWEST);
        this.calls =
                new MemoryCalls(
                        this,
                        mm,
                        lock,
                        mappings,
                        new MoveCalls(mm, huge, mappings, LOWEST),
                        new AdviceCalls(mm, mappings, faults, huge),
                        faults,
                        owner);
        this.processor = new ProcessorAccess(mm, tlbs, lock.bare(), this::processorFault);
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
            FaultOutcome outcome = lock.together(() -> deviceFault(address, access, true));
            return outcome != null
                    ? outcome
                    : Objects.requireNonNull(
                            lock.exclusively(() -> deviceFault(address, access, false)));
        } catch (OutOfFramesException e) {
            return FaultOutcome.OUT_OF_MEMORY;
        }
    }

    private @Nullable FaultOutcome deviceFault(long address, int access, boolean together) {
        if (!alive) {
            return FaultOutcome.DEAD;
        }
        Vma vma = mm.vmas().find(address);
        if (vma == null || vma.isDevice() || !vma.protection().allows(access)) {
            return FaultOutcome.INVALID;
        }
        return switch (resolve(vma, address, access, together)) {
            case RESOLVED -> FaultOutcome.RESOLVED;
            case NOTHING_BEHIND -> FaultOutcome.INVALID;
            case null -> null;
        };
    }

    private Vma processorFault(long address, int access) {
        try {
            Vma vma = lock.together(() -> processorFault(address, access, true));
            return vma != null
                    ? vma
                    : Objects.requireNonNull(
                            lock.exclusively(() -> processorFault(address, access, false)));
        } catch (OutOfFramesException e) {
            throw new CpuFaultException(Signal.SIGBUS, address);
        }
    }

    private @Nullable Vma processorFault(long address, int access, boolean together) {
        requireAlive("load or store");
        Vma vma = mm.vmas().find(address);
        if (vma == null && !together) {
            vma = stacks.growTo(address);
        }
        if (vma == null && together && stacks.isAbove(address)) {
            return null;
        }
        if (vma == null || !vma.protection().allows(access)) {
            throw new CpuFaultException(Signal.SIGSEGV, address);
        }
        if (vma.isDevice()) {
            return vma;
        }
        return switch (resolve(vma, address, access, together)) {
            case RESOLVED -> vma;
            case NOTHING_BEHIND -> throw new CpuFaultException(Signal.SIGBUS, address);
            case null -> null;
        };
    }

    private PageFaults.@Nullable Outcome resolve(
            Vma vma, long address, int access, boolean together) {
        long page = mm.geometry().pageOf(address);
        return together
                ? faults.resolveTogether(vma, page, access)
                : faults.resolve(vma, page, access);
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
        return once(mm.listeners().add(listener, id()));
    }

    @Override
    public Subscription hold() {
        if (!identity.hold()) {
            throw new ErrnoException(Errno.EINVAL, "hold(address space " + id + ")", "it is gone");
        }
        return once(this::dropIdentity);
    }

    /**
     * The system calls about its memory.
     *
     * @return for as long as there are users
     */
    public MemoryCalls calls() {
        return calls;
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
     * The processor submits a command in the name of the address space (Linux: {@code
     * try_fixup_enqcmd_gp} loads {@code IA32_PASID} at the first one).
     *
     * @param portal a multiple of {@value EnqueuePortal#COMMAND_SIZE}
     * @param command takes the PASID in its first four bytes
     * @return true if it was taken
     * @throws CpuFaultException if the address is no place for commands, or there is no PASID
     */
    public boolean enqueue(long portal, byte[] command) {
        int own = identity.pasid();
        if (own < 0 || portal % EnqueuePortal.COMMAND_SIZE != 0) {
            throw new CpuFaultException(Signal.SIGSEGV, portal);
        }
        INTS.set(command, 0, own);
        return processor.enqueue(portal, command);
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
            long stamp = lock.bare().writeLock();
            try {
                requireAlive("fork");
                copyTo(child);
                done = true;
                return child;
            } catch (OutOfFramesException e) {
                lock.bare().unlockWrite(stamp);
                stamp = 0;
                child.dropUser();
                done = true;
                if (!owner.relief().relieve()) {
                    throw MemoryCalls.outOfMemory("fork", e);
                }
            } finally {
                if (stamp != 0) {
                    lock.bare().unlockWrite(stamp);
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
        long stamp = child.lock.bare().writeLock();
        try {
            new ForkCopy(mm, child.mm).copy();
        } finally {
            child.lock.bare().unlockWrite(stamp);
            // Also after a failure: some entries may have been narrowed.
            mm.listeners().invalidate(AddressRange.WHOLE, true);
        }
    }

    /** A memory object will no longer hold some pages. */
    void zapObject(MemoryObject object, long fromPage, long toPage, boolean copiesToo) {
        long stamp = lock.bare().writeLock();
        try {
            if (alive) {
                mappings.zapObject(object, fromPage, toPage, copiesToo);
            }
        } finally {
            lock.bare().unlockWrite(stamp);
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
        long stamp = lock.bare().writeLock();
        try {
            alive = false;
            processor.end();
            visits.end();
            int pasid = identity.pasid();
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
            lock.bare().unlockWrite(stamp);
            try {
                calls.letGo(gone);
            } finally {
                dropIdentity();
            }
        }
    }

    private void dropIdentity() {
        if (identity.drop()) {
            mm.asid().end();
            mm.table().freeRoot();
            identity.end();
            owner.ended(this);
        }
    }

    /** Ties a PASID to the identity; the action runs when the identity ends. */
    void claimPasid(int value, Runnable atEnd) {
        identity.claimPasid(value, atEnd);
    }

    void requireAlive(String call) {
        if (!alive) {
            throw new ErrnoException(Errno.ESRCH, call, "the address space has no users left");
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
        return "address space " + id();
    }
}
