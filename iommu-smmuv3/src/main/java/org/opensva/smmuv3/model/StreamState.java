package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The configuration cache of one stream: its STE, its CDs and its level 1 context descriptors, each
 * kept until it is invalidated or, for the tables, until another one takes its place (section
 * 16.2).
 *
 * <p>Reading takes no lock. A fetch remembers the generation of before, so that what was fetched
 * before an invalidation is never used after it.
 */
final class StreamState {

    private static final int LEVEL1_SLOTS = 256;

    private final int streamId;
    private final int contextSlots;
    private volatile @Nullable StreamEntry entry;
    private volatile @Nullable Context firstContext;
    private volatile @Nullable AtomicReferenceArray<@Nullable Context> contexts;
    private volatile @Nullable AtomicReferenceArray<@Nullable Level1Entry> level1;
    private volatile long entryGeneration;
    private volatile long contextGeneration;
    private volatile long singleInvalidations;
    private final Changes changes;

    StreamState(int streamId, int contextSlots, Changes changes) {
        this.streamId = streamId;
        this.contextSlots = contextSlots;
        this.changes = changes;
    }

    int streamId() {
        return streamId;
    }

    /** Generation of the STE; add the generation of the whole cache. */
    long entryGeneration() {
        return entryGeneration;
    }

    /** Generation of the CDs; add the generation of the whole cache. */
    long contextGeneration() {
        return contextGeneration;
    }

    /** How often single CDs have been invalidated. */
    long singleInvalidations() {
        return singleInvalidations;
    }

    /** The cached STE if it is of this generation. */
    @Nullable StreamEntry entry(long stamp) {
        StreamEntry cached = entry;
        return cached != null && cached.stamp() == stamp ? cached : null;
    }

    void keep(StreamEntry fetched) {
        // A stale one may overwrite a fresh one, but its stamp makes it a miss.
        entry = fetched;
    }

    /** The cached CD if it is of this generation. */
    @Nullable Context context(int index, long stamp) {
        Context cached;
        if (index == 0) {
            cached = firstContext;
        } else {
            AtomicReferenceArray<@Nullable Context> table = contexts;
            cached = table == null ? null : table.getAcquire(index & contextSlots - 1);
        }
        return cached != null && cached.index() == index && cached.stamp() == stamp ? cached : null;
    }

    /**
     * Keeps a CD unless single CDs have been invalidated since it was fetched.
     *
     * @param invalidations {@link #singleInvalidations()} before the fetch
     */
    synchronized void keep(Context fetched, long invalidations) {
        if (singleInvalidations != invalidations) {
            return;
        }
        if (fetched.index() == 0) {
            firstContext = fetched;
            return;
        }
        AtomicReferenceArray<@Nullable Context> table = contexts;
        if (table == null) {
            table = new AtomicReferenceArray<>(contextSlots);
            contexts = table;
        }
        table.set(fetched.index() & contextSlots - 1, fetched);
    }

    /** The cached level 1 context descriptor if it is of this generation. */
    @Nullable Level1Entry level1(long index, long stamp) {
        AtomicReferenceArray<@Nullable Level1Entry> table = level1;
        if (table == null) {
            return null;
        }
        Level1Entry cached = table.getAcquire((int) index & LEVEL1_SLOTS - 1);
        return cached != null && cached.index() == index && cached.stamp() == stamp ? cached : null;
    }

    /** Keeps a level 1 context descriptor, as {@link #keep(Context, long)} does a CD. */
    synchronized void keep(Level1Entry fetched, long invalidations) {
        if (singleInvalidations != invalidations) {
            return;
        }
        AtomicReferenceArray<@Nullable Level1Entry> table = level1;
        if (table == null) {
            table = new AtomicReferenceArray<>(LEVEL1_SLOTS);
            level1 = table;
        }
        table.set((int) fetched.index() & LEVEL1_SLOTS - 1, fetched);
    }

    /** CMD_CFGI_STE: the STE and every CD found through it. */
    synchronized void invalidateEntry() {
        entryGeneration++;
        contextGeneration++;
        changes.made();
    }

    /** CMD_CFGI_CD_ALL: every CD and level 1 context descriptor. */
    synchronized void invalidateContexts() {
        contextGeneration++;
        changes.made();
    }

    /** CMD_CFGI_CD: one CD, and its level 1 descriptor unless only the leaf is meant. */
    synchronized void invalidateContext(int index, boolean leaf) {
        singleInvalidations++;
        if (index == 0) {
            firstContext = null;
        }
        AtomicReferenceArray<@Nullable Context> table = contexts;
        if (table != null) {
            Context cached = table.get(index & contextSlots - 1);
            if (cached != null && cached.index() == index) {
                table.set(index & contextSlots - 1, null);
            }
        }
        if (!leaf) {
            // The table was split at 6 or at 10 bits, whichever the STE said when it was fetched.
            dropLevel1(index >>> 6);
            dropLevel1(index >>> 10);
        }
        changes.made();
    }

    private void dropLevel1(int index) {
        AtomicReferenceArray<@Nullable Level1Entry> table = level1;
        if (table != null) {
            Level1Entry cached = table.get(index & LEVEL1_SLOTS - 1);
            if (cached != null && cached.index() == index) {
                table.set(index & LEVEL1_SLOTS - 1, null);
            }
        }
    }
}
