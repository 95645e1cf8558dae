package org.opensva.vtd.model;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.FirstStageEntry;
import org.opensva.vtd.layout.PagingLevel;
import org.opensva.vtd.model.SecondStageWalker.Purpose;

/**
 * First-stage translation of 4 and 5 levels, alone or nested in second stage (sections 3.6, 3.8 and
 * 9.7).
 *
 * <p>An entry above the leaf is marked accessed when it has been followed; the leaf only when the
 * access is allowed and the whole translation stands.
 */
final class FirstStageWalker {

    /** An update of an entry that loses this often against other writers gives up. */
    private static final int UPDATE_ATTEMPTS = 1 << 10;

    private static final int HIGHEST = 5;

    private final PhysicalMemory memory;
    private final TranslationCaches caches;
    private final SecondStageWalker second;
    private final FirstStageRights access;
    private final boolean snoopMatters;
    // Index: level, and the leaf bit.
    private final long[] reserved = new long[2 * HIGHEST + 2];

    FirstStageWalker(
            VtdProfile profile,
            PhysicalMemory memory,
            TranslationCaches caches,
            SecondStageWalker second,
            FirstStageRights access) {
        this.memory = memory;
        this.caches = caches;
        this.second = second;
        this.access = access;
        // A unit without PWSNP cannot be told to snoop; recorded ones update their entries.
        snoopMatters = profile.ecap(Ecap.SMPWCS);
        for (int level = 1; level <= HIGHEST; level++) {
            for (int leaf = 0; leaf <= 1; leaf++) {
                long mask = FirstStageEntry.reservedBits(level, leaf == 1, profile.addressBits());
                if (level == 3 && leaf == 1 && !profile.cap(Cap.FS1GP)) {
                    mask |= FirstStageEntry.PS.mask();
                }
                reserved[2 * level + leaf] = mask;
            }
        }
    }

    /**
     * Walks and answers.
     *
     * @return false after reporting a fault
     */
    boolean walk(Regime regime, Translation request) {
        long address = request.address;
        FillToken token = request.firstStage;
        long tag = regime.firstTag();
        caches.begin(token, tag, request);
        int level = regime.firstLevels();
        long table = regime.firstTable();
        int inherited = CachedTranslation.FIRST_STAGE_RIGHTS;
        for (int upper = 2; upper <= level; upper++) {
            long found = caches.tables().probe(tag, address, upper);
            if (found != 0) {
                level = upper - 1;
                table = CachedTranslation.address(found);
                inherited = CachedTranslation.flags(found);
                break;
            }
        }
        request.counters.add(
                level == regime.firstLevels()
                        ? HardwareCounter.WALK_CACHE_MISSES
                        : HardwareCounter.WALK_CACHE_HITS,
                1);
        int attempts = 0;
        while (true) {
            long at = table + PagingLevel.offset(address, level);
            long physical = regime.nested() ? hostOf(regime, at, level, false, request) : at;
            if (physical < 0) {
                return false;
            }
            long entry;
            try {
                request.counters.addWalkRead(level);
                entry = memory.readLong(physical);
            } catch (BusErrorException e) {
                return request.fault(
                        level == regime.firstLevels()
                                ? FaultReason.FIRST_STAGE_ROOT_ACCESS
                                : FaultReason.FIRST_STAGE_ACCESS);
            }
            if (!FirstStageEntry.present(entry)) {
                return request.fault(FaultReason.FIRST_STAGE_NOT_PRESENT);
            }
            boolean leaf = FirstStageEntry.isLeaf(entry, level);
            if ((entry & reserved[2 * level + (leaf ? 1 : 0)]) != 0) {
                return request.fault(FaultReason.FIRST_STAGE_RESERVED);
            }
            int rights = inherited & FirstStageRights.of(entry);
            long data = 0;
            long updated = entry | FirstStageEntry.A.mask();
            if (regime.extendedAccessed()) {
                updated |= FirstStageEntry.EA.mask();
            }
            if (leaf) {
                data = target(regime, entry, level, rights, request);
                if (data == 0) {
                    return false;
                }
                if (access.wantsToWrite(regime, CachedTranslation.flags(data), request)) {
                    updated |= FirstStageEntry.D.mask();
                }
            }
            if (updated != entry) {
                if (snoopMatters && !regime.walkSnoops()) {
                    return request.fault(FaultReason.FIRST_STAGE_UPDATE_NOT_SNOOPED);
                }
                if (regime.nested()) {
                    physical = hostOf(regime, at, level, true, request);
                    if (physical < 0) {
                        return false;
                    }
                }
                int outcome = EntryUpdate.replace(memory, physical, entry, updated);
                if (outcome == EntryUpdate.FAILED || ++attempts > UPDATE_ATTEMPTS) {
                    return request.fault(FaultReason.FIRST_STAGE_UPDATE_FAILED);
                }
                if (outcome == EntryUpdate.LOST) {
                    continue; // someone else wrote the entry: read it again
                }
            }
            if (leaf) {
                if (!FirstStageEntry.D.isSet(updated)) {
                    data &= ~CachedTranslation.DIRTY;
                }
                caches.keepPage(token, address, data);
                return access.answer(regime, data, request);
            }
            table = FirstStageEntry.table(entry);
            inherited = rights;
            caches.keepTable(token, address, CachedTranslation.of(table, level, rights));
            level--;
        }
    }

    /**
     * Where a leaf leads, after checking the access: in one stage or both.
     *
     * @return what {@link CachedTranslation} packs, Dirty as second stage has it; or 0 after
     *     reporting
     */
    private long target(Regime regime, long entry, int level, int rights, Translation request) {
        FaultReason missing = access.missing(regime, rights, request);
        if (missing != null) {
            request.fault(missing);
            return 0;
        }
        long page = FirstStageEntry.page(entry, level);
        long output = page | request.address & PagingLevel.bytes(level) - 1;
        if (!regime.nested()) {
            if (InterruptRange.contains(output)) {
                request.fault(FaultReason.SCALABLE_INTERRUPT_RANGE);
                return 0;
            }
            return CachedTranslation.of(page, level, rights | CachedTranslation.DIRTY);
        }
        boolean dirty = access.wantsToWrite(regime, rights, request);
        long host =
                second.translate(
                        regime, output, Purpose.PAGE, access.outerNeed(request), dirty, request);
        if (host == 0) {
            return 0;
        }
        return combine(level, rights, host, output);
    }

    /** Both stages as one: the smaller size, the rights that both allow. */
    private static long combine(int level, int rights, long host, long output) {
        int hostFlags = CachedTranslation.flags(host);
        int smaller = Math.min(level, CachedTranslation.level(host));
        long within = CachedTranslation.locate(host, output) & -PagingLevel.bytes(smaller);
        int outer = hostFlags | CachedTranslation.USER;
        if ((hostFlags & CachedTranslation.WRITE) != 0) {
            outer |= CachedTranslation.OUTER_WRITE;
        }
        return CachedTranslation.of(
                within, smaller, rights & outer | hostFlags & CachedTranslation.DIRTY);
    }

    /** The place in memory of a first-stage entry, or -1 after reporting. */
    private long hostOf(Regime regime, long at, int level, boolean write, Translation request) {
        Purpose purpose =
                level == regime.firstLevels()
                        ? Purpose.FIRST_STAGE_ROOT
                        : Purpose.FIRST_STAGE_TABLE;
        int need =
                write ? CachedTranslation.READ | CachedTranslation.WRITE : CachedTranslation.READ;
        long host = second.translate(regime, at, purpose, need, write, request);
        return host == 0 ? -1 : CachedTranslation.locate(host, at);
    }
}
