package org.opensva.linux.mm;

import io.opentelemetry.context.Context;

import org.opensva.api.memory.Access;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.PageTable;
import org.opensva.linux.abi.KernelErrors;
import org.opensva.linux.mm.MemoryWay.Open;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
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
 * <p><b>Locks.</b> The {@link MemoryWay} is held for reading while bytes move and for writing while
 * events are taken; it is never held while a listener is called, because a listener waits for
 * accesses.
 *
 * <p><b>Threading.</b> Any thread may call.
 */
public final class HostAddressSpace implements AddressSpace {

    private static final System.Logger LOG = System.getLogger(HostAddressSpace.class.getName());

    /** How often a mapping may change under a translation before it is left to the kernel. */
    private static final int ATTEMPTS = 4;

    private final long id;
    private final HostMemory host;
    private final MemoryOwner owner;

    /** False if some changes are told by nobody. */
    private final boolean cacheable;

    private final long pid;
    private final Transfers transfers;
    private final MemoryWay way;
    private final DeviceAccess devices;
    private final Identity identity;
    private final Listeners listeners = new Listeners();
    private final CallsUnderWay calls = new CallsUnderWay();

    /** More than 0: no translation may be cached. */
    private final AtomicInteger changing = new AtomicInteger();

    /** A translation was given out for caching since the last invalidation of everything. */
    private volatile boolean cached;

    private final Object invalidation = new Object();

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
        this.cacheable = cacheable;
        this.pid = owner.pid();
        this.transfers = transfers;
        way = new MemoryWay(toString(), host, owner, pump, transfers, this::serveEvents);
        devices = new DeviceAccess(way, owner, transfers);
        identity = new Identity(host::identityEnded);
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public boolean isAlive() {
        return way.isAlive();
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

    /**
     * Opens the way to the memory, which the first bind does otherwise.
     *
     * @throws ErrnoException {@code EINVAL} if it has no users left
     */
    public void reach() {
        way.opened();
    }

    /**
     * Tells whether changes are heard of before they are over.
     *
     * @return true if there is a userfaultfd
     */
    public boolean hasEvents() {
        return way.opened().events() != null;
    }

    @Override
    public Subscription subscribe(AddressSpaceListener listener) {
        way.opened();
        Subscription subscription = listeners.add(listener);
        if (!isAlive()) {
            subscription.close();
            throw way.dead();
        }
        return subscription;
    }

    @Override
    public Subscription hold() {
        return identity.hold();
    }

    /**
     * Runs something when the identity ends: when the memory is released and nobody holds it.
     *
     * @param action what to run; at once if that has happened
     */
    public void whenIdentityEnds(Runnable action) {
        identity.whenEnded(action);
    }

    @Override
    public FaultOutcome handleFault(long address, int access) {
        if (!isAlive()) {
            return FaultOutcome.DEAD;
        }
        Mapping mapping = way.opened().mappings().find(address);
        if (mapping == null || !mapping.allows(access)) {
            return isAlive() ? FaultOutcome.INVALID : FaultOutcome.DEAD;
        }
        long result = owner.populate(address, Access.writes(access));
        if (!isAlive()) {
            return FaultOutcome.DEAD;
        }
        return result == 0
                ? FaultOutcome.RESOLVED
                : result == -KernelErrors.ENOMEM
                        ? FaultOutcome.OUT_OF_MEMORY
                        : FaultOutcome.INVALID;
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
     * @return a {@link org.opensva.api.ats.TranslationEntry}; without any permission if nothing is
     *     mapped there
     */
    public long translate(long address, Targets targets) {
        Open now = way.now();
        if (now == null || !isAlive()) {
            return 0;
        }
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Mapping mapping = now.mappings().find(address);
            // Nothing is mapped either where the memory is gone, and its owner must hear of that.
            if (!way.isHere(now) || mapping == null) {
                return 0;
            }
            long entry = BlockTranslation.uncached(mapping);
            if (!cacheable || changing.get() > 0 || !way.register(now, mapping)) {
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
            long found =
                    BlockTranslation.cached(this, host.behind(mapping), mapping, address, targets);
            return found == 0 ? entry : found;
        }
        return 0;
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
     * @return a packed {@link org.opensva.api.iommu.DmaResult}
     */
    public long read(
            BooleanSupplier allowed,
            int access,
            long address,
            byte[] target,
            int offset,
            int length) {
        return devices.access(allowed, access, address, target, offset, length, false);
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
     * @return a packed {@link org.opensva.api.iommu.DmaResult}
     */
    public long write(
            BooleanSupplier allowed,
            int access,
            long address,
            byte[] source,
            int offset,
            int length) {
        return devices.access(allowed, access, address, source, offset, length, true);
    }

    /**
     * This address space as memory behind translated addresses: addresses are virtual ones whose
     * rights a translation has told.
     *
     * @return a view
     */
    public TranslatedMemory translated() {
        return devices;
    }

    // What the process does.

    /**
     * Called by the pump: the process waits until the last event is read. If somebody who listens
     * is broken, the process must not wait for that: its changes are told without events then.
     */
    private void serveEvents() {
        boolean served = false;
        try {
            host.discipline().serve(this);
            served = true;
        } finally {
            if (!served) {
                LOG.log(
                        System.Logger.Level.ERROR,
                        "{0}: a change could not be made known; nothing of it is cached any more",
                        this);
                stopListening();
            }
        }
    }

    /** Whoever can be told is told first: what the process does next is heard of by nobody. */
    private void stopListening() {
        begin();
        try {
            invalidateEverything();
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "an invalidation failed again", e);
        } finally {
            way.stopListening();
            changed();
        }
    }

    void readEvents() {
        while (readEvent()) {
            host.eventServed();
        }
    }

    boolean readEvent() {
        return way.readEvent();
    }

    boolean lastWasMove() {
        return way.lastWasMove();
    }

    /**
     * Tells whether exec leaves the address space as it is: only where it is named by its process,
     * which is a mistake.
     *
     * @return false in a healthy backend
     */
    public boolean namedByProcess() {
        return way.isNamedByProcess();
    }

    /** The process has another memory; the descriptors of the old one are of no use. */
    public void reopen() {
        way.reopen();
    }

    /** One at a time: whoever finds nothing to do must find it done. */
    void invalidateEverything() {
        synchronized (invalidation) {
            if (cached || way.isUnheard()) {
                boolean before = cached;
                cached = false;
                boolean done = false;
                try {
                    listeners.invalidate(AddressRange.WHOLE);
                    done = true;
                } finally {
                    cached |= before && !done;
                }
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
        begin();
        try {
            invalidateEverything();
            change.run();
            settle();
        } finally {
            changed();
        }
    }

    /** From now on, until {@link #changed}, nothing is given out for caching. */
    void begin() {
        changing.incrementAndGet();
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
        begin();
        try {
            invalidateEverything();
            way.exclusively(change::run);
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
        if (way.isUnheard()) {
            synchronized (invalidation) {
                listeners.invalidate(range);
            }
        }
    }

    /** Waits for the accesses that run now. */
    public void settle() {
        way.exclusively(host::accessesEnded);
    }

    /**
     * The memory is gone, or is about to be: no device reaches it when this returns, and everybody
     * who listens has heard of it. Calling again does nothing.
     */
    public void release() {
        if (!way.end()) {
            return;
        }
        begin();
        try {
            host.release(this, pid, listeners::release);
        } finally {
            way.close();
            transfers.close();
            identity.released();
        }
    }
}
