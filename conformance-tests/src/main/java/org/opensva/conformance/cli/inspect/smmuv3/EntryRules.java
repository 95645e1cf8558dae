package org.opensva.conformance.cli.inspect.smmuv3;

import org.jspecify.annotations.Nullable;
import org.opensva.smmuv3.layout.AddressSize;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.ControlRegisters.Cr2;
import org.opensva.smmuv3.layout.Field;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.layout.StreamTableEntry;

/** What makes an STE or a CD illegal (sections 5.2.2 and 5.4.2), with the reason in words. */
final class EntryRules {

    private static final int NO_LEVEL = -2;

    private EntryRules() {}

    /** SubstreamID bits of an STE; S1CDMax is IGNORED without substreams. */
    static int contextBits(Snapshot state, long[] ste) {
        return state.substreamBits() == 0 ? 0 : StreamTableEntry.s1CdMax(ste[0]);
    }

    /** S1Fmt as it counts: one CD has no table, and the reserved value is a linear one. */
    static int contextFormat(Snapshot state, long[] ste) {
        int format = (int) StreamTableEntry.S1FMT.get(ste[0]);
        boolean twoLevel =
                format == StreamTableEntry.S1FMT_4K_L2 || format == StreamTableEntry.S1FMT_64K_L2;
        return contextBits(state, ste) > 0 && twoLevel ? format : StreamTableEntry.S1FMT_LINEAR;
    }

    /** The address of the CD or of its table, aligned to the size of what it points to. */
    static long contextTable(Snapshot state, long[] ste) {
        int bits = contextBits(state, ste);
        int size =
                switch (contextFormat(state, ste)) {
                    case StreamTableEntry.S1FMT_4K_L2 -> bits - ContextDescriptor.SPLIT_4K + 3;
                    case StreamTableEntry.S1FMT_64K_L2 -> bits - ContextDescriptor.SPLIT_64K + 3;
                    default -> bits + 6;
                };
        return StreamTableEntry.s1ContextPtr(ste[0]) & -1L << Math.max(6, size);
    }

    static boolean supported(Snapshot state, Granule granule) {
        long idr5 = state.get(Register.IDR5);
        return switch (granule) {
            case K4 -> Idr5.GRAN4K.isSet(idr5);
            case K16 -> Idr5.GRAN16K.isSet(idr5);
            case K64 -> Idr5.GRAN64K.isSet(idr5);
        };
    }

    private static boolean stallModel(Snapshot state) {
        return Idr0.STALL_MODEL.get(state.get(Register.IDR0)) == 0;
    }

    private static boolean claims3(Snapshot state, Field field) {
        return field.isSet(state.get(Register.IDR3));
    }

    /** STE.STRW, which counts for stage 1 alone and where there are EL2 regimes. */
    private static int world(Snapshot state, long[] ste) {
        boolean counts =
                state.claims(Idr0.S1P)
                        && state.claims(Idr0.HYP)
                        && StreamTableEntry.config(ste[0]) == StreamTableEntry.CONFIG_S1;
        return counts ? (int) StreamTableEntry.STRW.get(ste[1]) : StreamTableEntry.STRW_EL1;
    }

    /** Whether the regime is NS-EL2, with one table and one privilege level. */
    static boolean oneLevel(Snapshot state, long[] ste) {
        return world(state, ste) != StreamTableEntry.STRW_EL1
                && !Cr2.E2H.isSet(state.get(Register.CR2));
    }

    /** Whether 52-bit addresses are in force for 4 KB and 16 KB. */
    private static boolean wideSmall(Snapshot state, Granule granule, boolean ds) {
        return ds && granule != Granule.K64 && Idr5.DS.isSet(state.get(Register.IDR5));
    }

    private static boolean wide(Snapshot state, Granule granule, boolean ds) {
        return granule == Granule.K64 ? state.addressBits() >= 52 : wideSmall(state, granule, ds);
    }

    private static int mostSize(Snapshot state, Granule granule) {
        return !claims3(state, Idr3.STT) ? 39 : granule == Granule.K64 ? 47 : 48;
    }

    /** Whether a first table is where none of this granule can be. */
    private static boolean beyond(long table, Granule granule, boolean wideSmall, int outputBits) {
        boolean far = granule == Granule.K64 || wideSmall;
        return table >>> (far ? outputBits : Math.min(48, outputBits)) != 0;
    }

    /** Why an STE that passes traffic is illegal, or null. */
    static @Nullable String illegalStream(Snapshot state, long[] ste) {
        int config = StreamTableEntry.config(ste[0]);
        boolean stage1 = (config & StreamTableEntry.CONFIG_STAGE1_BIT) != 0;
        boolean stage2 = (config & StreamTableEntry.CONFIG_STAGE2_BIT) != 0;
        if (stage1 && !state.claims(Idr0.S1P)) {
            return "STE.Config asks for stage 1, which IDR0.S1P does not claim";
        }
        if (stage2 && !state.claims(Idr0.S2P)) {
            return "STE.Config asks for stage 2, which IDR0.S2P does not claim";
        }
        boolean stalls = StreamTableEntry.S2S.isSet(ste[2]);
        int eats = (int) StreamTableEntry.EATS.get(ste[1]);
        if (state.claims(Idr0.ATS) && (stage1 || stage2)) {
            boolean split = eats == StreamTableEntry.EATS_SPLIT;
            if (split && (!(stage1 && stage2) || stalls || state.claims(Idr0.NS1ATS))) {
                return "STE.EATS asks for split-stage ATS, which this entry or SMMU cannot have";
            }
            if (eats == StreamTableEntry.EATS_FULL && stage2 && stalls) {
                return "STE.EATS allows ATS and STE.S2S stalls";
            }
        }
        if ((world(state, ste) & 1) != 0) {
            return "STE.STRW is reserved";
        }
        if (stage1) {
            if (StreamTableEntry.S1STALLD.isSet(ste[1]) && !stallModel(state)) {
                return "STE.S1STALLD is set, but IDR0.STALL_MODEL is not 0";
            }
            if (contextBits(state, ste) > state.substreamBits()) {
                return "STE.S1CDMax is greater than IDR1.SSIDSIZE";
            }
            if (contextFormat(state, ste) != StreamTableEntry.S1FMT_LINEAR
                    && !state.claims(Idr0.CD2L)) {
                return "STE.S1Fmt has two levels, which IDR0.CD2L does not claim";
            }
            if (contextTable(state, ste) >>> state.addressBits() != 0) {
                return "STE.S1ContextPtr is beyond the output address size";
            }
        }
        String reason = stage2 ? illegalStage2(state, ste, stalls) : null;
        if (reason == null
                && state.claims(Idr0.S2P)
                && (stage1 || stage2)
                && world(state, ste) == StreamTableEntry.STRW_EL1
                && !state.claims(Idr0.VMID16)
                && StreamTableEntry.s2Vmid(ste[2]) > 0xff) {
            return "STE.S2VMID has more than 8 bits, and IDR0.VMID16 is 0";
        }
        return reason;
    }

    private static @Nullable String illegalStage2(Snapshot state, long[] ste, boolean stalls) {
        if (stage2(state, ste) == null) {
            return "STE.S2TG, S2T0SZ, S2SL0, S2PS and S2TTB describe no table that there can be";
        }
        if (!StreamTableEntry.S2AA64.isSet(ste[2])) {
            return "STE.S2AA64 is 0";
        }
        if (StreamTableEntry.S2ENDI.isSet(ste[2])) {
            return "STE.S2ENDI asks for big-endian tables";
        }
        if (stalls && !stallModel(state)) {
            return "STE.S2S is set, but IDR0.STALL_MODEL is not 0";
        }
        return updates(
                state,
                "STE.S2H",
                StreamTableEntry.S2HA.isSet(ste[2]),
                StreamTableEntry.S2HD.isSet(ste[2]));
    }

    private static @Nullable String updates(
            Snapshot state, String prefix, boolean accessFlag, boolean dirty) {
        long claimed = Idr0.HTTU.get(state.get(Register.IDR0));
        if (dirty && claimed < 2) {
            return prefix + "D is set, which IDR0.HTTU does not claim";
        }
        return accessFlag && claimed == 0
                ? prefix + "A is set, which IDR0.HTTU does not claim"
                : null;
    }

    /** The stage 2 table of an STE, or null if there can be none such. */
    static @Nullable Regime stage2(Snapshot state, long[] ste) {
        Granule granule = Granule.ofTg0((int) StreamTableEntry.S2TG.get(ste[2]));
        if (granule == null || !supported(state, granule)) {
            return null;
        }
        int size = (int) StreamTableEntry.S2T0SZ.get(ste[2]);
        int inputBits = 64 - size;
        int encoded = (int) StreamTableEntry.S2SL0.get(ste[2]);
        boolean ds = StreamTableEntry.S2DS.isSet(ste[3]);
        boolean wideSmall = wideSmall(state, granule, ds);
        boolean above = wideSmall && StreamTableEntry.S2SL0_2.isSet(ste[3]);
        int level = firstLevel2(state, granule, encoded, above, wideSmall);
        int most = granule == Granule.K64 || wideSmall ? 52 : 48;
        if (size > mostSize(state, granule)
                || inputBits > Math.min(state.addressBits(), most)
                || level == NO_LEVEL) {
            return null;
        }
        // Up to sixteen tables stand side by side at the first level.
        int entries = inputBits - granule.levelShift(level);
        if (entries < 1 || entries > granule.bitsPerLevel() + 4) {
            return null;
        }
        int outputBits =
                Math.min(
                        state.addressBits(),
                        AddressSize.bits((int) StreamTableEntry.S2PS.get(ste[2])));
        long table = StreamTableEntry.s2Ttb(ste[3]);
        return beyond(table, granule, wideSmall, outputBits)
                ? null
                : new Regime(
                        Regime.aligned(table, granule, inputBits, level, outputBits),
                        granule,
                        inputBits,
                        level,
                        outputBits,
                        wide(state, granule, ds));
    }

    /** Where STE.S2SL0 says that stage 2 begins, which small address sizes restrict. */
    private static int firstLevel2(
            Snapshot state, Granule granule, int encoded, boolean above, boolean wideSmall) {
        int bits = state.addressBits();
        if (above && granule == Granule.K4) {
            return encoded == 0 ? -1 : NO_LEVEL;
        }
        if (encoded == 3) {
            boolean level3 = granule == Granule.K4 && claims3(state, Idr3.STT);
            boolean level0 = granule == Granule.K16 && wideSmall;
            return level3 ? 3 : level0 ? 0 : NO_LEVEL;
        }
        if (encoded == 2 && bits < (granule == Granule.K16 ? 42 : 44)) {
            return NO_LEVEL;
        }
        return (granule == Granule.K4 ? 2 : 3) - encoded;
    }

    /** Why a CD is illegal, or null. */
    static @Nullable String illegalContext(Snapshot state, long[] ste, long[] cd) {
        long word = cd[0];
        if (!ContextDescriptor.valid(word)) {
            return "CD.V is 0";
        }
        boolean stalls = ContextDescriptor.S.isSet(word);
        if (stalls && StreamTableEntry.S1STALLD.isSet(ste[1])) {
            return "CD.S is set, which STE.S1STALLD forbids";
        }
        if (stalls && !stallModel(state)) {
            return "CD.S is set, but IDR0.STALL_MODEL is not 0";
        }
        if (state.claims(Idr0.TERM_MODEL) && !ContextDescriptor.A.isSet(word)) {
            return "CD.A is 0, but IDR0.TERM_MODEL is 1";
        }
        boolean single = oneLevel(state, ste);
        boolean lower = single || !ContextDescriptor.EPD0.isSet(word);
        boolean upper = !single && !ContextDescriptor.EPD1.isSet(word);
        if ((lower || upper) && ContextDescriptor.ENDI.isSet(word)) {
            return "CD.ENDI asks for big-endian tables";
        }
        if (!ContextDescriptor.AA64.isSet(word)) {
            return "CD.AA64 is 0";
        }
        if (lower && stage1(state, cd, false) == null) {
            return "CD.TG0, T0SZ, IPS and TTB0 describe no table that there can be";
        }
        if (upper && stage1(state, cd, true) == null) {
            return "CD.TG1, T1SZ, IPS and TTB1 describe no table that there can be";
        }
        if (!single && !state.claims(Idr0.ASID16) && ContextDescriptor.asid(word) > 0xff) {
            return "CD.ASID has more than 8 bits, and IDR0.ASID16 is 0";
        }
        return updates(
                state, "CD.H", ContextDescriptor.HA.isSet(word), ContextDescriptor.HD.isSet(word));
    }

    /** The table of a CD for the lower or upper addresses, or null if there can be none such. */
    static @Nullable Regime stage1(Snapshot state, long[] cd, boolean upper) {
        Granule granule =
                upper
                        ? Granule.ofTg1((int) ContextDescriptor.TG1.get(cd[0]))
                        : Granule.ofTg0((int) ContextDescriptor.TG0.get(cd[0]));
        int size = (int) (upper ? ContextDescriptor.T1SZ : ContextDescriptor.T0SZ).get(cd[0]);
        if (granule == null || !supported(state, granule)) {
            return null;
        }
        boolean ds = ContextDescriptor.DS.isSet(cd[2]);
        boolean wideSmall = wideSmall(state, granule, ds);
        boolean large =
                Idr5.VAX.isSet(state.get(Register.IDR5)) && (granule == Granule.K64 || wideSmall);
        if (size < (large ? 12 : 16) || size > mostSize(state, granule)) {
            return null;
        }
        int outputBits =
                Math.min(
                        state.addressBits(),
                        AddressSize.bits((int) ContextDescriptor.IPS.get(cd[0])));
        long table = ContextDescriptor.ttb(cd[upper ? 2 : 1]);
        if (beyond(table, granule, wideSmall, outputBits)) {
            return null;
        }
        int inputBits = 64 - size;
        int level = Regime.stage1Start(granule, inputBits);
        return new Regime(
                Regime.aligned(table, granule, inputBits, level, outputBits),
                granule,
                inputBits,
                level,
                outputBits,
                wide(state, granule, ds));
    }
}
