package org.opensva.emulated.kernel.mm;

import org.jspecify.annotations.Nullable;
import org.opensva.emulated.kernel.paging.EntryFormat;

import java.util.concurrent.locks.ReentrantLock;

/**
 * Makes room when memory is short (Linux: {@code mm/vmscan.c} and {@code mm/oom_kill.c}): pages
 * that nobody has used for a while are reclaimed, those of others only if nothing else is left;
 * when nothing can be reclaimed, a process is killed.
 *
 * <p>Which pages are in use is seen by a clock: its hand clears accessed flags, which processors
 * and devices set again at their next access, because they have lost the translation with the flag.
 *
 * <p><b>Threading.</b> Any thread may call, with no lock held.
 */
final class MemoryRelief {

    /** How many pages are reclaimed at once (Linux: {@code SWAP_CLUSTER_MAX}). */
    static final int BATCH = 32;

    private final PageFrames frames;
    private final Transits transits;
    private final Reclaim reclaim;

    /** One hand for all: two would halve the time that a page has to be used again. */
    private final ReentrantLock hand = new ReentrantLock();

    /** The frame under the hand; guarded by its lock. */
    private long at;

    private volatile @Nullable OutOfMemoryKiller killer;
    private volatile Runnable whenLow = () -> {};

    MemoryRelief(PageFrames frames, Transits transits, Reclaim reclaim) {
        this.frames = frames;
        this.transits = transits;
        this.reclaim = reclaim;
    }

    void setKiller(OutOfMemoryKiller value) {
        killer = value;
    }

    /** Who is woken when little memory is free; it must not wait. */
    void setWhenLow(Runnable value) {
        whenLow = value;
    }

    /** Looks whether background reclaim is needed. */
    void check() {
        if (frames.isBelow(PageFrames.Watermark.LOW)) {
            whenLow.run();
        }
    }

    /**
     * Makes room for an allocation that failed; false if there is nothing to be done any more. Each
     * time it is true a page was given back, so that who asks again gets on in the end.
     */
    boolean relieve() {
        if (shrink(BATCH) > 0) {
            return true;
        }
        OutOfMemoryKiller last = killer;
        return last != null && last.kill();
    }

    /** Reclaims pages; returns how many. */
    int shrink(int wanted) {
        hand.lock();
        try {
            int done = turn(wanted, true);
            if (done == 0) {
                done = turn(wanted, true);
            }
            return done != 0 ? done : turn(wanted, false);
        } finally {
            hand.unlock();
        }
    }

    /** One turn of the clock at most. */
    private int turn(int wanted, boolean spareUsed) {
        int done = 0;
        long began = at;
        boolean wrapped = false;
        while (done < wanted) {
            long frame = frames.reverse().nextMapped(at);
            if (frame < 0) {
                if (wrapped) {
                    return done;
                }
                wrapped = true;
                at = 0;
                continue;
            }
            if (wrapped && frame > began) {
                return done;
            }
            at = frame + frames.pageBytes();
            if (!reclaim.isPossible(frame) || spareUsed && wasUsed(frame)) {
                continue;
            }
            if (reclaim.reclaim(frame)) {
                done++;
            }
        }
        return done;
    }

    /** Whether a page was used since the hand came by last; if so, the next turn looks again. */
    private boolean wasUsed(long frame) {
        boolean[] used = {false};
        transits.splitAround(frame);
        transits.revisit(
                frame,
                (mm, address, slot, entry) -> {
                    EntryFormat entries = mm.entries();
                    if (entries.isValid(entry) && entries.isAccessed(entry)) {
                        used[0] = true;
                        mm.table().replace(slot, entry, entries.withoutAccessed(entry));
                        mm.tellOfPage(address);
                    }
                });
        return used[0];
    }
}
