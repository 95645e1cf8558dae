package org.opensva.vtd.model;

import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.api.telemetry.HardwareCounter;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.PagingLevel;
import org.opensva.vtd.layout.SecondStageEntry;

/**
 * Second-stage translation of 3 to 5 levels, of request addresses and, with nesting, of the
 * addresses of first-stage tables (sections 3.7, 3.8 and 9.8).
 */
final class SecondStageWalker {

    /** What an address is for, which decides the fault reason. */
    enum Purpose {
        /** The request itself. */
        PAGE,
        /** With nesting, the first-stage table that FSPTPTR names. */
        FIRST_STAGE_ROOT,
        /** With nesting, another first-stage table. */
        FIRST_STAGE_TABLE
    }

    /** An update of an entry that loses this often against other writers gives up. */
    private static final int UPDATE_ATTEMPTS = 1 << 10;

    private static final int HIGHEST = 5;

    private final PhysicalMemory memory;
    private final TranslationCaches caches;
    private final boolean snoopControl;
    // Index: level, and the leaf bit.
    private final long[] legacyReserved = new long[2 * HIGHEST + 2];
    private final long[] scalableReserved = new long[2 * HIGHEST + 2];

    SecondStageWalker(VtdProfile profile, PhysicalMemory memory, TranslationCaches caches) {
        this.memory = memory;
        this.caches = caches;
        snoopControl = profile.ecap(Ecap.SC);
        long large = Cap.SSLPS.get(profile.capability());
        int haw = profile.addressBits();
        for (int level = 1; level <= HIGHEST; level++) {
            for (int leaf = 0; leaf <= 1; leaf++) {
                boolean isLeaf = leaf == 1;
                long size = 0;
                if (isLeaf && (level == 2 || level == 3) && (large >>> level - 2 & 1) == 0) {
                    size = SecondStageEntry.PS.mask();
                }
                int at = 2 * level + leaf;
                legacyReserved[at] =
                        size | SecondStageEntry.reservedBits(level, isLeaf, haw, snoopControl);
                // Recorded implementations ignore SNP of scalable-mode leaves.
                scalableReserved[at] =
                        size | SecondStageEntry.reservedBits(level, isLeaf, haw, true);
            }
        }
    }

    /**
     * Translates an address, from the IOTLB or the tables.
     *
     * @param need {@link CachedTranslation#READ} and {@link CachedTranslation#WRITE} that must be
     *     there; 0 for whatever there is, but something
     * @param dirty whether the page is going to be written if it can be
     * @return what {@link CachedTranslation} packs, or 0 after reporting to {@code request}
     */
    long translate(
            Regime regime,
            long input,
            Purpose purpose,
            int need,
            boolean dirty,
            Translation request) {
        if (input >>> regime.secondBits() != 0) {
            request.fault(beyondWidth(regime, purpose));
            return 0;
        }
        long found = caches.iotlb().find(regime.secondTag(), input);
        if (found != 0 && serves(CachedTranslation.flags(found), need, dirty)) {
            if (purpose == Purpose.PAGE && !regime.nested()) {
                request.counters.add(HardwareCounter.IOTLB_HITS, 1);
            } else if (InterruptRange.contains(CachedTranslation.locate(found, input))) {
                // A large page may hold the range and be cached for what is beside it.
                request.fault(InterruptRange.reason(regime.scalable()));
                return 0;
            }
            return found;
        }
        if (purpose == Purpose.PAGE && !regime.nested()) {
            request.counters.add(HardwareCounter.IOTLB_MISSES, 1);
        }
        return walk(regime, input, purpose, need, dirty, request);
    }

    private static boolean serves(int flags, int need, boolean dirty) {
        int writable = flags & (CachedTranslation.WRITE | CachedTranslation.DIRTY);
        return (flags & need) == need && !(dirty && writable == CachedTranslation.WRITE);
    }

    private long walk(
            Regime regime,
            long input,
            Purpose purpose,
            int need,
            boolean dirty,
            Translation request) {
        FillToken token = request.secondStage;
        long tag = regime.secondTag();
        caches.begin(token, tag, request);
        long[] reserved = regime.scalable() ? scalableReserved : legacyReserved;
        int level = regime.secondLevels();
        long table = regime.secondTable();
        int inherited = CachedTranslation.SECOND_STAGE_RIGHTS;
        for (int upper = 2; upper <= level; upper++) {
            long found = caches.tables().probe(tag, input, upper);
            if (found != 0) {
                level = upper - 1;
                table = CachedTranslation.address(found);
                inherited = CachedTranslation.flags(found);
                break;
            }
        }
        request.counters.add(
                level == regime.secondLevels()
                        ? HardwareCounter.WALK_CACHE_MISSES
                        : HardwareCounter.WALK_CACHE_HITS,
                1);
        int attempts = 0;
        while (true) {
            long at = table + PagingLevel.offset(input, level);
            long entry;
            try {
                request.counters.addWalkRead(level);
                entry = memory.readLong(at);
            } catch (BusErrorException e) {
                request.fault(unreadable(regime, level));
                return 0;
            }
            int rights = inherited & (int) entry & CachedTranslation.SECOND_STAGE_RIGHTS;
            if (!SecondStageEntry.present(entry)) {
                request.fault(absent(regime, request));
                return 0;
            }
            boolean leaf = SecondStageEntry.isLeaf(entry, level);
            if ((entry & reserved[2 * level + (leaf ? 1 : 0)]) != 0) {
                request.fault(
                        regime.scalable()
                                ? FaultReason.SCALABLE_SECOND_STAGE_RESERVED
                                : FaultReason.SECOND_STAGE_RESERVED);
                return 0;
            }
            long updated = entry;
            if (leaf) {
                if ((rights & need) != need || rights == 0) {
                    request.fault(denied(regime, purpose, rights, need, request));
                    return 0;
                }
                long output =
                        SecondStageEntry.page(entry, level) | input & PagingLevel.bytes(level) - 1;
                if (InterruptRange.contains(output)) {
                    request.fault(InterruptRange.reason(regime.scalable()));
                    return 0;
                }
            }
            if (regime.secondStageFlags()) {
                updated |= SecondStageEntry.A.mask();
                if (leaf && dirty && (rights & CachedTranslation.WRITE) != 0) {
                    updated |= SecondStageEntry.D.mask();
                }
            }
            if (updated != entry) {
                if (!regime.walkSnoops()) {
                    request.fault(FaultReason.SECOND_STAGE_UPDATE_NOT_SNOOPED);
                    return 0;
                }
                int outcome = EntryUpdate.replace(memory, at, entry, updated);
                if (outcome == EntryUpdate.FAILED || ++attempts > UPDATE_ATTEMPTS) {
                    request.fault(FaultReason.SECOND_STAGE_UPDATE_FAILED);
                    return 0;
                }
                if (outcome == EntryUpdate.LOST) {
                    continue; // someone else wrote the entry: read it again
                }
                entry = updated;
            }
            if (leaf) {
                long data =
                        CachedTranslation.of(
                                SecondStageEntry.page(entry, level),
                                level,
                                flags(regime, entry, rights));
                caches.keepPage(token, input, data);
                return data;
            }
            table = SecondStageEntry.table(entry);
            inherited = rights;
            caches.keepTable(token, input, CachedTranslation.of(table, level, rights));
            level--;
        }
    }

    private int flags(Regime regime, long entry, int rights) {
        int flags = rights;
        if ((rights & CachedTranslation.READ) != 0) {
            flags |= CachedTranslation.EXECUTE;
        }
        if (!regime.secondStageFlags() || SecondStageEntry.D.isSet(entry)) {
            flags |= CachedTranslation.DIRTY;
        }
        if (!regime.scalable() && snoopControl && SecondStageEntry.SNP.isSet(entry)) {
            flags |= CachedTranslation.SNOOP;
        }
        return flags;
    }

    private static FaultReason beyondWidth(Regime regime, Purpose purpose) {
        if (purpose != Purpose.PAGE) {
            return FaultReason.NESTED_TABLE_BEYOND_WIDTH;
        }
        return regime.scalable()
                ? FaultReason.SECOND_STAGE_INPUT_BEYOND_WIDTH
                : FaultReason.ADDRESS_BEYOND_WIDTH;
    }

    /** LCT.4.3 and SSS.4 for the first table, LSS.1 and SSS.1 for the others. */
    private static FaultReason unreadable(Regime regime, int level) {
        boolean root = level == regime.secondLevels();
        if (regime.scalable()) {
            return root
                    ? FaultReason.SCALABLE_SECOND_STAGE_ROOT_ACCESS
                    : FaultReason.SCALABLE_SECOND_STAGE_ACCESS;
        }
        return root ? FaultReason.CONTEXT_INVALID : FaultReason.SECOND_STAGE_ACCESS;
    }

    /** An entry with neither right: legacy mode takes it for a missing right. */
    private static FaultReason absent(Regime regime, Translation request) {
        if (regime.scalable()) {
            return FaultReason.SCALABLE_SECOND_STAGE_DENIED;
        }
        return request.writes() ? FaultReason.WRITE_DENIED : FaultReason.READ_DENIED;
    }

    private static FaultReason denied(
            Regime regime, Purpose purpose, int rights, int need, Translation request) {
        if (rights == 0) {
            // The entries on the way leave no right together: as good as not present.
            return absent(regime, request);
        }
        boolean write = (need & ~rights & CachedTranslation.WRITE) != 0;
        if (purpose != Purpose.PAGE) {
            if (write) {
                return FaultReason.NESTED_TABLE_WRITE_DENIED;
            }
            return purpose == Purpose.FIRST_STAGE_ROOT
                    ? FaultReason.NESTED_ROOT_READ_DENIED
                    : FaultReason.NESTED_TABLE_READ_DENIED;
        }
        if (regime.scalable()) {
            return write ? FaultReason.SCALABLE_WRITE_DENIED : FaultReason.SCALABLE_READ_DENIED;
        }
        return write ? FaultReason.WRITE_DENIED : FaultReason.READ_DENIED;
    }
}
