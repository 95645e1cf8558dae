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

    /** Whether there is room for what is reclaimed (Linux: {@code can_reclaim_anon_pages}). */
    boolean isPossible() {
        return !swap.isFull();
    }

    /**
     * Reclaims a page, however many address spaces map it.
     *
     * @return false if the page is gone or busy, or swap is full
     */
    boolean reclaim(long frame) {
        Transit transit = transits.of(frame);
        if (!transit.begin()) {
            return false;
        }
        if (frames.reverse().owner(frame) instanceof PageOwner.Cached cached) {
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
