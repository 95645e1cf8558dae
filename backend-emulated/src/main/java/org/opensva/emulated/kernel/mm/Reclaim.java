package org.opensva.emulated.kernel.mm;

/**
 * Takes single pages out of memory (Linux: {@code mm/vmscan.c}): those of address spaces go to
 * swap, those of memory objects too, and whoever maps them, processors and devices, has lost them
 * before their contents are saved.
 *
 * <p><b>Threading.</b> Any thread may call, with no lock held.
 */
final class Reclaim {

    private final PageFrames frames;
    private final SwapArea swap;
    private final Transits transits;

    Reclaim(PageFrames frames, SwapArea swap, Transits transits) {
        this.frames = frames;
        this.swap = swap;
        this.transits = transits;
    }

    /**
     * Whether there is room for what is in a page (Linux: {@code can_reclaim_anon_pages}): in swap,
     * or on its disk; what is freed lazily needs none.
     */
    boolean isPossible(long frame) {
        return switch (frames.reverse().owner(frame)) {
            case PageOwner.Cached cached when cached.object().isOnDisk() -> true;
            case PageOwner.LazilyFreed lazy -> true;
            case null, default -> !swap.isFull();
        };
    }

    /**
     * Reclaims a page, however many address spaces map it. Pages of files go back to their disk,
     * those that nobody needs any more are dropped, others go to swap.
     *
     * @return false if the page is gone, busy or locked, or swap is full
     */
    boolean reclaim(long frame) {
        Transit transit = transits.of(frame);
        if (!transit.beginUnlessLocked()) {
            return false;
        }
        PageOwner owner = frames.reverse().owner(frame);
        if (owner instanceof PageOwner.LazilyFreed && !transit.isDirty()) {
            transit.drop();
            return true;
        }
        if (owner instanceof PageOwner.Cached cached) {
            if (cached.object().evict(cached.index(), frame, transit)) {
                transit.drop();
                return true;
            }
            transit.back();
            return false;
        }
        long slot = swap.save(frames.memory(), frame);
        if (slot < 0) {
            transit.back();
            return false;
        }
        transit.moveToSwap(slot);
        // Every entry has a reference of its own by now.
        swap.release(slot);
        return true;
    }
}
