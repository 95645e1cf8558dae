package org.opensva.conformance.cli.inspect.vtd;

import static org.opensva.conformance.cli.inspect.vtd.Decoding.hex;

import org.jspecify.annotations.Nullable;
import org.opensva.conformance.inspect.Explanation;
import org.opensva.conformance.inspect.Stopped;
import org.opensva.vtd.layout.AddressWidth;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.FaultReason;
import org.opensva.vtd.layout.FirstStageEntry;
import org.opensva.vtd.layout.PagingLevel;
import org.opensva.vtd.layout.PasidTableEntry;
import org.opensva.vtd.layout.SecondStageEntry;
import org.opensva.vtd.layout.Structure;

/** Walks the paging structures of one request (sections 3.6 to 3.8, 9.7 and 9.8). */
final class PagingWalk {

    private static final int LARGE_LEVELS = 3;
    private static final int CANONICAL_SIGN = 11;

    private final Explainer explainer;
    private final Snapshot state;
    private final boolean legacy;
    private final long secondTable;
    private final int width;
    private final boolean secondFlags;
    private final long[] entry;
    private final boolean privileged;

    private PagingWalk(
            Explainer explainer,
            boolean legacy,
            long secondTable,
            int width,
            boolean secondFlags,
            long[] entry,
            boolean privileged) {
        this.explainer = explainer;
        this.state = explainer.state();
        this.legacy = legacy;
        this.secondTable = secondTable;
        this.width = width;
        this.secondFlags = secondFlags;
        this.entry = entry;
        this.privileged = privileged;
    }

    /** The walk that a legacy context entry asks for. */
    static PagingWalk legacy(Explainer explainer, long table, int width) {
        return new PagingWalk(explainer, true, table, width, false, new long[0], false);
    }

    /** The walk that a PASID table entry asks for. */
    static PagingWalk scalable(Explainer explainer, long[] entry, boolean privileged) {
        return new PagingWalk(
                explainer,
                false,
                PasidTableEntry.secondStageTable(entry[0]),
                PasidTableEntry.addressWidth(entry[0]),
                PasidTableEntry.secondStageAccessDirty(entry[0]),
                entry,
                privileged);
    }

    /** A page that a walk came to. */
    private record Leaf(long page, int shift) {

        long at(long address) {
            return page | address & (1L << shift) - 1;
        }
    }

    private void show(
            int stage, int level, long address, Structure layout, long word, String yields) {
        explainer.step(
                "%s stage, level %d".formatted(stage == 1 ? "first" : "second", level),
                Decoding.of("entry", address, layout, word),
                yields);
    }

    private long read(int stage, int level, long address, FaultReason unreadable) throws Stopped {
        long[] words = state.read(address, 1);
        if (words == null) {
            String what =
                    "level %d entry of the %s stage"
                            .formatted(level, stage == 1 ? "first" : "second");
            explainer.step(what + " at " + hex(address), null, "there is no memory");
            throw explainer.fault(unreadable, "the " + what + " cannot be read");
        }
        return words[0];
    }

    private static String leads(boolean leaf, int level, long target) {
        return leaf
                ? "%s at %s".formatted(Decoding.size(PagingLevel.shift(level)), hex(target))
                : "table at " + hex(target);
    }

    private boolean snoops() {
        return PasidTableEntry.walkSnoops(entry[1]);
    }

    private int inputBits() {
        return Math.min(AddressWidth.bits(width), Cap.mgaw(state.cap()));
    }

    private boolean nested() {
        return EntryRules.usesSecondStage(PasidTableEntry.translationType(entry[0]));
    }

    // First stage.

    /** The whole of the first stage, and of the second for what comes out of it if nested. */
    Explanation.Ending first() throws Stopped {
        long address = explainer.access().address();
        int levels = PasidTableEntry.firstStageLevels(entry[2]);
        int sign = 9 * levels + CANONICAL_SIGN;
        if (address >> sign != 0 && address >> sign != -1) {
            throw explainer.fault(
                    FaultReason.NOT_CANONICAL,
                    "the address is not canonical for %d levels".formatted(levels));
        }
        long table = PasidTableEntry.firstStageTable(entry[2]);
        long rights =
                FirstStageEntry.RW.mask() | FirstStageEntry.US.mask() | FirstStageEntry.XD.mask();
        for (int level = levels; ; level--) {
            long at = table + PagingLevel.offset(address, level);
            boolean root = level == levels;
            long physical = nested() ? tableEntry(at, root) : at;
            long word =
                    read(
                            1,
                            level,
                            physical,
                            root
                                    ? FaultReason.FIRST_STAGE_ROOT_ACCESS
                                    : FaultReason.FIRST_STAGE_ACCESS);
            boolean leaf = FirstStageEntry.isLeaf(word, level);
            long target = leaf ? FirstStageEntry.page(word, level) : FirstStageEntry.table(word);
            Structure layout = FirstStageEntry.STRUCTURE;
            if (!FirstStageEntry.present(word)) {
                show(1, level, physical, layout, word, "not present");
                throw explainer.fault(
                        FaultReason.FIRST_STAGE_NOT_PRESENT,
                        "the level %d entry is not present".formatted(level));
            }
            long reserved = word & firstReserved(level, leaf);
            if (reserved != 0) {
                show(1, level, physical, layout, word, "reserved bits " + hex(reserved));
                throw explainer.fault(
                        FaultReason.FIRST_STAGE_RESERVED,
                        "the level %d entry has reserved bits %s set"
                                .formatted(level, hex(reserved)));
            }
            show(1, level, physical, layout, word, leads(leaf, level, target));
            // R/W and U/S are granted by all levels; XD of one is enough.
            rights &= word ^ FirstStageEntry.XD.mask();
            Explanation.@Nullable Ending end = null;
            if (leaf) {
                checkFirst(rights);
                end = arrive(new Leaf(target, PagingLevel.shift(level)), address);
            }
            update(word, leaf, at, level);
            if (end != null) {
                return end;
            }
            table = target;
        }
    }

    private long firstReserved(int level, boolean leaf) {
        long reserved = FirstStageEntry.reservedBits(level, leaf, state.addressBits());
        if (level == LARGE_LEVELS && !Cap.FS1GP.isSet(state.cap())) {
            reserved |= FirstStageEntry.PS.mask();
        }
        return reserved;
    }

    private void checkFirst(long rights) throws Stopped {
        if (!privileged && !FirstStageEntry.US.isSet(rights)) {
            throw explainer.fault(FaultReason.USER_DENIED, "U/S is 0 at some level");
        }
        if (explainer.executes() && !FirstStageEntry.XD.isSet(rights)) {
            throw explainer.fault(FaultReason.EXECUTE_DENIED, "XD is 1 at some level");
        }
        boolean prevented = privileged && PasidTableEntry.SMEP.isSet(entry[2]);
        if (explainer.executes() && prevented && FirstStageEntry.US.isSet(rights)) {
            throw explainer.fault(FaultReason.EXECUTE_DENIED, "SMEP is 1 and U/S of all levels");
        }
        boolean obeys = !privileged || PasidTableEntry.writeProtect(entry[2]);
        if (explainer.writes() && obeys && !FirstStageEntry.RW.isSet(rights)) {
            throw explainer.fault(FaultReason.SCALABLE_WRITE_DENIED, "R/W is 0 at some level");
        }
    }

    private void update(long word, boolean leaf, long at, int level) throws Stopped {
        long updated = FirstStageEntry.A.set(word, 1);
        if (PasidTableEntry.extendedAccessed(entry[2])) {
            updated = FirstStageEntry.EA.set(updated, 1);
        }
        if (leaf && explainer.writes()) {
            updated = FirstStageEntry.D.set(updated, 1);
        }
        if (updated == word) {
            return;
        }
        // Units without ECAP.SMPWCS have no PWSNP to set, and update first-stage entries.
        if (state.claims(Ecap.SMPWCS) && !snoops()) {
            throw explainer.fault(
                    FaultReason.FIRST_STAGE_UPDATE_NOT_SNOOPED,
                    "flags of the level %d entry need an update and PWSNP is 0".formatted(level));
        }
        if (nested()) {
            explainer.step("second stage to update the entry", null, "address " + hex(at));
            second(at, true, FaultReason.NESTED_TABLE_WRITE_DENIED);
        }
        explainer.step("hardware update", null, "the entry becomes " + hex(updated));
    }

    private Explanation.Ending arrive(Leaf leaf, long address) throws Stopped {
        long output = leaf.at(address);
        if (!nested()) {
            return explainer.arrived(output, leaf.shift(), FaultReason.SCALABLE_INTERRUPT_RANGE);
        }
        explainer.step("second stage for the request", null, "address " + hex(output));
        Leaf second = input(output);
        return explainer.arrived(
                second.at(output),
                Math.min(leaf.shift(), second.shift()),
                FaultReason.SCALABLE_INTERRUPT_RANGE);
    }

    // Second stage.

    /** The second stage of a request that has no first. */
    Explanation.Ending secondOnly() throws Stopped {
        long address = explainer.access().address();
        Leaf leaf = input(address);
        return explainer.arrived(
                leaf.at(address),
                leaf.shift(),
                legacy ? FaultReason.INTERRUPT_RANGE : FaultReason.SCALABLE_INTERRUPT_RANGE);
    }

    private Leaf input(long address) throws Stopped {
        boolean write = explainer.writes();
        FaultReason denied =
                legacy
                        ? (write ? FaultReason.WRITE_DENIED : FaultReason.READ_DENIED)
                        : write
                                ? FaultReason.SCALABLE_WRITE_DENIED
                                : FaultReason.SCALABLE_READ_DENIED;
        checkWidth(
                address,
                legacy
                        ? FaultReason.ADDRESS_BEYOND_WIDTH
                        : FaultReason.SECOND_STAGE_INPUT_BEYOND_WIDTH);
        return second(address, write, denied);
    }

    private long tableEntry(long at, boolean root) throws Stopped {
        explainer.step("second stage for the entry", null, "address " + hex(at));
        checkWidth(at, FaultReason.NESTED_TABLE_BEYOND_WIDTH);
        FaultReason denied =
                root ? FaultReason.NESTED_ROOT_READ_DENIED : FaultReason.NESTED_TABLE_READ_DENIED;
        return second(at, false, denied).at(at);
    }

    private void checkWidth(long address, FaultReason beyond) throws Stopped {
        if ((address & -1L << inputBits()) != 0) {
            throw explainer.fault(
                    beyond,
                    "%s has more than the %d bits of the second stage"
                            .formatted(hex(address), inputBits()));
        }
    }

    private Leaf second(long address, boolean write, FaultReason denied) throws Stopped {
        long table = secondTable;
        int levels = AddressWidth.levels(width);
        long rights = SecondStageEntry.R.mask() | SecondStageEntry.W.mask();
        for (int level = levels; ; level--) {
            long at = table + PagingLevel.offset(address, level);
            long word = read(2, level, at, unreadable(level == levels));
            boolean leaf = SecondStageEntry.isLeaf(word, level);
            long target = leaf ? SecondStageEntry.page(word, level) : SecondStageEntry.table(word);
            Structure layout = SecondStageEntry.STRUCTURE;
            if (!SecondStageEntry.present(word)) {
                show(2, level, at, layout, word, "not present");
                throw explainer.fault(
                        legacy ? denied : FaultReason.SCALABLE_SECOND_STAGE_DENIED,
                        "the level %d entry has neither R nor W".formatted(level));
            }
            long reserved = word & secondReserved(level, leaf);
            if (reserved != 0) {
                show(2, level, at, layout, word, "reserved bits " + hex(reserved));
                throw explainer.fault(
                        legacy
                                ? FaultReason.SECOND_STAGE_RESERVED
                                : FaultReason.SCALABLE_SECOND_STAGE_RESERVED,
                        "the level %d entry has reserved bits %s set"
                                .formatted(level, hex(reserved)));
            }
            show(2, level, at, layout, word, leads(leaf, level, target));
            rights &= word;
            if (leaf) {
                checkSecond(rights, write, denied);
                Leaf found = new Leaf(target, PagingLevel.shift(level));
                explainer.arrived(
                        found.at(address),
                        0,
                        legacy
                                ? FaultReason.INTERRUPT_RANGE
                                : FaultReason.SCALABLE_INTERRUPT_RANGE);
                updateSecond(word, true, write, level);
                return found;
            }
            updateSecond(word, false, write, level);
            table = target;
        }
    }

    private FaultReason unreadable(boolean root) {
        if (legacy) {
            return root ? FaultReason.CONTEXT_INVALID : FaultReason.SECOND_STAGE_ACCESS;
        }
        return root
                ? FaultReason.SCALABLE_SECOND_STAGE_ROOT_ACCESS
                : FaultReason.SCALABLE_SECOND_STAGE_ACCESS;
    }

    private long secondReserved(int level, boolean leaf) {
        // SNP of a leaf is ignored in scalable mode, where PGSNP took its place.
        long reserved =
                SecondStageEntry.reservedBits(
                        level, leaf, state.addressBits(), !legacy || state.claims(Ecap.SC));
        boolean large = leaf && level > 1;
        if (large && (Cap.SSLPS.get(state.cap()) >>> level - 2 & 1) == 0) {
            reserved |= SecondStageEntry.PS.mask();
        }
        return reserved;
    }

    private void checkSecond(long rights, boolean write, FaultReason denied) throws Stopped {
        if (!legacy && !SecondStageEntry.present(rights)) {
            throw explainer.fault(
                    FaultReason.SCALABLE_SECOND_STAGE_DENIED, "all levels together grant nothing");
        }
        boolean allowed =
                write ? SecondStageEntry.writable(rights) : SecondStageEntry.readable(rights);
        if (!allowed) {
            throw explainer.fault(denied, (write ? "W" : "R") + " is 0 at some level");
        }
    }

    private void updateSecond(long word, boolean leaf, boolean write, int level) throws Stopped {
        if (!secondFlags) {
            return;
        }
        long updated = SecondStageEntry.A.set(word, 1);
        if (leaf && write) {
            updated = SecondStageEntry.D.set(updated, 1);
        }
        if (updated == word) {
            return;
        }
        if (!snoops()) {
            throw explainer.fault(
                    FaultReason.SECOND_STAGE_UPDATE_NOT_SNOOPED,
                    "flags of the level %d entry need an update and PWSNP is 0".formatted(level));
        }
        explainer.step("hardware update", null, "the entry becomes " + hex(updated));
    }
}
