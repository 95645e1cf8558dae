package org.opensva.emulated.kernel.mm;

import org.opensva.api.backend.MemoryPressure.Kind;
import org.opensva.api.memory.AddressRange;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongPredicate;

/**
 * What the kernel can do to pages on its own account, by range of an address space.
 *
 * <p><b>Threading.</b> Any thread may call, with no lock held.
 */
public final class PageWork {

    private final AddressSpaces owner;
    private final PageMigration migration;
    private final Compaction compaction;
    private final Reclaim reclaim;
    private final WriteBack writeBack;
    private final SamePages samePages;

    PageWork(
            AddressSpaces owner,
            PageMigration migration,
            Compaction compaction,
            Reclaim reclaim,
            WriteBack writeBack,
            SamePages samePages) {
        this.owner = owner;
        this.migration = migration;
        this.compaction = compaction;
        this.reclaim = reclaim;
        this.writeBack = writeBack;
        this.samePages = samePages;
    }

    /**
     * Does one thing to the pages of a range.
     *
     * @param kind what
     * @param space the address space; one that has ended has no pages
     * @param range whole pages; those that are not mapped are passed over
     * @return how many pages were changed, or huge pages split or made
     */
    public long apply(Kind kind, ProcessAddressSpace space, AddressRange range) {
        return switch (kind) {
            case RECLAIM -> each(space.visits().frames(range), reclaim::reclaim);
            case MIGRATE -> each(space.visits().frames(range), migration::migrate);
            case COMPACT -> compact(space, range);
            case WRITE_BACK -> each(space.visits().frames(range), writeBack::write);
            case SPLIT -> space.visits().split(range);
            case COLLAPSE -> space.visits().collapse(range);
            case MERGE -> merge(space, range);
            case WRITE_PROTECT -> space.visits().writeProtect(range);
            case AGE -> space.visits().age(range);
            case REAP -> space.visits().reap(range);
        };
    }

    private long merge(ProcessAddressSpace space, AddressRange range) {
        long merged = 0;
        for (long address : space.visits().privatePages(range)) {
            if (samePages.merge(space, address)) {
                merged++;
            }
        }
        return merged;
    }

    private long compact(ProcessAddressSpace space, AddressRange range) {
        Set<Long> blocks = new LinkedHashSet<>();
        for (long frame : space.visits().frames(range)) {
            blocks.add(frame & -owner.geometry().hugeBytes());
        }
        return blocks.stream().mapToLong(compaction::empty).sum();
    }

    /**
     * The pages that processes have said may be merged ({@code MADV_MERGEABLE}), and how to merge
     * them one after the other.
     *
     * @return each merges one page, if it still can be; they are for one thread
     */
    public List<Runnable> mergeable() {
        List<Runnable> found = new ArrayList<>();
        for (ProcessAddressSpace space : spaces()) {
            for (AddressRange range : space.visits().mergeable()) {
                for (long address : space.visits().privatePages(range)) {
                    found.add(() -> samePages.merge(space, address));
                }
            }
        }
        return found;
    }

    private static long each(long[] frames, LongPredicate work) {
        Set<Long> done = new HashSet<>();
        long changed = 0;
        for (long frame : frames) {
            if (done.add(frame) && work.test(frame)) {
                changed++;
            }
        }
        return changed;
    }

    /**
     * The address spaces that have pages.
     *
     * @return a copy, the oldest first
     */
    public List<ProcessAddressSpace> spaces() {
        return owner.known().stream()
                .filter(ProcessAddressSpace::isAlive)
                .sorted(Comparator.comparingLong(ProcessAddressSpace::id))
                .toList();
    }

    /**
     * Where an address space has memory mapped.
     *
     * @param space the address space
     * @return a copy, in order, without registers of devices
     */
    public List<AddressRange> mappings(ProcessAddressSpace space) {
        return space.visits().mappings();
    }
}
