package org.opensva.linux.mm;

import io.opentelemetry.context.Context;

import org.jspecify.annotations.Nullable;
import org.opensva.api.ats.TranslationEntry;
import org.opensva.api.iommu.DmaResult;
import org.opensva.api.iommu.DmaStatus;
import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.PageTable;
import org.opensva.linux.abi.Descriptor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * The address space of a real process.
 *
 * <p><b>Changes.</b> Every range that a device has touched reports its changes. When there is
 * something to report, first no translation is given out for caching any more; then every cached
 * one is invalidated and the accesses that use one are waited for; then those that go through the
 * process's tables are waited for, and kept out; only then is the event taken from the kernel,
 * which lets the process go on. So whatever the process does after {@code munmap} has returned, no
 * device acts on what was there before. What the kernel does not report (protection, the size of a
 * file) is reported by {@link #change}, by the one who has the process do it.
 *
 * <p><b>Locks.</b> {@code dma} is held for reading while bytes move and for writing while events
 * are taken; it is never held while a listener is called, because a listener waits for accesses.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class HostAddressSpace implements AddressSpace {

    /** How often a mapping may change under a translation before it is left to the kernel. */
    private static final int ATTEMPTS = 4;

    /** The largest block that is translated at once, as a power of two of bytes. */
    private static final int LARGEST_SHIFT = 21;

    private final long id;
    private final HostMemory host;
    private final MemoryOwner owner;
    private final EventPump pump;
    private final Transfers transfers;

    /** False if some changes are told by nobody. */
    private final boolean cacheable;

    private final long pid;
    private final TranslatedMemory direct = new Direct();
    private final Listeners listeners = new Listeners();
    private final CallsUnderWay calls = new CallsUnderWay();
    private final ReentrantReadWriteLock dma = new ReentrantReadWriteLock();

    /** More than 0: no translation may be cached. */
    private final AtomicInteger changing = new AtomicInteger();

    /** A translation was given out for caching since the last invalidation of everything. */
    private volatile boolean cached;

    /** A device has touched memory that does not report its changes. */
    private volatile boolean unheard;

    private final Object invalidation = new Object();
    private volatile boolean alive = true;

    /** Guards what follows. */
    private final Object lifetime = new Object();

    private int holds;
    private boolean identityEnded;
    private final List<Runnable> atIdentityEnd = new ArrayList<>();
    private boolean released;

    /** Written with {@code dma} held for writing, or before it is seen. */
    private volatile @Nullable Open open;

    /** What is there once somebody has asked for it. */
    private record Open(
            MemoryHandles handles,
            Mappings mappings,
            @Nullable MemoryEvents events,
            EventPump.@Nullable Watch watch) {}

    HostAddressSpace(
            long id,
            HostMemory host,
            MemoryOwner owner,
            EventPump pump,
            Transfers transfers,
            boolean cacheable) {
        this.id = id;
        this.host = host;
        this.owner = owner;
        this.pump = pump;
        this.transfers = transfers;
        this.cacheable = cacheable;
        this.pid = owner.pid();
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public boolean isAlive() {
        return alive;
    }

    /** The kernel keeps them to itself. */
    @Override
    public Optional<PageTable> pageTable() {
        return Optional.empty();
    }

    @Override
    public String toString() {
        return "address space %d of process %d".formatted(id, pid);
    }

    /** Opens the descriptors by which the address space is reached, if that has not been done. */
    private Open opened() {
        Open now = open;
        if (now != null) {
            return now;
        }
        synchronized (listeners) {
            now = open;
            if (now != null) {
                return now;
            }
            requireAlive();
            now = openNow();
            dma.writeLock().lock();
            try {
                if (alive) {
                    open = now;
                    return now;
                }
            } finally {
                dma.writeLock().unlock();
            }
            close(now);
            throw dead();
        }
    }

    private Open openNow() {
        MemoryHandles handles = owner.openHandles();
        Mappings mappings = new Mappings(host.kernel(), handles.maps(), host.query());
        if (handles.events() == null
                || MemoryEvents.configure(host.kernel(), handles.events(), host.eventFeatures())
                        < 0) {
            return new Open(handles, mappings, null, null);
        }
        MemoryEvents events = MemoryEvents.of(host.kernel(), handles.events());
        boolean done = false;
        try {
            EventPump.Watch watch = pump.watch(events.number(), false, this::serveEvents);
            done = true;
            return new Open(handles, mappings, events, watch);
        } finally {
            if (!done) {
                handles.close();
            }
        }
    }

    private static void close(Open what) {
        if (what.watch() != null) {
            what.watch().cancel();
        }
        if (what.events() != null) {
            what.events().close();
        }
        what.handles().close();
    }

    private void requireAlive() {
        if (!alive) {
            throw dead();
        }
    }

    private ErrnoException dead() {
        return new ErrnoException(Errno.EINVAL, toString(), "its memory has no users left");
    }

    /**
     * Opens the way to the memory, which the first bind does otherwise.
     *
     * @throws ErrnoException {@code EINVAL} if it has no users left
     */
    public void reach() {
        opened();
    }

    /**
     * Tells whether changes are heard of before they are over.
     *
     * @return true if there is a userfaultfd
     */
    public boolean hasEvents() {
        return opened().events() != null;
    }

    @Override
    public Subscription subscribe(AddressSpaceListener listener) {
        opened();
        Subscription subscription = listeners.add(listener);
        if (!alive) {
            subscription.close();
            throw dead();
        }
        return subscription;
    }

    @Override
    public Subscription hold() {
        synchronized (lifetime) {
            holds++;
        }
        return new Subscription() {
            private boolean given;

            @Override
            public void close() {
                synchronized (lifetime) {
                    if (given) {
                        return;
                    }
                    given = true;
                    holds--;
                }
                endIdentity();
            }
        };
    }

    /**
     * Runs something when the identity ends: when the memory is released and nobody holds it.
     *
     * @param action what to run; at once if that has happened
     */
    public void whenIdentityEnds(Runnable action) {
        synchronized (lifetime) {
            if (!identityEnded) {
                atIdentityEnd.add(action);
                return;
            }
        }
        action.run();
    }

    private void endIdentity() {
        List<Runnable> actions;
        synchronized (lifetime) {
            if (!released || holds > 0 || identityEnded) {
                return;
            }
            identityEnded = true;
            actions = List.copyOf(atIdentityEnd);
        }
        actions.forEach(Runnable::run);
        host.identityEnded();
    }

    @Override
    public FaultOutcome handleFault(long address, int access) {
        if (!alive) {
            return FaultOutcome.DEAD;
        }
        Mapping mapping = opened().mappings().find(address);
        if (mapping == null || !mapping.allows(access)) {
            return alive ? FaultOutcome.INVALID : FaultOutcome.DEAD;
        }
        long result = owner.populate(address, Access.writes(access));
        if (!alive) {
            return FaultOutcome.DEAD;
        }
        return result == 0
                ? FaultOutcome.RESOLVED
                : result == -12 ? FaultOutcome.OUT_OF_MEMORY : FaultOutcome.INVALID;
    }

    // What devices do.

    /** Gives translated addresses to what a translation leads to. */
    public interface Targets {

        /**
         * The translated address of a process's own memory.
         *
         * @param space the address space
         * @param address a page-aligned virtual address
         * @return a translated address, or -1 if there is none
         */
        long ofProcess(HostAddressSpace space, long address);

        /**
         * The translated address in a memory object.
         *
         * @param object the object
         * @param offset a page-aligned offset
         * @return a translated address, or -1 if there is none
         */
        long ofObject(SharedMemory object, long offset);
    }

    /**
     * Translates the largest naturally aligned block around an address that one mapping fills, up
     * to 2 MiB.
     *
     * @param address a virtual address
     * @param targets gives out translated addresses
     * @return a {@link TranslationEntry}; without any permission if nothing is mapped there
     */
    public long translate(long address, Targets targets) {
        Open now = open;
        if (now == null || !alive) {
            return 0;
        }
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Mapping mapping = now.mappings().find(address);
            // Nothing is mapped either where the memory is gone, and its owner must hear of that.
            if (!isHere(now) || mapping == null) {
                return 0;
            }
            long entry = uncached(mapping);
            if (!cacheable || changing.get() > 0 || !register(now, mapping)) {
                return entry;
            }
            // What was registered may not be what was looked at.
            if (!mapping.equals(now.mappings().find(address))) {
                continue;
            }
            cached = true;
            if (changing.get() > 0) {
                return entry;
            }
            long found = target(mapping, address, targets);
            return found == 0 ? entry : found;
        }
        return 0;
    }

    /** A translation of the largest block that the mapping fills; 0 if there is no room for it. */
    private long target(Mapping mapping, long address, Targets targets) {
        SharedMemory object = host.behind(mapping);
        long skew = object == null ? 0 : address - mapping.fileOffset(address);
        for (int shift = LARGEST_SHIFT; shift >= 12; shift--) {
            long size = 1L << shift;
            long block = address & -size;
            if (block < mapping.start() || block + size > mapping.end()) {
                continue;
            }
            if ((skew & size - 1) != 0) {
                continue;
            }
            long offset = object == null ? 0 : mapping.fileOffset(block);
            if (object != null && offset + size > object.length()) {
                continue;
            }
            long translated =
                    object == null
                            ? targets.ofProcess(this, block)
                            : targets.ofObject(object, offset);
            return translated < 0 ? 0 : TranslationEntry.of(translated, shift, rights(mapping));
        }
        return 0;
    }

    private static long rights(Mapping mapping) {
        long flags = 0;
        flags |= mapping.allows(Access.READ) ? TranslationEntry.R : 0;
        flags |= mapping.allows(Access.WRITE) ? TranslationEntry.W : 0;
        flags |= mapping.allows(Access.EXECUTE) ? TranslationEntry.EXE : 0;
        return flags;
    }

    private static long uncached(Mapping mapping) {
        return TranslationEntry.of(0, 12, rights(mapping) | TranslationEntry.U);
    }

    private boolean register(Open now, Mapping mapping) {
        MemoryEvents events = now.events();
        boolean heard = false;
        if (events != null) {
            synchronized (events) {
                heard = alive && events.register(mapping.start(), mapping.end());
            }
        }
        if (!heard) {
            unheard = true;
        }
        return heard;
    }

    /**
     * A device reads by virtual address.
     *
     * @param allowed asked with changes kept out: false aborts
     * @param access what the device wants
     * @param address first byte
     * @param target where the bytes go
     * @param offset first index of the array
     * @param length number of bytes
     * @return a packed {@link DmaResult}
     */
    public long read(
            BooleanSupplier allowed,
            int access,
            long address,
            byte[] target,
            int offset,
            int length) {
        return access(allowed, access, address, target, offset, length, false);
    }

    /**
     * A device writes by virtual address.
     *
     * @param allowed asked with changes kept out: false aborts
     * @param access what the device wants
     * @param address first byte
     * @param source where the bytes come from
     * @param offset first index of the array
     * @param length number of bytes
     * @return a packed {@link DmaResult}
     */
    public long write(
            BooleanSupplier allowed,
            int access,
            long address,
            byte[] source,
            int offset,
            int length) {
        return access(allowed, access, address, source, offset, length, true);
    }

    private long access(
            BooleanSupplier allowed,
            int access,
            long address,
            byte[] buffer,
            int offset,
            int length,
            boolean write) {
        long done = 0;
        while (done < length) {
            int from = offset + (int) done;
            int left = length - (int) done;
            long result;
            dma.readLock().lock();
            try {
                Open now = open;
                result =
                        now != null && allowed.getAsBoolean()
                                ? walk(now, access, address + done, buffer, from, left, write)
                                : DmaResult.of(DmaStatus.ABORTED, 0);
            } finally {
                dma.readLock().unlock();
            }
            done += DmaResult.bytes(result);
            if (!DmaResult.isComplete(result)) {
                return DmaResult.of(DmaResult.status(result), done);
            }
        }
        return DmaResult.complete(done);
    }

    /**
     * Moves the bytes that are in one mapping. The mapping is looked at although the kernel will
     * look too: an access of a device does not grow a stack, and what is touched has to report its
     * changes first.
     */
    private long walk(
            Open now,
            int access,
            long address,
            byte[] buffer,
            int offset,
            int left,
            boolean write) {
        Mapping mapping = now.mappings().find(address);
        if (mapping == null || !mapping.allows(access)) {
            return DmaResult.of(isHere(now) ? DmaStatus.NOT_PERMITTED : DmaStatus.ABORTED, 0);
        }
        register(now, mapping);
        int piece = (int) Math.min(Math.min(left, mapping.end() - address), TransferBuffer.SIZE);
        return move(now, address, buffer, offset, piece, write);
    }

    /** If not, the owner hears of it. */
    private boolean isHere(Open now) {
        if (!alive || namedByProcess()) {
            return alive;
        }
        boolean here = transfers.isAlive(now.handles().mem());
        if (!here) {
            owner.gone();
        }
        return here;
    }

    /** The old memory is alive before and after, or nothing counts. Needs {@code dma}. */
    private long move(
            Open now, long address, byte[] buffer, int offset, int length, boolean write) {
        if (!isHere(now)) {
            return DmaResult.of(DmaStatus.ABORTED, 0);
        }
        Descriptor mem = now.handles().mem();
        long moved =
                write
                        ? transfers.write(pid, mem, address, buffer, offset, length)
                        : transfers.read(pid, mem, address, buffer, offset, length);
        if (moved == Transfers.GONE || !isHere(now)) {
            return DmaResult.of(DmaStatus.ABORTED, 0);
        }
        return moved == length
                ? DmaResult.complete(moved)
                : DmaResult.of(DmaStatus.NOT_PERMITTED, moved);
    }

    /**
     * This address space as memory behind translated addresses: addresses are virtual ones whose
     * rights a translation has told.
     *
     * @return a view
     */
    public TranslatedMemory translated() {
        return direct;
    }

    private final class Direct implements TranslatedMemory {
        @Override
        public long read(long address, byte[] target, int from, int count) {
            return direct(address, target, from, count, false);
        }

        @Override
        public long write(long address, byte[] source, int from, int count) {
            return direct(address, source, from, count, true);
        }
    }

    /**
     * The rights were told with the translation, and whoever changes them waits for this access:
     * the descriptor that names the memory is enough, and finds nothing once it has no users.
     */
    private long direct(long address, byte[] buffer, int from, int count, boolean write) {
        dma.readLock().lock();
        try {
            Open now = open;
            if (now == null || !alive) {
                return DmaResult.of(DmaStatus.ABORTED, 0);
            }
            if (namedByProcess()) {
                return move(now, address, buffer, from, count, write);
            }
            Descriptor mem = now.handles().mem();
            long moved =
                    write
                            ? transfers.writeNamed(mem, address, buffer, from, count)
                            : transfers.readNamed(mem, address, buffer, from, count);
            if (moved == Transfers.GONE) {
                owner.gone();
                return DmaResult.of(DmaStatus.ABORTED, 0);
            }
            return moved == count
                    ? DmaResult.complete(moved)
                    : DmaResult.of(DmaStatus.NOT_PERMITTED, moved);
        } finally {
            dma.readLock().unlock();
        }
    }

    // What the process does.

    /** Called by the pump: the process waits until the last event is read. */
    private void serveEvents() {
        host.discipline().serve(this);
    }

    void readEvents() {
        while (readEvent()) {
            host.eventServed();
        }
    }

    boolean readEvent() {
        Open now = open;
        MemoryEvents events = now == null || !alive ? null : now.events();
        if (events == null) {
            return false;
        }
        synchronized (events) {
            return events.next();
        }
    }

    boolean lastWasMove() {
        Open now = open;
        MemoryEvents events = now == null ? null : now.events();
        return events != null && events.lastWasMove();
    }

    /**
     * Tells whether exec leaves the address space as it is: only where it is named by its process,
     * which is a mistake.
     *
     * @return false in a healthy backend
     */
    public boolean namedByProcess() {
        return host.discipline() == EventDiscipline.PROCESS_NAMED;
    }

    /** The process has another memory; the descriptors of the old one are of no use. */
    public void reopen() {
        Open last;
        dma.writeLock().lock();
        try {
            last = open;
            open = null;
        } finally {
            dma.writeLock().unlock();
        }
        if (last != null) {
            close(last);
            opened();
        }
    }

    /** One at a time: whoever finds nothing to do must find it done. */
    private void invalidateEverything() {
        synchronized (invalidation) {
            if (cached || unheard) {
                cached = false;
                listeners.invalidate(AddressRange.WHOLE);
            }
        }
    }

    /**
     * Makes a call of the process, whose trace is that of the changes meanwhile.
     *
     * @param <T> what it returns
     * @param call the call
     * @return what it returns
     */
    public <T> T during(Supplier<T> call) {
        return calls.during(call);
    }

    /**
     * Whose trace a change of this memory belongs to.
     *
     * @return a context, the root if nobody knows
     */
    public Context cause() {
        return calls.cause();
    }

    /** A change that a process is made to do. */
    @FunctionalInterface
    public interface Change {
        /** Makes the change. */
        void run();
    }

    /**
     * Makes a change that the kernel does not report. When the call returns, no device uses what
     * was there before; while it runs, devices go through the process's tables.
     *
     * @param change has the process make the system call
     */
    public void change(Change change) {
        changes();
        try {
            change.run();
            settle();
        } finally {
            changed();
        }
    }

    /**
     * From now on, until {@link #changed}, nothing is cached, and what was is not used any more.
     */
    void changes() {
        changing.incrementAndGet();
        invalidateEverything();
    }

    void changed() {
        changing.decrementAndGet();
    }

    /**
     * Makes a change with no device in the address space at all.
     *
     * @param change has the process make the system call; it must not wait for a device
     */
    public void exclusively(Change change) {
        changes();
        try {
            dma.writeLock().lock();
            try {
                change.run();
            } finally {
                dma.writeLock().unlock();
            }
        } finally {
            changed();
        }
    }

    /**
     * Makes known what has changed, if a device has touched memory whose changes nobody reports.
     *
     * @param range what has changed
     */
    public void changedUnheard(AddressRange range) {
        if (unheard) {
            synchronized (invalidation) {
                listeners.invalidate(range);
            }
        }
    }

    /** Waits for the accesses that run now. */
    public void settle() {
        dma.writeLock().lock();
        try {
            host.accessesEnded();
        } finally {
            dma.writeLock().unlock();
        }
    }

    /**
     * The memory is gone, or is about to be: no device reaches it when this returns, and everybody
     * who listens has heard of it. Calling again does nothing.
     */
    public void release() {
        Open last;
        synchronized (lifetime) {
            if (!alive) {
                return;
            }
            alive = false;
        }
        changing.incrementAndGet();
        host.release(this, pid, listeners::release);
        dma.writeLock().lock();
        try {
            last = open;
            open = null;
            if (last != null) {
                MemoryEvents events = last.events();
                if (events == null) {
                    close(last);
                } else {
                    synchronized (events) {
                        close(last);
                    }
                }
            }
        } finally {
            dma.writeLock().unlock();
        }
        synchronized (lifetime) {
            released = true;
        }
        endIdentity();
    }
}
