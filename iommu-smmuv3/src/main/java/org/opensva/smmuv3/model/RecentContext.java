package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;

/**
 * What a lane found out about the substream that it was used for last, so that a device that keeps
 * using one looks up nothing but the translation. Belongs to a lane.
 *
 * <p>It is good as long as {@link Changes} has not moved since before it was found. So it dies with
 * the configuration and the stamp that it stands for, and never holds what caches may not hold.
 */
final class RecentContext {

    private long changes = -1;
    private long entryChanges = -1;
    private long translatedChanges = -1;
    private @Nullable StreamEntry entry;
    private int pasid;
    private int shift = 12;
    private long tag;
    private long stamp;
    private long missed = ContextCache.ABSENT;
    private int turn;

    /**
     * Whether the context of a transaction is known, with translation enabled.
     *
     * @param now {@link Changes#count()} now
     */
    boolean holds(int substream, long now) {
        return changes == now && pasid == substream;
    }

    /**
     * The entry of the stream, if it is known, with translation enabled.
     *
     * @param now {@link Changes#count()} now
     */
    @Nullable StreamEntry entry(long now) {
        return entryChanges == now ? entry : null;
    }

    /**
     * Remembers the entry of the stream.
     *
     * @param before {@link Changes#count()} before anything was looked up
     */
    void keepEntry(StreamEntry found, long before) {
        entry = found;
        entryChanges = before;
    }

    /**
     * Remembers a legal context.
     *
     * @param substream the substream, or a negative number
     * @param before {@link Changes#count()} before anything was looked up
     */
    void keep(long tagNow, long stampNow, int substream, long before) {
        tag = tagNow;
        turn = Placement.turn(tagNow);
        stamp = stampNow;
        pasid = substream;
        changes = before;
    }

    /**
     * Whether translated transactions are known to be served.
     *
     * @param now {@link Changes#count()} now
     */
    boolean servesTranslated(long now) {
        return translatedChanges == now;
    }

    /**
     * Remembers that they are.
     *
     * @param before {@link Changes#count()} before anything was looked up
     */
    void keepTranslated(long before) {
        translatedChanges = before;
    }

    /**
     * The tag under which the last look-up of this stay found nothing, or {@link
     * ContextCache#ABSENT}; once.
     */
    long takeMissed() {
        long last = missed;
        missed = ContextCache.ABSENT;
        return last;
    }

    /** Looks a translation of the context up, and of the size first that was found last. */
    long find(TaggedCache iotlb, long address) {
        long found = iotlb.probe(tag, turn, stamp, address, shift);
        if (found == 0) {
            found = iotlb.findOther(tag, stamp, address, shift);
            if (found != 0) {
                shift = Cached.sizeShift(found);
            } else {
                missed = tag;
            }
        }
        return found;
    }
}
