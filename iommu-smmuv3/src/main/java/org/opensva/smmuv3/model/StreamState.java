package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;

/**
 * The configuration cache of one stream: its STE, its CDs and its level 1 context descriptors, each
 * kept until it is invalidated or another one takes its place (section 16.2).
 *
 * <p>A fetch remembers the generation of before, so that what was fetched before an invalidation is
 * never used after it. The generation of CDs contains that of the STE that they are found through:
 * whoever still uses an older STE does not find the CDs of a newer one.
 *
 * <p><b>Threading.</b> Reading the STE and CDs takes no lock.
 */
final class StreamState {

    private final int streamId;
    private final ContextCache contexts;
    private final Level1Cache level1 = new Level1Cache();
    private volatile @Nullable StreamEntry entry;
    private volatile long entryGeneration;
    private volatile int contextGeneration;
    private volatile long singleInvalidations;
    private final Changes changes;

    StreamState(int streamId, int contextSlots, Changes changes) {
        this.streamId = streamId;
        this.changes = changes;
        contexts = new ContextCache(contextSlots);
    }

    int streamId() {
        return streamId;
    }

    /** Generation of the STE; add the generation of the whole cache. */
    long entryGeneration() {
        return entryGeneration;
    }

    /** Generation of what is found through an STE. */
    long contextStamp(StreamEntry through) {
        return through.stamp() << Integer.SIZE | Integer.toUnsignedLong(contextGeneration);
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

    /** The STE that was kept last, of whatever generation. */
    @Nullable StreamEntry entry() {
        return entry;
    }

    void keep(StreamEntry fetched) {
        // A stale one may overwrite a fresh one, but its stamp makes it a miss.
        entry = fetched;
    }

    /** The CDs, to look them up. */
    ContextCache contexts() {
        return contexts;
    }

    /**
     * Keeps a CD unless something has been invalidated since it was fetched.
     *
     * @param stamp {@link #contextStamp} before the fetch
     * @param invalidations {@link #singleInvalidations()} before the fetch
     */
    synchronized void keep(int index, Context fetched, long stamp, long invalidations) {
        if (isCurrent(stamp, invalidations)) {
            contexts.keep(index, stamp, fetched);
        }
    }

    /** The cached level 1 context descriptor of this generation; as {@link Level1Cache#find}. */
    synchronized long level1(long index, long stamp) {
        return level1.find(index, stamp);
    }

    /** Keeps a level 1 context descriptor, as {@link #keep(int, Context, long, long)} does a CD. */
    synchronized void keepLevel1(long index, long descriptor, long stamp, long invalidations) {
        if (isCurrent(stamp, invalidations)) {
            level1.keep(index, descriptor, stamp);
        }
    }

    private boolean isCurrent(long stamp, long invalidations) {
        StreamEntry now = entry;
        return singleInvalidations == invalidations && now != null && contextStamp(now) == stamp;
    }

    /** CMD_CFGI_STE: the STE and every CD found through it. */
    synchronized void invalidateEntry() {
        entryGeneration++;
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
        contexts.drop(index);
        if (!leaf) {
            // The table was split at 6 or at 10 bits, whichever the STE said when it was fetched.
            level1.drop(index >>> 6);
            level1.drop(index >>> 10);
        }
        changes.made();
    }
}
