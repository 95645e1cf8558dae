package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.AddressRange;
import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.AddressSpaceListener;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;
import org.opensva.emulated.machine.Processors;

import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Who hears of changes to one address space: the TLBs of processors first, and with them an IOTLB
 * that takes part in their maintenance, then those who subscribed (Linux: {@code flush_tlb_range}
 * and {@code mmu_notifier_subscriptions}).
 *
 * <p>Subscribing never waits for the address space: either the walk that follows sees the new
 * entries, or the change sees the subscriber, because both sides put a full fence between their
 * write and their read.
 */
final class Listeners {

    private static final Entry[] NONE = {};

    private final SharedAsid asid;
    private final Processors.View processors;
    private final int pageShift;
    private volatile Entry[] entries = NONE;
    private boolean released;

    Listeners(SharedAsid asid, Processors.View processors, int pageShift) {
        this.asid = asid;
        this.processors = processors;
        this.pageShift = pageShift;
    }

    synchronized AddressSpace.Subscription add(AddressSpaceListener listener, long id) {
        if (released) {
            throw new ErrnoException(
                    Errno.EINVAL,
                    "subscribe(address space " + id + ")",
                    "its memory has no users left");
        }
        Entry entry = new Entry(listener);
        Entry[] more = Arrays.copyOf(entries, entries.length + 1);
        more[more.length - 1] = entry;
        entries = more;
        VarHandle.fullFence();
        return () -> remove(entry);
    }

    private void remove(Entry entry) {
        synchronized (this) {
            entries = Arrays.stream(entries).filter(other -> other != entry).toArray(Entry[]::new);
        }
        entry.end();
    }

    /**
     * Whether nobody would hear of a change that has been made. The fence comes first: without it
     * the entries could be cleared, for others, only after this look, and who subscribes in between
     * would neither be told nor walk the new tables.
     */
    boolean isEmpty() {
        VarHandle.fullFence();
        return entries.length == 0 && !asid.isPinned() && !processors.isUsed();
    }

    /**
     * Tells everybody of a change of entries.
     *
     * @param lastLevelOnly whether no table was taken out
     */
    void invalidate(AddressRange range, boolean lastLevelOnly) {
        VarHandle.fullFence();
        forget(range);
        // Complete before anybody else is told: an ATC must not be filled from a stale IOTLB.
        asid.invalidate(range, lastLevelOnly);
        for (Entry entry : entries) {
            entry.invalidate(range);
        }
    }

    /**
     * The processors' own TLBs come first: what a device sees next, a process may not see first.
     */
    private void forget(AddressRange range) {
        if (range.isWhole()) {
            processors.invalidate(0, -1L);
        } else {
            long first = range.start() >>> pageShift;
            processors.invalidate(first, (range.end() - 1 >>> pageShift) - first + 1);
        }
    }

    /** No processor walks the tables any more. */
    void forgetAll() {
        forget(AddressRange.WHOLE);
        asid.invalidate(AddressRange.WHOLE, false);
    }

    /**
     * Releases everybody. If somebody fails, the failure is thrown at the end: the caller must not
     * free what a device may still reach.
     */
    void release() {
        Entry[] last;
        synchronized (this) {
            released = true;
            last = entries;
        }
        RuntimeException first = null;
        for (Entry entry : last) {
            try {
                entry.release();
            } catch (RuntimeException e) {
                // The others must go quiet whatever this one does.
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }

    private static final class Entry {
        private final AddressSpaceListener listener;

        /** Held around calls, so that the end of a subscription waits for one under way. */
        private final ReentrantLock calls = new ReentrantLock();

        private boolean ended;

        Entry(AddressSpaceListener listener) {
            this.listener = listener;
        }

        void invalidate(AddressRange range) {
            calls.lock();
            try {
                if (!ended) {
                    listener.invalidate(range);
                }
            } finally {
                calls.unlock();
            }
        }

        void release() {
            calls.lock();
            try {
                if (!ended) {
                    listener.release();
                }
            } finally {
                calls.unlock();
            }
        }

        void end() {
            calls.lock();
            try {
                ended = true;
            } finally {
                calls.unlock();
            }
        }
    }
}
