package com.acme.sva;

import org.jspecify.annotations.Nullable;
import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.CpuFaultException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.api.process.FaultOutcome;
import org.opensva.api.process.PageTable;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * An address space: mappings, pages, who hears of changes, and the PASID.
 *
 * <p>One lock guards all of it. Page faults, of processors and of devices, are resolved under the
 * lock, and a device's cache is filled under it too ({@link #translate}): no invalidation can slip
 * between reading an entry and caching it.
 *
 * <p>The memory ends with {@link #tearDown}. The identity, and with it the PASID, ends when the
 * last {@link #hold} is given back: as long as somebody could still use the number, nobody else
 * gets it.
 */
final class AcmeAddressSpace implements AddressSpace {

    /** Takes a translation, with the lock held. */
    @FunctionalInterface
    interface TranslationSink {
        void accept(long page, Frame frame, int access);
    }

    /** Uses a part of a frame, with the lock held. */
    @FunctionalInterface
    interface FrameUse {
        void use(Frame frame, int offset, int done, int length);
    }

    final VmaTree vmas = new VmaTree(this);
    final PageMap pages;
    final FramePool frames;

    private final PageFaults faults;
    private final long id;
    private final PasidPool pasids;
    private final ReentrantLock lock = new ReentrantLock();
    private final List<AddressSpaceListener> listeners = new CopyOnWriteArrayList<>();
    private final AtomicInteger identity = new AtomicInteger(1);
    private @Nullable Pasid pasid;
    private volatile boolean alive = true;

    AcmeAddressSpace(long id, FramePool frames, PasidPool pasids) {
        this.id = id;
        this.frames = frames;
        this.pasids = pasids;
        this.pages = new PageMap(frames, this::invalidate);
        this.faults = new PageFaults(vmas, pages, frames);
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
        return Optional.empty();
    }

    /** Runs a change under the lock, if the memory still has users. */
    <T> T change(Supplier<T> action) {
        lock.lock();
        try {
            if (!alive) {
                throw new ErrnoException(Errno.ESRCH, "memory access", "the process has ended");
            }
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    // ---- faults and accesses --------------------------------------------------------------------

    @Override
    public FaultOutcome handleFault(long address, int access) {
        lock.lock();
        try {
            return alive ? faults.resolve(address, access) : FaultOutcome.DEAD;
        } finally {
            lock.unlock();
        }
    }

    /** A device asks for a translation; the sink caches it before anything can change. */
    FaultOutcome translate(long address, int access, TranslationSink sink) {
        lock.lock();
        try {
            FaultOutcome outcome = handleFault(address, access);
            PageMap.Entry entry = pages.get(Frame.pageOf(address));
            if (outcome == FaultOutcome.RESOLVED && entry != null) {
                sink.accept(Frame.pageOf(address), entry.frame(), entry.access());
            }
            return outcome;
        } finally {
            lock.unlock();
        }
    }

    /** The processor uses memory, page by page. */
    void access(long address, int length, int access, FrameUse use) {
        for (int done = 0; done < length; ) {
            long at = address + done;
            int from = done;
            int count = Frame.inPage(at, length - done);
            change(() -> {
                FaultOutcome outcome = faults.resolve(at, access);
                PageMap.Entry entry = pages.get(Frame.pageOf(at));
                if (outcome != FaultOutcome.RESOLVED || entry == null) {
                    throw new CpuFaultException(faults.signal(at, access), at);
                }
                use.use(entry.frame(), Frame.offsetOf(at), from, count);
                return true;
            });
            done += count;
        }
    }

    // ---- who hears of changes -------------------------------------------------------------------

    @Override
    public Subscription subscribe(AddressSpaceListener listener) {
        lock.lock();
        try {
            if (!alive) {
                throw new ErrnoException(Errno.EINVAL, "bind", "the address space has ended");
            }
            listeners.add(listener);
        } finally {
            lock.unlock();
        }
        // Taking the lock waits for the calls that are running.
        return once(() -> {
            lock.lock();
            try {
                listeners.remove(listener);
            } finally {
                lock.unlock();
            }
        });
    }

    private void invalidate(AddressRange range) {
        for (AddressSpaceListener listener : listeners) {
            listener.invalidate(range);
        }
    }

    /** Takes pages of an object that has shrunk away from every mapping of it. */
    void dropPagesOf(MemoryObject object, long firstGone) {
        lock.lock();
        try {
            for (Vma vma : vmas.all()) {
                if (vma.object() == object) {
                    long gone = vma.start() + Frame.SIZE * (firstGone - vma.index(vma.start()));
                    long from = Math.max(vma.start(), gone);
                    if (from < vma.end()) {
                        pages.clear(from, vma.end());
                    }
                }
            }
        } finally {
            lock.unlock();
        }
    }

    // ---- birth, death, identity -----------------------------------------------------------------

    /**
     * Copies mappings and pages for a child. The child is unbound: no PASID, no listeners. When
     * this returns no device of the parent writes to a page that the child has.
     */
    void forkInto(AcmeAddressSpace child) {
        change(() -> {
            child.lock.lock();
            try {
                for (Vma vma : vmas.all()) {
                    if (vma.fork() == Vma.OnFork.OMIT) {
                        continue;
                    }
                    child.vmas.add(vma);
                    // Pages of shared mappings are found again by the child's first fault.
                    if (vma.fork() == Vma.OnFork.COPY && !vma.shared()) {
                        pages.shareWith(child.pages, vma.start(), vma.end());
                    }
                }
            } finally {
                child.lock.unlock();
            }
            invalidate(AddressRange.WHOLE);
            return true;
        });
    }

    /**
     * The last user is gone: every device is released before a page is freed. It waits for running
     * accesses, never for a job.
     */
    void tearDown() {
        lock.lock();
        try {
            if (!alive) {
                return;
            }
            alive = false;
            listeners.forEach(AddressSpaceListener::release);
            listeners.clear();
            pages.clear(0, Long.MAX_VALUE);
            vmas.remove(0, Long.MAX_VALUE);
        } finally {
            lock.unlock();
        }
        dropIdentity();
    }

    /** The PASID, chosen at the first bind and kept for the life of the identity. */
    Pasid pasid() {
        lock.lock();
        try {
            if (pasid == null) {
                pasid = pasids.allocate();
            }
            return pasid;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Subscription hold() {
        if (identity.getAndUpdate(count -> count == 0 ? 0 : count + 1) == 0) {
            throw new ErrnoException(Errno.EINVAL, "hold", "the address space is gone");
        }
        return once(this::dropIdentity);
    }

    private void dropIdentity() {
        if (identity.decrementAndGet() == 0) {
            lock.lock();
            try {
                if (pasid != null) {
                    pasids.release(pasid);
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private static Subscription once(Runnable action) {
        AtomicBoolean done = new AtomicBoolean();
        return () -> {
            if (done.compareAndSet(false, true)) {
                action.run();
            }
        };
    }
}
