package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.smmuv3.layout.AddressSize;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;

/**
 * A context descriptor as the SMMU understood it when it fetched it (section 5.4): what a
 * configuration cache holds for a substream.
 */
final class Context {

    private final int index;
    private final long stamp;
    private final boolean illegal;
    private final long word0;
    private final long tag;
    private final long globalTag;
    private final @Nullable StageConfig lower;
    private final @Nullable StageConfig upper;
    private final boolean lowerHierarchical;
    private final boolean upperHierarchical;
    private final Regime regime;
    private final boolean lowerClosed;
    private final boolean upperClosed;
    private final boolean enhancedPan;
    private final long attributes;

    /**
     * Understands a descriptor.
     *
     * @param words the eight words
     * @param entry the STE it was found through
     * @param profile the SMMU's claims
     * @param index which CD of the table
     * @param stamp generation of the configuration cache before the fetch
     */
    Context(long[] words, StreamEntry entry, SmmuProfile profile, int index, long stamp) {
        this.index = index;
        this.stamp = stamp;
        word0 = words[0];
        regime = entry.regime();
        int vmid = entry.vmid();
        boolean privateSet = ContextDescriptor.ASET.isSet(word0);
        tag = Tag.ofSpace(regime, privateSet, ContextDescriptor.asid(word0), vmid);
        globalTag = Tag.ofGlobal(regime, privateSet, vmid);
        boolean twoTables = regime.hasTwoLevels();
        // With one table EPD0 and EPD1 are IGNORED, and so is everything about TTB1.
        boolean lowerDisabled = twoTables && ContextDescriptor.EPD0.isSet(word0);
        boolean upperDisabled = !twoTables || ContextDescriptor.EPD1.isSet(word0);
        boolean ds = ContextDescriptor.DS.isSet(words[2]);
        lower =
                lowerDisabled
                        ? null
                        : stage(
                                Granule.ofTg0((int) ContextDescriptor.TG0.get(word0)),
                                (int) ContextDescriptor.T0SZ.get(word0),
                                words[1],
                                ds,
                                (int) ContextDescriptor.SH0.get(word0),
                                profile);
        upper =
                upperDisabled
                        ? null
                        : stage(
                                Granule.ofTg1((int) ContextDescriptor.TG1.get(word0)),
                                (int) ContextDescriptor.T1SZ.get(word0),
                                words[2],
                                ds,
                                (int) ContextDescriptor.SH1.get(word0),
                                profile);
        boolean canDisable = Idr3.HAD.isSet(profile.idr3());
        lowerHierarchical = !(canDisable && ContextDescriptor.HAD0.isSet(words[1]));
        upperHierarchical = !(canDisable && ContextDescriptor.HAD1.isSet(words[2]));
        boolean canClose = twoTables && Idr3.E0PD.isSet(profile.idr3());
        lowerClosed = canClose && ContextDescriptor.E0PD0.isSet(words[1]);
        upperClosed = canClose && ContextDescriptor.E0PD1.isSet(words[2]);
        enhancedPan = Idr3.EPAN.isSet(profile.idr3()) && ContextDescriptor.EPAN.isSet(words[1]);
        attributes = words[3];
        illegal =
                !lowerDisabled && lower == null
                        || !upperDisabled && upper == null
                        || illegal(entry, profile, lowerDisabled && upperDisabled);
    }

    private @Nullable StageConfig stage(
            @Nullable Granule granule,
            int size,
            long base,
            boolean ds,
            int shareability,
            SmmuProfile profile) {
        if (granule == null || !StageConfig.supported(granule, profile)) {
            return null;
        }
        boolean wideSmall = StageConfig.wideSmall(granule, ds, profile);
        boolean large = Idr5.VAX.get(profile.idr5()) != 0 && (granule == Granule.K64 || wideSmall);
        if (size < (large ? 12 : 16) || size > StageConfig.largestSize(granule, profile)) {
            return null;
        }
        int outputBits =
                Math.min(
                        AddressSize.bits((int) ContextDescriptor.IPS.get(word0)),
                        profile.addressBits());
        long table = ContextDescriptor.ttb(base);
        if (StageConfig.outOfRange(table, granule, wideSmall, outputBits)) {
            return null;
        }
        int inputBits = 64 - size;
        int level = StageConfig.startLevel(granule, inputBits);
        return new StageConfig(
                StageConfig.align(table, granule, inputBits, level, outputBits),
                granule,
                inputBits,
                level,
                outputBits,
                StageConfig.wide(granule, ds, profile),
                wideSmall ? shareability : -1);
    }

    /** The part of CdIllegal (section 5.4.2) that does not concern the table shapes. */
    private boolean illegal(StreamEntry entry, SmmuProfile profile, boolean noTables) {
        if (!ContextDescriptor.valid(word0)) {
            return true;
        }
        if (stall() && (entry.stallDisabled() || !profile.stallModel())) {
            return true;
        }
        if (profile.has(Idr0.TERM_MODEL) && !abort()) {
            return true;
        }
        if (!noTables && ContextDescriptor.ENDI.isSet(word0)) {
            return true;
        }
        if (!ContextDescriptor.AA64.isSet(word0)) {
            return true;
        }
        long updates = Idr0.HTTU.get(profile.idr0());
        boolean dirty = ContextDescriptor.HD.isSet(word0);
        if ((updatesAccessFlag() || dirty) && updates == 0 || dirty && updates == 1) {
            return true;
        }
        return regime.hasTwoLevels()
                && !profile.has(Idr0.ASID16)
                && ContextDescriptor.asid(word0) > 0xff;
    }

    int index() {
        return index;
    }

    long stamp() {
        return stamp;
    }

    boolean illegal() {
        return illegal;
    }

    long tag() {
        return tag;
    }

    long globalTag() {
        return globalTag;
    }

    /** The table for an address, by its bit 55; null if walks through it are disabled. */
    @Nullable StageConfig stage(long address) {
        return isUpper(address) ? upper : lower;
    }

    /** Whether attributes of table descriptors apply to what lies below. */
    boolean hierarchical(long address) {
        return isUpper(address) ? upperHierarchical : lowerHierarchical;
    }

    private static boolean isUpper(long address) {
        return (address & 1L << 55) != 0;
    }

    /** The address without a top byte that is to be ignored. */
    long normalize(long address) {
        boolean ignored =
                isUpper(address)
                        ? ContextDescriptor.TBI1.isSet(word0)
                        : ContextDescriptor.TBI0.isSet(word0);
        return ignored ? address << 8 >> 8 : address;
    }

    boolean accessFlagFaultsDisabled() {
        return ContextDescriptor.AFFD.isSet(word0);
    }

    boolean writableNeverExecutable() {
        return ContextDescriptor.WXN.isSet(word0);
    }

    boolean privilegedNeverUser() {
        return ContextDescriptor.PAN.isSet(word0);
    }

    /** Whether PAN looks at what unprivileged software may execute, too. */
    boolean enhancedPan() {
        return enhancedPan;
    }

    /** Whether unprivileged accesses to this half of the addresses are translation faults. */
    boolean closedToUser(long address) {
        return isUpper(address) ? upperClosed : lowerClosed;
    }

    Regime regime() {
        return regime;
    }

    /** The memory attribute that a descriptor selects, as MAIR encodes it. */
    int memoryAttribute(int index) {
        return ContextDescriptor.mairAttribute(attributes, index);
    }

    boolean updatesAccessFlag() {
        return ContextDescriptor.HA.isSet(word0);
    }

    /** Whether hardware updates the dirty state, which it only does with the Access flag. */
    boolean updatesDirtyState() {
        return ContextDescriptor.HD.isSet(word0) && updatesAccessFlag();
    }

    boolean stall() {
        return ContextDescriptor.S.isSet(word0);
    }

    boolean record() {
        return ContextDescriptor.R.isSet(word0);
    }

    boolean abort() {
        return ContextDescriptor.A.isSet(word0);
    }
}
