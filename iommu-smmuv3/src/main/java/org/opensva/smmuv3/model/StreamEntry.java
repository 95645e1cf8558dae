package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;
import org.opensva.smmuv3.layout.StreamTableEntry;

import java.util.Arrays;

/**
 * A stream table entry as the SMMU understood it when it fetched it (section 5.2): what a
 * configuration cache holds for a stream.
 */
final class StreamEntry {

    /** What becomes of the stream's traffic. */
    enum Kind {
        /** C_BAD_STE. */
        ILLEGAL,
        /** Aborted without an event. */
        ABORT,
        /** Neither stage translates. */
        BYPASS,
        /** At least one stage translates. */
        TRANSLATE
    }

    /** Instead of a context: stage 1 is bypassed. */
    static final int NO_STAGE_1 = -1;

    /** Instead of a context: C_BAD_SUBSTREAMID. */
    static final int BAD_SUBSTREAM = -2;

    /** Instead of a context: F_STREAM_DISABLED. */
    static final int DISABLED = -3;

    private final long[] words;
    private final boolean atsChecked;
    private final boolean hostHypervisor;
    private final Kind kind;
    private volatile long stamp;
    private final boolean stage1;
    private final boolean stage2;
    private final long contextTable;
    private final int contextFormat;
    private final int contextBits;
    private final int defaultSubstream;
    private final int ats;
    private final boolean stallDisabled;
    private final boolean pasidInAutoResponse;
    private final int privilege;
    private final int instruction;
    private final int vmid;
    private final Regime regime;
    private final long word1;
    private final @Nullable SecondStage secondStage;

    /**
     * Understands an entry.
     *
     * @param words the eight words of the entry
     * @param profile the SMMU's claims
     * @param atsChecked SMMU_CR0.ATSCHK, which is cached with the entry (section 3.9.2)
     * @param hostHypervisor SMMU_CR2.E2H, which is cached as well (section 6.3.12)
     * @param stamp generation of the configuration cache before the fetch
     */
    StreamEntry(
            long[] words,
            SmmuProfile profile,
            boolean atsChecked,
            boolean hostHypervisor,
            long stamp) {
        this.words = words.clone();
        this.atsChecked = atsChecked;
        this.hostHypervisor = hostHypervisor;
        this.stamp = stamp;
        int config = StreamTableEntry.config(words[0]);
        boolean passes = (config & StreamTableEntry.CONFIG_PASS_BIT) != 0;
        stage1 = passes && (config & StreamTableEntry.CONFIG_STAGE1_BIT) != 0;
        stage2 = passes && (config & StreamTableEntry.CONFIG_STAGE2_BIT) != 0;
        boolean substreams = profile.substreamBits() > 0;
        contextBits = substreams ? StreamTableEntry.s1CdMax(words[0]) : 0;
        int format = (int) StreamTableEntry.S1FMT.get(words[0]);
        boolean twoLevel =
                contextBits > 0
                        && (format == StreamTableEntry.S1FMT_4K_L2
                                || format == StreamTableEntry.S1FMT_64K_L2);
        contextFormat = twoLevel ? format : StreamTableEntry.S1FMT_LINEAR;
        contextTable = StreamTableEntry.s1ContextPtr(words[0]) & -1L << tableShift();
        defaultSubstream = (int) StreamTableEntry.S1DSS.get(words[1]);
        stallDisabled = StreamTableEntry.S1STALLD.isSet(words[1]);
        pasidInAutoResponse = StreamTableEntry.PPAR.isSet(words[1]);
        boolean overrides = Idr1.ATTR_PERMS_OVR.isSet(profile.idr1());
        privilege = overrides ? (int) StreamTableEntry.PRIVCFG.get(words[1]) : 0;
        instruction = overrides ? (int) StreamTableEntry.INSTCFG.get(words[1]) : 0;
        word1 = words[1];
        int world = worldOf(words[1], profile, config);
        regime =
                world == StreamTableEntry.STRW_EL1
                        ? Regime.EL1
                        : hostHypervisor ? Regime.EL2_HOST : Regime.EL2;
        boolean tagged = profile.has(Idr0.S2P) && (stage1 || stage2) && regime == Regime.EL1;
        vmid = tagged ? StreamTableEntry.s2Vmid(words[2]) : 0;
        ats = effectiveAts(words, profile, config, atsChecked);
        secondStage = stage2 ? SecondStage.of(words, profile) : null;
        if (!StreamTableEntry.valid(words[0])) {
            kind = Kind.ILLEGAL;
        } else if (!passes) {
            kind = Kind.ABORT;
        } else if (illegal(words, profile, config)) {
            kind = Kind.ILLEGAL;
        } else {
            kind = stage1 || stage2 ? Kind.TRANSLATE : Kind.BYPASS;
        }
    }

    private int tableShift() {
        int bits =
                switch (contextFormat) {
                    case StreamTableEntry.S1FMT_4K_L2 -> contextBits - 6 + 3;
                    case StreamTableEntry.S1FMT_64K_L2 -> contextBits - 10 + 3;
                    default -> contextBits + 6;
                };
        return Math.max(6, bits);
    }

    private static int effectiveAts(
            long[] words, SmmuProfile profile, int config, boolean atsChecked) {
        if (!profile.has(Idr0.ATS)) {
            return StreamTableEntry.EATS_DISABLED;
        }
        int eats = (int) StreamTableEntry.EATS.get(words[1]);
        return switch (eats) {
            case StreamTableEntry.EATS_FULL -> eats;
            case StreamTableEntry.EATS_SPLIT ->
                    atsChecked && config == StreamTableEntry.CONFIG_NESTED
                            ? eats
                            : StreamTableEntry.EATS_DISABLED;
            // Device permission tables are not implemented.
            default -> StreamTableEntry.EATS_DISABLED;
        };
    }

    /** STRW where it counts (IgnoreSTESTRW of section 5.2.2). */
    private static int worldOf(long word1, SmmuProfile profile, int config) {
        boolean ignored =
                !profile.has(Idr0.S1P)
                        || !profile.has(Idr0.HYP)
                        || config != StreamTableEntry.CONFIG_S1;
        return ignored ? StreamTableEntry.STRW_EL1 : (int) StreamTableEntry.STRW.get(word1);
    }

    /** The part of SteIllegal (section 5.2.2) that concerns entries that pass traffic. */
    private boolean illegal(long[] words, SmmuProfile profile, int config) {
        if (stage1 && !profile.has(Idr0.S1P) || stage2 && !profile.has(Idr0.S2P)) {
            return true;
        }
        boolean stage2Stalls = StreamTableEntry.S2S.isSet(words[2]);
        if (profile.has(Idr0.ATS) && (stage1 || stage2)) {
            int eats = (int) StreamTableEntry.EATS.get(words[1]);
            if (eats == StreamTableEntry.EATS_SPLIT
                    && (config != StreamTableEntry.CONFIG_NESTED
                            || stage2Stalls
                            || profile.has(Idr0.NS1ATS))) {
                return true;
            }
            if (eats == StreamTableEntry.EATS_FULL && stage2Stalls && stage2) {
                return true;
            }
        }
        if ((worldOf(words[1], profile, config) & 1) != 0) {
            return true;
        }
        if (stage1 && illegalStage1(profile)) {
            return true;
        }
        if (stage2 && secondStage == null) {
            return true;
        }
        return !profile.has(Idr0.VMID16) && vmid > 0xff;
    }

    private boolean illegalStage1(SmmuProfile profile) {
        if (stallDisabled && !profile.stallModel()) {
            return true;
        }
        if (contextBits > profile.substreamBits()) {
            return true;
        }
        if (contextFormat != StreamTableEntry.S1FMT_LINEAR && !profile.has(Idr0.CD2L)) {
            return true;
        }
        return contextTable >>> profile.addressBits() != 0;
    }

    /** Whether this is what would be made of that. */
    boolean isOf(long[] fetched, boolean checked, boolean host) {
        return Arrays.equals(words, fetched) && atsChecked == checked && hostHypervisor == host;
    }

    /**
     * Has it count as fetched again. Its generation never goes back: whoever holds it would find
     * CDs of before an invalidation.
     */
    synchronized void fetchedAgain(long stampBefore) {
        stamp = Math.max(stamp, stampBefore);
    }

    Kind kind() {
        return kind;
    }

    long stamp() {
        return stamp;
    }

    boolean stage1() {
        return stage1;
    }

    boolean stage2() {
        return stage2;
    }

    /** Address of the CD, the CD table or the table of L1CDs. */
    long contextTable() {
        return contextTable;
    }

    /** One of the {@code S1FMT_} values, reserved ones folded. */
    int contextFormat() {
        return contextFormat;
    }

    /** SubstreamID bits in use, 0 if there are no substreams. */
    int contextBits() {
        return contextBits;
    }

    /** One of the {@code S1DSS_} values. */
    int defaultSubstream() {
        return defaultSubstream;
    }

    /** The effective EATS. */
    int ats() {
        return ats;
    }

    boolean stallDisabled() {
        return stallDisabled;
    }

    boolean pasidInAutoResponse() {
        return pasidInAutoResponse;
    }

    int vmid() {
        return vmid;
    }

    /** The word with MTCFG, MemAttr, ALLOCCFG and SHCFG. */
    long attributeWord() {
        return word1;
    }

    /** Whose translations these are. */
    Regime regime() {
        return regime;
    }

    /** Stage 2; only for a legal entry that has it. */
    @Nullable SecondStage secondStage() {
        return secondStage;
    }

    /**
     * Which context a transaction uses (sections 5.2 S1CDMax and S1DSS, and 3.3.2).
     *
     * @param substream the SubstreamID, or a negative number
     * @return the index of the CD; or {@link #NO_STAGE_1}, {@link #BAD_SUBSTREAM} or {@link
     *     #DISABLED}
     */
    int contextIndex(int substream) {
        if (substream >= 0) {
            if (!stage1 || contextBits == 0 || substream >>> contextBits != 0) {
                return BAD_SUBSTREAM;
            }
            boolean reserved = substream == 0 && defaultSubstream == StreamTableEntry.S1DSS_SSID0;
            return reserved ? DISABLED : substream;
        }
        if (!stage1) {
            return NO_STAGE_1;
        }
        if (contextBits == 0) {
            return 0;
        }
        return switch (defaultSubstream) {
            case StreamTableEntry.S1DSS_BYPASS -> NO_STAGE_1;
            case StreamTableEntry.S1DSS_SSID0 -> 0;
            default -> DISABLED;
        };
    }

    /** Whether PRIVCFG or INSTCFG override what a transaction says. */
    boolean overrides() {
        return (privilege | instruction) != 0;
    }

    /** Applies PRIVCFG and INSTCFG (section 13.1.2). */
    void override(Translation request) {
        if (!overrides()) {
            return;
        }
        boolean privileged =
                switch (privilege) {
                    case StreamTableEntry.PRIVCFG_UNPRIVILEGED -> false;
                    case StreamTableEntry.PRIVCFG_PRIVILEGED -> true;
                    default -> request.privileged();
                };
        boolean fetch =
                switch (instruction) {
                    case StreamTableEntry.INSTCFG_DATA -> false;
                    case StreamTableEntry.INSTCFG_INSTRUCTION -> !request.write();
                    default -> request.execute();
                };
        request.override(privileged, fetch);
    }

    /** Whether stage 2 execute-never has two bits. */
    static boolean wideExecuteNever(SmmuProfile profile) {
        return Idr3.XNX.isSet(profile.idr3());
    }
}
