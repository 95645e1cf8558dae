package org.opensva.emulated.kernel.mm;

import org.opensva.emulated.kernel.paging.EntryFormat;
import org.opensva.emulated.kernel.paging.Geometry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Merging of private pages with the same contents (Linux: {@code mm/ksm.c}). A page is
 * write-protected, and devices have lost the right to write, before it is compared: what is
 * compared cannot change. A merged page is never written again; a write, of a processor or a
 * device, gets a copy.
 *
 * <p>Pages of zeroes become the zero page, as with {@code use_zero_pages}.
 *
 * <p><b>Threading.</b> Any thread may call, with no lock held.
 */
final class SamePages {

    /** Where a page was seen that had no merged one (Linux: the unstable tree). */
    private record Candidate(ProcessAddressSpace space, long address) {}

    /** How many candidates are remembered; when there are more, the search begins anew. */
    private static final int CANDIDATES = 1 << 14;

    private final PageFrames frames;

    /** Merged pages by the hash of their contents (Linux: the stable tree); under the monitor. */
    private final Map<Long, List<Long>> merged = new HashMap<>();

    /** Under the monitor. */
    private final Map<Long, Candidate> candidates = new HashMap<>();

    SamePages(PageFrames frames) {
        this.frames = frames;
    }

    /**
     * Merges the page at an address with one of the same contents, seen before.
     *
     * @return true if the page has become another one
     */
    boolean merge(ProcessAddressSpace space, long address) {
        long hash = space.visits().contentsHash(address);
        if (hash == 0) {
            return false;
        }
        if (hash == frames.zeroHash()
                && space.visits().replaceSamePage(address, frames.zeroPage(), this)) {
            return true;
        }
        if (mergeWithStable(space, address, hash)) {
            return true;
        }
        Candidate other;
        synchronized (this) {
            if (candidates.size() >= CANDIDATES) {
                candidates.clear();
            }
            other = candidates.put(hash, new Candidate(space, address));
        }
        if (other == null || other.space().equals(space) && other.address() == address) {
            return false;
        }
        return other.space().visits().makeStable(other.address(), this)
                && mergeWithStable(space, address, hash);
    }

    private boolean mergeWithStable(ProcessAddressSpace space, long address, long hash) {
        for (long frame : stable(hash)) {
            if (!frames.tryAcquirePage(frame)) {
                continue;
            }
            try {
                if (frames.reverse().owner(frame) instanceof PageOwner.Merged
                        && space.visits().replaceSamePage(address, frame, this)) {
                    return true;
                }
            } finally {
                frames.releasePage(frame);
            }
        }
        return false;
    }

    private synchronized List<Long> stable(long hash) {
        return List.copyOf(merged.getOrDefault(hash, List.of()));
    }

    /** A page that nobody can write is what others are merged with from now on. */
    void add(long frame) {
        long hash = frames.hash(frame);
        frames.reverse().setOwner(frame, new PageOwner.Merged(this, hash));
        synchronized (this) {
            merged.computeIfAbsent(hash, key -> new ArrayList<>(1)).add(frame);
        }
    }

    /** A merged page is freed. */
    synchronized void forget(long frame, long hash) {
        merged.computeIfPresent(
                hash,
                (key, known) -> {
                    known.remove(Long.valueOf(frame));
                    return known.isEmpty() ? null : known;
                });
    }

    /** Counts merged pages. */
    synchronized long count() {
        return merged.values().stream().mapToLong(List::size).sum();
    }

    /**
     * Write-protects the page at an address; after it neither a processor nor a device changes it
     * unnoticed. Needs the lock for writing.
     */
    static void writeProtect(Mm mm, long address, long slot, long entry) {
        if (!mm.entries().isWritable(entry)) {
            return;
        }
        mm.table().replace(slot, entry, mm.entries().withoutWrite(entry));
        mm.tellOfPage(address);
    }

    /** Replaces the page at a write-protected entry by one of the same contents. */
    void replace(Mm mm, Vma vma, long address, long slot, long target) {
        long entry = frames.memory().readLong(slot);
        long old = mm.entries().frame(entry);
        boolean zero = target == frames.zeroPage();
        // Clear, tell, set: the old page is freed, and a device may still read it.
        mm.table().replace(slot, entry, 0);
        if (mm.entries().isValid(entry)) {
            mm.tellOfPage(address);
        }
        if (!zero) {
            frames.acquirePage(target);
        }
        long leaf =
                mm.entries()
                        .leaf(
                                target,
                                Geometry.LAST_LEVEL,
                                vma.protection().access(),
                                false,
                                zero ? EntryFormat.ZERO_PAGE : EntryFormat.ANONYMOUS);
        mm.table().replace(slot, 0, leaf);
        frames.releasePage(old);
    }
}
