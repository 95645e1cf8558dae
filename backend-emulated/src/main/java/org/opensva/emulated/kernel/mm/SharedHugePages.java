package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.OutOfFramesException;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

/**
 * Brings pages of a memory object together in one block, which a huge page can map (Linux: {@code
 * collapse_file}). Each page migrates: whoever maps it, processors and devices, has lost the old
 * one before it is copied.
 *
 * <p><b>Threading.</b> Any thread may call, with no lock held.
 */
final class SharedHugePages {

    private static final String CALL = "madvise(COLLAPSE)";

    /** How often a page that is busy is asked to move. */
    private static final int ATTEMPTS = 8;

    private final PageFrames frames;
    private final PageMigration migration;

    SharedHugePages(PageFrames frames, PageMigration migration) {
        this.frames = frames;
        this.migration = migration;
    }

    /**
     * Brings the pages together that a huge page maps.
     *
     * @param first the index of the first of them
     * @throws ErrnoException {@code ENOMEM} without a free block or memory for missing pages,
     *     {@code EINVAL} beyond the end of the object, {@code EAGAIN} if a page is in use
     */
    void gather(MemoryObject object, long first) {
        int pages = (int) (frames.hugeBytes() / frames.pageBytes());
        if (object.blockAt(first, pages) >= 0) {
            return;
        }
        long block = frames.allocateHugePage();
        if (block < 0) {
            throw new ErrnoException(Errno.ENOMEM, CALL, "no huge page is free");
        }
        try {
            for (int i = 0; i < pages; i++) {
                move(object, first + i, block + i * frames.pageBytes());
            }
        } catch (OutOfFramesException e) {
            throw MemoryCalls.outOfMemory(CALL, e);
        } finally {
            frames.releaseHugePage(block);
        }
    }

    private void move(MemoryObject object, long index, long target) throws OutOfFramesException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (object.adopt(index, target)) {
                return;
            }
            long frame;
            try {
                frame = object.acquirePage(index, false);
            } catch (PageInTransitException e) {
                e.await();
                continue;
            }
            if (frame < 0) {
                throw new ErrnoException(Errno.EINVAL, CALL, "the object ends before");
            }
            frames.releasePage(frame);
            frames.acquirePage(target);
            if (migration.migrateTo(frame, target)) {
                return;
            }
            Thread.onSpinWait();
        }
        throw new ErrnoException(Errno.EAGAIN, CALL, "page %d is in use".formatted(index));
    }
}
