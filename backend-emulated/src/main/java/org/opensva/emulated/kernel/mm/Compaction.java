package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.OutOfFramesException;

import java.util.HashSet;
import java.util.Set;

/**
 * Frees whole blocks that a huge page fits, by moving the pages in them elsewhere (Linux: {@code
 * mm/compaction.c}). A block with anything in it that does not move, as a page-table page, stays.
 *
 * <p><b>Threading.</b> Any thread may call, with no lock held.
 */
final class Compaction {

    private final PageFrames frames;
    private final PageMigration migration;

    Compaction(PageFrames frames, PageMigration migration) {
        this.frames = frames;
        this.migration = migration;
    }

    /**
     * Empties the block of a frame.
     *
     * @return how many pages were moved
     */
    long empty(long frame) {
        long block = frame & -frames.hugeBytes();
        long end = block + frames.hugeBytes();
        if (frames.isStuck(block)) {
            return 0;
        }
        Set<Long> held = new HashSet<>();
        long moved = 0;
        try {
            for (long page = block; page < end; page += frames.pageBytes()) {
                if (held.contains(page) || frames.references(page) == 0) {
                    continue;
                }
                if (!moveOut(page, block, end, held)) {
                    return moved;
                }
                moved++;
            }
            return moved;
        } finally {
            // Together, so that the free frames become one block again.
            held.forEach(frames::releasePage);
        }
    }

    /** Free frames of the block itself are held until the end (Linux: isolated). */
    private boolean moveOut(long page, long block, long end, Set<Long> held) {
        while (true) {
            long target;
            try {
                target = frames.allocatePage();
            } catch (OutOfFramesException e) {
                return false;
            }
            if (target < block || target >= end) {
                return migration.migrateTo(page, target);
            }
            held.add(target);
        }
    }
}
