package org.opensva.emulated.kernel.mm;

/**
 * Writes dirty pages of files back to their disk (Linux: {@code folio_clear_dirty_for_io}): the
 * page counts as clean first, then every entry that maps it is write-protected and devices have
 * lost the right to write, and only then it is written. Whoever writes to it from then on, a
 * processor or a device, faults, and it is dirty again.
 *
 * <p><b>Threading.</b> Any thread may call, with no lock held.
 */
final class WriteBack {

    /** How often entries that change meanwhile are chased. */
    private static final int ATTEMPTS = 4;

    private final PageFrames frames;
    private final Transits transits;

    WriteBack(PageFrames frames, Transits transits) {
        this.frames = frames;
        this.transits = transits;
    }

    /**
     * Writes a page back, if it is a dirty one of a file that nobody else is busy with.
     *
     * @return true if it was written
     */
    boolean write(long frame) {
        Transit page = transits.of(frame);
        if (!page.hold()) {
            return false;
        }
        try {
            if (!(frames.reverse().owner(frame) instanceof PageOwner.Cached cached)
                    || !cached.object().beginWriteBack(cached.index(), frame)) {
                return false;
            }
            try {
                return write(cached, frame);
            } finally {
                cached.object().endWriteBack(cached.index());
            }
        } finally {
            page.letGo();
        }
    }

    private boolean write(PageOwner.Cached page, long frame) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            transits.revisit(frame, WriteBack::protect);
            // A look without locks is enough: who lets writes through again makes it dirty first.
            if (page.object().writeBack(page.index(), frame, isProtected(frame))) {
                return true;
            }
        }
        page.object().markDirty(page.index());
        return false;
    }

    private static void protect(Mm mm, long address, long slot, long entry) {
        if (mm.entries().isWritable(entry)) {
            mm.table().replace(slot, entry, mm.entries().withoutWrite(entry));
            mm.tellOfPage(address);
        }
    }

    /** Whether no entry lets writes through; false also while one is being moved elsewhere. */
    private boolean isProtected(long frame) {
        long[] slots = frames.reverse().slots(frame);
        for (long slot : slots) {
            if (transits.entries().isWritable(frames.memory().readLong(slot))) {
                return false;
            }
        }
        int cacheAndMine = 2;
        return frames.references(frame) == slots.length + cacheAndMine;
    }

    /** Writes the dirty pages of a range of an object, and waits for those under way. */
    void writeAll(MemoryObject object, long from, long to) {
        for (long index : object.pagesToWriteBack(from, to)) {
            long frame = object.frameToWriteBack(index);
            while (frame >= 0 && !write(frame)) {
                transits.await(frame);
                frame = object.frameToWriteBack(index);
            }
        }
    }
}
