package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.smmuv3.layout.AddressSize;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;

/**
 * A context descriptor as the SMMU understands it (section 5.4). Belongs to a lane and is used
 * again and again; what is cached of a CD is in {@link ContextCache}.
 */
final class Context {

    /** How many words of a CD are looked at, from the first on. */
    static final int WORDS = 4;

    private static final Regime[] REGIMES = Regime.values();
    private static final long[] NOWHERE = {};

    private final long[] words = new long[WORDS];
    private final StageConfig lower = new StageConfig();
    private final StageConfig upper = new StageConfig();
    private boolean illegal;
    private long word0;
    private long tag;
    private Regime regime = Regime.EL1;
    private boolean lowerThere;
    private boolean upperThere;
    private boolean lowerHierarchical;
    private boolean upperHierarchical;
    private boolean lowerClosed;
    private boolean upperClosed;
    private boolean enhancedPan;

    // Where it was found.
    private long[] cache = NOWHERE;
    private int place;
    private long sequence;

    /**
     * Understands a descriptor that has been fetched.
     *
     * @param fetched its words
     * @param entry the STE it was found through
     * @param profile the SMMU's claims
     */
    void understand(long[] fetched, StreamEntry entry, SmmuProfile profile) {
        boolean privateSet = ContextDescriptor.ASET.isSet(fetched[0]);
        int asid = ContextDescriptor.asid(fetched[0]);
        long space = Tag.ofSpace(entry.regime(), privateSet, asid, entry.vmid());
        understand(fetched[0], fetched[1], fetched[2], fetched[3], space, false, profile);
        illegal |= illegal(entry, profile);
    }

    /**
     * Understands a descriptor again.
     *
     * @param space its tag
     * @param wasIllegal whether it was found to be ILLEGAL when it was fetched
     */
    void understand(
            long first,
            long second,
            long third,
            long fourth,
            long space,
            boolean wasIllegal,
            SmmuProfile profile) {
        cache = NOWHERE;
        word0 = first;
        words[0] = first;
        words[1] = second;
        words[2] = third;
        words[3] = fourth;
        tag = space;
        regime = REGIMES[Tag.regime(space)];
        boolean twoTables = regime.hasTwoLevels();
        // With one table EPD0 and EPD1 are IGNORED, and so is everything about TTB1.
        boolean lowerDisabled = twoTables && ContextDescriptor.EPD0.isSet(word0);
        boolean upperDisabled = !twoTables || ContextDescriptor.EPD1.isSet(word0);
        lowerThere =
                !lowerDisabled
                        && describe(
                                lower,
                                Granule.ofTg0((int) ContextDescriptor.TG0.get(word0)),
                                (int) ContextDescriptor.T0SZ.get(word0),
                                second,
                                (int) ContextDescriptor.SH0.get(word0),
                                profile);
        upperThere =
                !upperDisabled
                        && describe(
                                upper,
                                Granule.ofTg1((int) ContextDescriptor.TG1.get(word0)),
                                (int) ContextDescriptor.T1SZ.get(word0),
                                third,
                                (int) ContextDescriptor.SH1.get(word0),
                                profile);
        boolean canDisable = Idr3.HAD.isSet(profile.idr3());
        lowerHierarchical = !(canDisable && ContextDescriptor.HAD0.isSet(second));
        upperHierarchical = !(canDisable && ContextDescriptor.HAD1.isSet(third));
        boolean canClose = twoTables && Idr3.E0PD.isSet(profile.idr3());
        lowerClosed = canClose && ContextDescriptor.E0PD0.isSet(second);
        upperClosed = canClose && ContextDescriptor.E0PD1.isSet(third);
        enhancedPan = Idr3.EPAN.isSet(profile.idr3()) && ContextDescriptor.EPAN.isSet(second);
        illegal = wasIllegal || !lowerDisabled && !lowerThere || !upperDisabled && !upperThere;
    }

    /** Remembers where in a cache it was found, once it has been understood. */
    void foundAt(long[] words, int at, long version) {
        cache = words;
        place = at;
        sequence = version;
    }

    /** Whether it is what a place of a cache held when its sequence word had this value. */
    @SuppressWarnings("ReferenceEquality") // which array it was, not what is in it
    boolean isOf(long[] words, int at, long version) {
        return cache == words && place == at && sequence == version;
    }

    private boolean describe(
            StageConfig stage,
            @Nullable Granule granule,
            int size,
            long base,
            int shareability,
            SmmuProfile profile) {
        if (granule == null || !StageConfig.supported(granule, profile)) {
            return false;
        }
        boolean ds = ContextDescriptor.DS.isSet(words[2]);
        boolean wideSmall = StageConfig.wideSmall(granule, ds, profile);
        boolean large = Idr5.VAX.get(profile.idr5()) != 0 && (granule == Granule.K64 || wideSmall);
        if (size < (large ? 12 : 16) || size > StageConfig.largestSize(granule, profile)) {
            return false;
        }
        int outputBits =
                Math.min(
                        AddressSize.bits((int) ContextDescriptor.IPS.get(word0)),
                        profile.addressBits());
        long table = ContextDescriptor.ttb(base);
        if (StageConfig.outOfRange(table, granule, wideSmall, outputBits)) {
            return false;
        }
        int inputBits = 64 - size;
        stage.describe(
                table,
                granule,
                inputBits,
                StageConfig.startLevel(granule, inputBits),
                outputBits,
                StageConfig.wide(granule, ds, profile),
                wideSmall ? shareability : -1);
        return true;
    }

    /** The part of CdIllegal (section 5.4.2) that does not concern the table shapes. */
    private boolean illegal(StreamEntry entry, SmmuProfile profile) {
        if (!ContextDescriptor.valid(word0)) {
            return true;
        }
        if (stall() && (entry.stallDisabled() || !profile.stallModel())) {
            return true;
        }
        if (profile.has(Idr0.TERM_MODEL) && !abort()) {
            return true;
        }
        boolean noTables =
                regime.hasTwoLevels()
                        && ContextDescriptor.EPD0.isSet(word0)
                        && ContextDescriptor.EPD1.isSet(word0);
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

    /** One of the words. */
    long word(int index) {
        return words[index];
    }

    boolean illegal() {
        return illegal;
    }

    long tag() {
        return tag;
    }

    long globalTag() {
        return Tag.globalOf(tag);
    }

    /** The table for an address, by its bit 55; null if walks through it are disabled. */
    @Nullable StageConfig stage(long address) {
        if (isUpper(address)) {
            return upperThere ? upper : null;
        }
        return lowerThere ? lower : null;
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
        return ContextDescriptor.mairAttribute(words[3], index);
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
