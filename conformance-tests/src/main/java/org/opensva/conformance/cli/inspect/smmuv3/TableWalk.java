package org.opensva.conformance.cli.inspect.smmuv3;

import static org.opensva.conformance.cli.inspect.smmuv3.Explainer.hex;

import org.opensva.conformance.inspect.Decoded;
import org.opensva.conformance.inspect.Explanation;
import org.opensva.conformance.inspect.Explanation.Access;
import org.opensva.conformance.inspect.Explanation.Kind;
import org.opensva.conformance.inspect.Stopped;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.EventType;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.Stage1Descriptor;
import org.opensva.smmuv3.layout.Stage2Descriptor;
import org.opensva.smmuv3.layout.StreamTableEntry;
import org.opensva.smmuv3.layout.Structure;

import java.util.List;

/** Walks the translation tables of one stream for one access (VMSAv8-64; section 3.3.3). */
final class TableWalk {

    private final Snapshot state;
    private final Access access;
    private final List<Explanation.Step> steps;
    private final long[] ste;

    TableWalk(Snapshot state, Access access, List<Explanation.Step> steps, long[] ste) {
        this.state = state;
        this.access = access;
        this.steps = steps;
        this.ste = ste;
    }

    /** A page or block that a walk came to. */
    private record Leaf(long output, int shift) {

        long at(long address) {
            return output | address & (1L << shift) - 1;
        }
    }

    private boolean nested() {
        return (StreamTableEntry.config(ste[0]) & StreamTableEntry.CONFIG_STAGE2_BIT) != 0;
    }

    private void step(
            int stage, int level, long address, Structure layout, long word, String yields) {
        String what = "stage %d, level %d".formatted(stage, level);
        Decoded decoded = Decoding.of("descriptor", address, layout, word);
        steps.add(new Explanation.Step(what, decoded, yields));
    }

    private long read(int stage, int level, long physical) throws Stopped {
        long[] words = state.read(physical, 1);
        if (words == null) {
            steps.add(
                    new Explanation.Step(
                            "stage %d, level %d descriptor at %s"
                                    .formatted(stage, level, hex(physical)),
                            null,
                            "there is no memory"));
            throw new Stopped(
                    new Explanation.Faulted(
                            EventType.F_WALK_EABT.name(),
                            true,
                            false,
                            "the level %d descriptor of stage %d cannot be fetched"
                                    .formatted(level, stage)));
        }
        return words[0];
    }

    // Stage 1.

    /** The whole of stage 1, and of stage 2 for what comes out of it. */
    Explanation.Ending stage1(long[] cd) throws Stopped {
        boolean upper = (access.address() & 1L << 55) != 0;
        boolean ignored = (upper ? ContextDescriptor.TBI1 : ContextDescriptor.TBI0).isSet(cd[0]);
        long address = ignored ? access.address() << 8 >> 8 : access.address();
        boolean single = EntryRules.oneLevel(state, ste);
        if (single && upper) {
            throw fault1(cd, EventType.F_TRANSLATION, "NS-EL2 has no upper half of addresses");
        }
        boolean disabled =
                !single && (upper ? ContextDescriptor.EPD1 : ContextDescriptor.EPD0).isSet(cd[0]);
        Regime regime = disabled ? null : EntryRules.stage1(state, cd, upper);
        if (regime == null) {
            throw fault1(cd, EventType.F_TRANSLATION, "CD." + (upper ? "EPD1" : "EPD0") + " is 1");
        }
        if (address >> regime.inputBits() != (upper ? -1 : 0)) {
            throw fault1(
                    cd,
                    EventType.F_TRANSLATION,
                    "the address has more than "
                            + regime.inputBits()
                            + " bits, as CD.T"
                            + (upper ? "1" : "0")
                            + "SZ says");
        }
        boolean closed =
                !single
                        && Idr3.E0PD.isSet(state.get(Register.IDR3))
                        && (upper
                                ? ContextDescriptor.E0PD1.isSet(cd[2])
                                : ContextDescriptor.E0PD0.isSet(cd[1]));
        if (closed && !access.privileged()) {
            throw fault1(
                    cd,
                    EventType.F_TRANSLATION,
                    "CD.E0PD" + (upper ? "1" : "0") + " forbids unprivileged accesses");
        }
        boolean hierarchical =
                !(Idr3.HAD.isSet(state.get(Register.IDR3))
                        && (upper
                                ? ContextDescriptor.HAD1.isSet(cd[2])
                                : ContextDescriptor.HAD0.isSet(cd[1])));
        return descend(cd, regime, address, hierarchical);
    }

    private Explanation.Ending descend(long[] cd, Regime regime, long address, boolean hierarchical)
            throws Stopped {
        long table = regime.table();
        long denied = 0;
        for (int level = regime.startLevel(); ; level++) {
            long at = regime.descriptor(table, address, level);
            long physical = nested() ? structure("descriptor", at, EventClass.TABLE, false) : at;
            long word = read(1, level, physical);
            boolean leaf = regime.isLeaf(word, level);
            if (!leaf && !Stage1Descriptor.isTable(word, level)) {
                step(1, level, physical, Stage1Descriptor.STRUCTURE, word, "not valid");
                throw fault1(
                        cd,
                        EventType.F_TRANSLATION,
                        "the level " + level + " descriptor is invalid");
            }
            int shift = leaf ? regime.granule().levelShift(level) : regime.granule().shift();
            long output = regime.output(word, shift);
            step(
                    1,
                    level,
                    physical,
                    Stage1Descriptor.STRUCTURE,
                    word,
                    (leaf ? size(shift) + " at " : "table at ") + hex(output));
            if (output >>> regime.outputBits() != 0) {
                throw fault1(
                        cd,
                        EventType.F_ADDR_SIZE,
                        "its address has more than " + regime.outputBits() + " bits");
            }
            if (leaf) {
                return arrive(cd, word, denied, new Leaf(output, shift), at, address);
            }
            if (hierarchical) {
                denied |= word;
            }
            table = output;
        }
    }

    private Explanation.Ending arrive(
            long[] cd, long word, long denied, Leaf leaf, long at, long address) throws Stopped {
        Stage1Rights rights =
                new Stage1Rights(
                        cd,
                        EntryRules.oneLevel(state, ste),
                        Idr3.EPAN.isSet(state.get(Register.IDR3)));
        long updated = rights.updated(word, denied, access);
        if (updated != word) {
            if (nested()) {
                structure("descriptor, to update it", at, EventClass.TABLE, true);
            }
            steps.add(
                    new Explanation.Step(
                            "hardware update", null, "the descriptor becomes " + hex(updated)));
        }
        if (!Stage1Descriptor.AF.isSet(updated) && !ContextDescriptor.AFFD.isSet(cd[0])) {
            throw fault1(cd, EventType.F_ACCESS, "AF of the descriptor is 0");
        }
        String missing = rights.missing(updated, denied, access);
        if (missing != null) {
            throw fault1(cd, EventType.F_PERMISSION, missing);
        }
        long within = leaf.at(address);
        if (!nested()) {
            return new Explanation.Translated(within, leaf.shift());
        }
        Explanation.Translated second = input(within);
        return new Explanation.Translated(
                second.address(), Math.min(leaf.shift(), second.sizeShift()));
    }

    private static String size(int shift) {
        return shift >= 30
                ? (1L << shift - 30) + " GB"
                : shift >= 20 ? (1L << shift - 20) + " MB" : (1L << shift - 10) + " KB";
    }

    private static Stopped fault1(long[] cd, EventType event, String reason) {
        boolean stalls = ContextDescriptor.S.isSet(cd[0]);
        return new Stopped(
                new Explanation.Faulted(
                        event.name(), stalls || ContextDescriptor.R.isSet(cd[0]), stalls, reason));
    }

    // Stage 2.

    /** What an address is for, which decides what the event says. */
    private enum EventClass {
        CONTEXT,
        TABLE,
        INPUT
    }

    /** Where a CD or L1CD is. */
    long structure(String what, long ipa) throws Stopped {
        return structure(what, ipa, EventClass.CONTEXT, false);
    }

    private long structure(String what, long ipa, EventClass purpose, boolean write)
            throws Stopped {
        steps.add(new Explanation.Step("stage 2 for the " + what, null, "IPA " + hex(ipa)));
        return stage2(ipa, write ? Kind.WRITE : Kind.READ, purpose).at(ipa);
    }

    /** Stage 2 of the access itself. */
    Explanation.Translated input(long ipa) throws Stopped {
        steps.add(new Explanation.Step("stage 2 for the access", null, "IPA " + hex(ipa)));
        Leaf leaf = stage2(ipa, access.kind(), EventClass.INPUT);
        return new Explanation.Translated(leaf.at(ipa), leaf.shift());
    }

    private Leaf stage2(long ipa, Kind kind, EventClass purpose) throws Stopped {
        Regime regime = EntryRules.stage2(state, ste);
        if (regime == null || ipa >>> regime.inputBits() != 0) {
            throw fault2(EventType.F_TRANSLATION, purpose, "the IPA is beyond what S2T0SZ covers");
        }
        long table = regime.table();
        for (int level = regime.startLevel(); ; level++) {
            long at = regime.descriptor(table, ipa, level);
            long word = read(2, level, at);
            boolean leaf = regime.isLeaf(word, level);
            if (!leaf && !Stage1Descriptor.isTable(word, level)) {
                step(2, level, at, Stage2Descriptor.STRUCTURE, word, "not valid");
                throw fault2(
                        EventType.F_TRANSLATION,
                        purpose,
                        "the level " + level + " descriptor is invalid");
            }
            int shift = leaf ? regime.granule().levelShift(level) : regime.granule().shift();
            long output = regime.output(word, shift);
            step(
                    2,
                    level,
                    at,
                    Stage2Descriptor.STRUCTURE,
                    word,
                    (leaf ? size(shift) + " at " : "table at ") + hex(output));
            if (output >>> regime.outputBits() != 0) {
                throw fault2(
                        EventType.F_ADDR_SIZE,
                        purpose,
                        "its address has more than " + regime.outputBits() + " bits");
            }
            if (leaf) {
                check(word, kind, purpose);
                return new Leaf(output, shift);
            }
            table = output;
        }
    }

    private void check(long word, Kind kind, EventClass purpose) throws Stopped {
        boolean ignored = StreamTableEntry.S2AFFD.isSet(ste[2]);
        boolean updates = StreamTableEntry.S2HA.isSet(ste[2]);
        boolean accessed = Stage2Descriptor.AF.isSet(word) || updates || ignored;
        if (!accessed) {
            throw fault2(EventType.F_ACCESS, purpose, "AF of the descriptor is 0");
        }
        long rights = Stage2Descriptor.S2AP.get(word);
        boolean privileged = purpose == EventClass.INPUT && access.privileged();
        String missing =
                switch (kind) {
                    case READ ->
                            (rights & Stage2Descriptor.S2AP_READ) != 0
                                    ? null
                                    : "S2AP forbids reads";
                    case WRITE ->
                            (rights & Stage2Descriptor.S2AP_WRITE) != 0
                                            || updates
                                                    && StreamTableEntry.S2HD.isSet(ste[2])
                                                    && Stage2Descriptor.DBM.isSet(word)
                                    ? null
                                    : "S2AP forbids writes";
                    case EXECUTE -> executable(word, privileged) ? null : "XN forbids execution";
                };
        if (missing != null) {
            throw fault2(EventType.F_PERMISSION, purpose, missing);
        }
        if (purpose != EventClass.INPUT
                && StreamTableEntry.S2PTW.isSet(ste[2])
                && isDevice((int) Stage2Descriptor.MEMATTR.get(word))) {
            throw fault2(
                    EventType.F_PERMISSION, purpose, "STE.S2PTW forbids tables in Device memory");
        }
    }

    /** Stage 2 memory types; with STE.S2FWB bit 2 alone tells Device from Normal memory. */
    private boolean isDevice(int type) {
        boolean forced =
                Idr3.FWB.isSet(state.get(Register.IDR3)) && StreamTableEntry.S2FWB.isSet(ste[1]);
        return forced ? (type & 0b0100) == 0 : type >> 2 == 0 || (type & 3) == 0;
    }

    private boolean executable(long word, boolean privileged) {
        int never = (int) Stage2Descriptor.XN.get(word);
        if (!Idr3.XNX.isSet(state.get(Register.IDR3))) {
            never &= Stage2Descriptor.XN_ALL;
        }
        return never == Stage2Descriptor.XN_NONE
                || never
                        == (privileged
                                ? Stage2Descriptor.XN_UNPRIVILEGED
                                : Stage2Descriptor.XN_PRIVILEGED);
    }

    private Stopped fault2(EventType event, EventClass purpose, String reason) {
        boolean stalls = StreamTableEntry.S2S.isSet(ste[2]);
        String where =
                switch (purpose) {
                    case CONTEXT -> "stage 2 of the CD (CLASS CD): ";
                    case TABLE -> "stage 2 of a stage 1 table (CLASS TT): ";
                    case INPUT -> "stage 2 (CLASS IN): ";
                };
        boolean recorded = stalls || StreamTableEntry.S2R.isSet(ste[2]);
        return new Stopped(new Explanation.Faulted(event.name(), recorded, stalls, where + reason));
    }
}
