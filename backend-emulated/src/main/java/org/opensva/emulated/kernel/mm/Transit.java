package org.opensva.emulated.kernel.mm;

/**
 * The journey of one page (Linux: {@code try_to_migrate}, then {@code remove_migration_ptes}): all
 * entries that map it are made not present and devices lose it, then its contents are copied or
 * saved, and then the entries are set to what the page has become. Nobody sees it change: who comes
 * in between waits.
 *
 * <p>Used by one thread, with no lock held.
 */
final class Transit {

    /** How often new mappings are chased before the page counts as busy. */
    private static final int ATTEMPTS = 4;

    private final Transits all;
    private final long frame;
    private final Arrival arrived = new Arrival();

    /** Whether some mapping keeps the page in memory; written under the locks of address spaces. */
    private volatile boolean locked;

    Transit(Transits all, long frame) {
        this.all = all;
        this.frame = frame;
    }

    /**
     * Takes the page away from everybody who maps it.
     *
     * @return false if the page is gone, in transit already, or used by somebody who is not in the
     *     reverse map; then it is as it was. After true, one of the methods that settle it follows.
     */
    boolean begin() {
        return begin(this::depart);
    }

    /** As {@link #begin}, but pages of locked mappings are left alone (Linux: not evictable). */
    boolean beginUnlessLocked() {
        return begin(this::departUnlessLocked);
    }

    private boolean begin(PageVisits.Revisit departure) {
        if (!hold()) {
            return false;
        }
        all.splitAround(frame);
        for (int attempt = 0; attempt < ATTEMPTS && !locked; attempt++) {
            all.revisit(frame, departure);
            if (!locked && isIsolated()) {
                return true;
            }
        }
        back();
        return false;
    }

    /**
     * Keeps the page from beginning a journey, without taking it from anybody (Linux: {@code
     * folio_trylock}); {@link #letGo} ends it.
     *
     * @return false if the page is gone, or somebody else has it
     */
    boolean hold() {
        PageFrames frames = all.frames();
        if (!frames.tryAcquirePage(frame)) {
            return false;
        }
        if (!all.enter(frame, this)) {
            frames.releasePage(frame);
            return false;
        }
        return true;
    }

    /** Ends what {@link #hold} began. */
    void letGo() {
        all.leave(frame, this);
        arrived.announce();
        all.frames().releasePage(frame);
    }

    private void departUnlessLocked(Mm mm, long address, long slot, long entry) {
        Vma vma = mm.vmas().find(address);
        if (vma != null && vma.has(Vma.LOCKED)) {
            locked = true;
        } else if (!locked) {
            depart(mm, address, slot, entry);
        }
    }

    private void depart(Mm mm, long address, long slot, long entry) {
        if (mm.entries().isTransit(entry)) {
            return;
        }
        mm.table().replace(slot, entry, mm.entries().transit(entry));
        if (mm.entries().isValid(entry)) {
            mm.tellOfPage(address);
        }
    }

    /**
     * Whether nobody can reach the page, and nobody is about to. For a page of a memory object that
     * is lasting only while the object's monitor is held.
     */
    boolean isIsolated() {
        PageFrames frames = all.frames();
        long[] slots = frames.reverse().slots(frame);
        for (long slot : slots) {
            long entry = frames.memory().readLong(slot);
            if (!all.entries().isTransit(entry) || all.entries().frame(entry) != frame) {
                return false;
            }
        }
        int mine = 1;
        int cached = frames.reverse().owner(frame) instanceof PageOwner.Cached ? 1 : 0;
        return frames.references(frame) == slots.length + cached + mine;
    }

    /** The page's contents are in another page now, of which each entry gets a reference. */
    void moveTo(long target) {
        settle((mm, address, slot, entry) -> {
            mm.frames().acquirePage(target);
            mm.table().replace(slot, entry, mm.entries().arrived(entry, target));
            mm.frames().releasePage(frame);
        });
    }

    /** The page's contents are in swap now; each entry gets a reference to the slot. */
    void moveToSwap(long swapSlot) {
        settle((mm, address, slot, entry) -> {
            all.swap().acquire(swapSlot);
            mm.table().replace(slot, entry, mm.entries().swap(swapSlot));
            mm.frames().releasePage(frame);
        });
    }

    /** Whether an entry let writes through, or once did; while the page is isolated. */
    boolean isDirty() {
        PageFrames frames = all.frames();
        for (long slot : frames.reverse().slots(frame)) {
            if (all.entries().isDirty(frames.memory().readLong(slot))) {
                return true;
            }
        }
        return false;
    }

    /** The page is found again without the entries. */
    void drop() {
        settle((mm, address, slot, entry) -> {
            mm.table().replace(slot, entry, 0);
            mm.frames().releasePage(frame);
        });
    }

    /** The page stays where it is. */
    void back() {
        settle((mm, address, slot, entry) ->
                mm.table().replace(slot, entry, mm.entries().arrived(entry, frame)));
    }

    /** Changes all entries in transit, also those that a fork or a move makes meanwhile. */
    private void settle(PageVisits.Revisit change) {
        try {
            while (hasTransits()) {
                all.revisit(
                        frame,
                        (mm, address, slot, entry) -> {
                            if (mm.entries().isTransit(entry)) {
                                change.entry(mm, address, slot, entry);
                            }
                        });
            }
        } finally {
            letGo();
        }
    }

    private boolean hasTransits() {
        PageFrames frames = all.frames();
        for (long slot : frames.reverse().slots(frame)) {
            long entry = frames.memory().readLong(slot);
            if (all.entries().isTransit(entry) && all.entries().frame(entry) == frame) {
                return true;
            }
        }
        return false;
    }

    void await() {
        arrived.await();
    }
}
