package com.acme.sva;

import org.opensva.api.iommu.Pasid;
import org.opensva.api.memory.AddressRange;

import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The address translation cache of a device. An entry is used without a look at the page map, and
 * it stays until it is invalidated or makes room: a missing invalidation is a device that reaches
 * somebody else's memory.
 *
 * <p><b>The guard.</b> {@link #use} looks an entry up <em>and</em> touches the memory under the
 * read lock. {@link #invalidate} takes the write lock, so it returns only after every access that
 * used an old entry has finished. Looking up first and touching later is the bug that this class
 * makes impossible: a frame never leaves the guard.
 *
 * <p>Entries are told apart by PASID. An invalidation costs what it removes.
 */
final class TranslationCache {

    /** Touches memory inside the guard. */
    @FunctionalInterface
    interface Use {
        void touch(Frame frame, int offset);
    }

    private record Entry(Frame frame, int access) {}

    private static final int CAPACITY = 1024;

    private final ReentrantReadWriteLock guard = new ReentrantReadWriteLock();
    private final Map<Pasid, NavigableMap<Long, Entry>> spaces = new HashMap<>();

    /**
     * Uses the page of an address, if it is cached with the rights that the access needs.
     *
     * @return false if it is not; then nothing was touched, and the device has to ask
     */
    boolean use(Pasid pasid, long address, int access, Use use) {
        guard.readLock().lock();
        try {
            NavigableMap<Long, Entry> space = spaces.get(pasid);
            Entry entry = space == null ? null : space.get(Frame.pageOf(address));
            if (entry == null || (access & ~entry.access()) != 0) {
                return false;
            }
            use.touch(entry.frame(), Frame.offsetOf(address));
            return true;
        } finally {
            guard.readLock().unlock();
        }
    }

    /** Caches an answer. Called with the address space's lock held, so that it is still true. */
    void insert(Pasid pasid, long page, Frame frame, int access) {
        guard.writeLock().lock();
        try {
            NavigableMap<Long, Entry> space = spaces.computeIfAbsent(pasid, key -> new TreeMap<>());
            space.put(page, new Entry(frame, access));
            if (space.size() > CAPACITY) {
                space.remove(page == space.firstKey() ? space.lastKey() : space.firstKey());
            }
        } finally {
            guard.writeLock().unlock();
        }
    }

    /** Removes a range of one PASID, and waits for the accesses that use it. */
    void invalidate(Pasid pasid, AddressRange range) {
        guard.writeLock().lock();
        try {
            NavigableMap<Long, Entry> space = spaces.get(pasid);
            if (space == null) {
                return;
            }
            if (!range.isWhole()) {
                space.subMap(Frame.pageOf(range.start()), range.end()).clear();
            }
            if (range.isWhole() || space.isEmpty()) {
                spaces.remove(pasid);
            }
        } finally {
            guard.writeLock().unlock();
        }
    }

    /** How many translations are cached for a PASID. */
    int size(Pasid pasid) {
        guard.readLock().lock();
        try {
            NavigableMap<Long, Entry> space = spaces.get(pasid);
            return space == null ? 0 : space.size();
        } finally {
            guard.readLock().unlock();
        }
    }
}
