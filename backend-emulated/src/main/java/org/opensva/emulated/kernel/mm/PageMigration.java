package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.OutOfFramesException;

/**
 * Moves pages to other frames (Linux: {@code mm/migrate.c}). Contents, rights and sharing stay;
 * devices lose the old page before it is copied, and it is freed after the last entry has the new
 * one.
 *
 * <p><b>Threading.</b> Any thread may call, with no lock held.
 */
final class PageMigration {

    private final PageFrames frames;
    private final Transits transits;

    PageMigration(PageFrames frames, Transits transits) {
        this.frames = frames;
        this.transits = transits;
    }

    /**
     * Moves a page to a free frame.
     *
     * @return false if the page is gone or busy, or no frame is free
     */
    boolean migrate(long frame) {
        long target;
        try {
            target = frames.allocatePage();
        } catch (OutOfFramesException e) {
            return false;
        }
        return migrateTo(frame, target);
    }

    /** Moves a page to a frame of which the caller has a reference, and gives that back. */
    boolean migrateTo(long frame, long target) {
        try {
            return migrate(frame, target);
        } finally {
            // Entries and the object have references of their own by now, if all went well.
            frames.releasePage(target);
        }
    }

    private boolean migrate(long frame, long target) {
        Transit transit = transits.of(frame);
        if (!transit.begin()) {
            return false;
        }
        boolean moved = false;
        try {
            moved = move(frame, target, transit);
        } finally {
            if (moved) {
                transit.moveTo(target);
            } else {
                transit.back();
            }
        }
        return moved;
    }

    private boolean move(long frame, long target, Transit transit) {
        PageOwner owner = frames.reverse().owner(frame);
        if (owner instanceof PageOwner.Cached cached) {
            return cached.object().move(cached.index(), frame, target, transit);
        }
        frames.copyTo(frame, target);
        if (owner instanceof PageOwner.Merged merged) {
            merged.pages().add(target);
        }
        return true;
    }
}
