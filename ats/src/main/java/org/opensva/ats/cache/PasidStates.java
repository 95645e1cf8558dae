package org.opensva.ats.cache;

import org.jspecify.annotations.Nullable;
import org.opensva.api.iommu.Pasid;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What an endpoint remembers for each PASID, and for requests without one: counters that make whole
 * address spaces cheap to drop and overtaken translation requests easy to see.
 *
 * <ul>
 *   <li>The <i>generation</i>: cached translations of an older generation are dead, so dropping all
 *       of a PASID is one addition.
 *   <li>The <i>sequence</i>: counts invalidations of ranges. A translation request that was
 *       answered in an older sequence may have been overtaken, and its answer is not used.
 *   <li>The <i>epoch</i>: counts how often use of the PASID was stopped. An access that began in an
 *       older epoch ends.
 *   <li>Requests under way outside the guard, for the current and the previous epoch.
 * </ul>
 *
 * <p>Memory comes in chunks of 256 PASIDs when one of them is first used, 64 bytes each: one cache
 * line, so that PASIDs do not disturb each other.
 *
 * <p><b>Threading.</b> Any thread may call; only the first use of a chunk allocates.
 */
public final class PasidStates {

    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle CHUNK = MethodHandles.arrayElementVarHandle(long[][].class);

    private static final int CHUNK_SHIFT = 8;
    private static final int CHUNK_MASK = (1 << CHUNK_SHIFT) - 1;
    private static final int STRIDE_SHIFT = 3;

    private static final int GENERATION = 0;
    private static final int SEQUENCE = 1;
    private static final int EPOCH = 2;
    private static final int UNDER_WAY = 3;

    /** Index 0 is for requests without a PASID, PASID p has index p + 1. */
    private final long[] @Nullable [] chunks;

    private final int limit;

    /**
     * Creates the states, all counters 0.
     *
     * @param pasidBits how many PASID bits the endpoint has, 0 to 20
     */
    public PasidStates(int pasidBits) {
        limit = pasidBits == 0 ? 0 : 1 << pasidBits;
        chunks = new long[(limit >> CHUNK_SHIFT) + 1][];
    }

    /**
     * Tells whether the endpoint has a PASID at all.
     *
     * @param pasid any number
     * @return true for {@link Pasid#NONE} and for numbers that fit
     */
    public boolean has(int pasid) {
        return pasid >= Pasid.NONE && pasid < limit;
    }

    /**
     * The generation: translations fetched in an older one are dead.
     *
     * @param pasid a PASID that {@link #has} accepts
     * @return a number that only grows
     */
    public long generation(int pasid) {
        return get(pasid, GENERATION);
    }

    /**
     * Kills all translations of a PASID.
     *
     * @param pasid a PASID that {@link #has} accepts
     */
    public void nextGeneration(int pasid) {
        CELL.getAndAdd(chunk(pasid), cell(pasid, GENERATION), 1L);
    }

    /**
     * The sequence: how many ranges were invalidated.
     *
     * @param pasid a PASID that {@link #has} accepts
     * @return a number that only grows
     */
    public long sequence(int pasid) {
        return get(pasid, SEQUENCE);
    }

    /**
     * Notes that a range is being invalidated. Comes before the removal.
     *
     * @param pasid a PASID that {@link #has} accepts
     */
    public void nextSequence(int pasid) {
        CELL.getAndAdd(chunk(pasid), cell(pasid, SEQUENCE), 1L);
    }

    /**
     * The epoch: how often the use of the PASID was stopped.
     *
     * @param pasid a PASID that {@link #has} accepts
     * @return a number that only grows
     */
    public long epoch(int pasid) {
        return get(pasid, EPOCH);
    }

    /**
     * Stops all accesses that have begun.
     *
     * @param pasid a PASID that {@link #has} accepts
     * @return the epoch that ended
     */
    public long nextEpoch(int pasid) {
        return (long) CELL.getAndAdd(chunk(pasid), cell(pasid, EPOCH), 1L);
    }

    /**
     * Notes that a request leaves the device: a translation request or an untranslated access.
     *
     * @param pasid a PASID that {@link #has} accepts
     * @param epoch the epoch in which the access began
     * @return false if that epoch has ended, and then nothing is noted
     */
    public boolean begin(int pasid, long epoch) {
        long[] chunk = chunk(pasid);
        int cell = cell(pasid, UNDER_WAY + (int) (epoch & 1));
        CELL.getAndAdd(chunk, cell, 1L);
        if ((long) CELL.getVolatile(chunk, cell(pasid, EPOCH)) == epoch) {
            return true;
        }
        CELL.getAndAdd(chunk, cell, -1L);
        return false;
    }

    /**
     * Notes that the request has been answered.
     *
     * @param pasid a PASID that {@link #has} accepts
     * @param epoch what {@link #begin} was given
     */
    public void end(int pasid, long epoch) {
        CELL.getAndAdd(chunk(pasid), cell(pasid, UNDER_WAY + (int) (epoch & 1)), -1L);
    }

    /**
     * Tells whether requests of an epoch are still under way.
     *
     * @param pasid a PASID that {@link #has} accepts
     * @param epoch an epoch that ended
     * @return true if some are
     */
    public boolean isUnderWay(int pasid, long epoch) {
        return get(pasid, UNDER_WAY + (int) (epoch & 1)) != 0;
    }

    private long get(int pasid, int field) {
        return (long) CELL.getVolatile(chunk(pasid), cell(pasid, field));
    }

    private static int cell(int pasid, int field) {
        return ((pasid + 1) & CHUNK_MASK) << STRIDE_SHIFT | field;
    }

    private long[] chunk(int pasid) {
        long[] chunk = chunks[(pasid + 1) >> CHUNK_SHIFT];
        return chunk != null ? chunk : makeChunk((pasid + 1) >> CHUNK_SHIFT);
    }

    private long[] makeChunk(int index) {
        long[] made = new long[1 << (CHUNK_SHIFT + STRIDE_SHIFT)];
        long[] there = (long[]) CHUNK.compareAndExchange(chunks, index, (long[]) null, made);
        return there != null ? there : made;
    }
}
