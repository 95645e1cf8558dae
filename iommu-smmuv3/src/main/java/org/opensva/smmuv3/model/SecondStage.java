package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;
import org.opensva.smmuv3.layout.AddressSize;
import org.opensva.smmuv3.layout.Granule;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;
import org.opensva.smmuv3.layout.StreamTableEntry;

/**
 * What a stream table entry says about stage 2 (the S2 fields of section 5.2).
 *
 * @param tables shape of the stage 2 tables
 * @param word1 word 1 of the entry, without fields that are not claimed
 * @param word2 word 2 of the entry
 */
record SecondStage(StageConfig tables, long word1, long word2) {

    /**
     * Understands the stage 2 fields.
     *
     * @return null if they make the entry ILLEGAL
     */
    static @Nullable SecondStage of(long[] words, SmmuProfile profile) {
        StageConfig tables = tables(words, profile);
        if (tables == null || illegal(words[2], profile)) {
            return null;
        }
        long claimed = Idr3.FWB.isSet(profile.idr3()) ? StreamTableEntry.S2FWB.mask() : 0;
        return new SecondStage(tables, words[1] & claimed, words[2]);
    }

    private static @Nullable StageConfig tables(long[] words, SmmuProfile profile) {
        Granule granule = Granule.ofTg0((int) StreamTableEntry.S2TG.get(words[2]));
        if (granule == null || !StageConfig.supported(granule, profile)) {
            return null;
        }
        boolean ds = StreamTableEntry.S2DS.isSet(words[3]);
        boolean wideSmall = StageConfig.wideSmall(granule, ds, profile);
        int size = (int) StreamTableEntry.S2T0SZ.get(words[2]);
        int inputBits = 64 - size;
        int most = granule == Granule.K64 || wideSmall ? 52 : 48;
        if (size > StageConfig.largestSize(granule, profile)
                || inputBits > Math.min(profile.addressBits(), most)) {
            return null;
        }
        int encoded = (int) StreamTableEntry.S2SL0.get(words[2]);
        boolean above = wideSmall && StreamTableEntry.S2SL0_2.isSet(words[3]);
        int level = startLevel(granule, encoded, above, wideSmall, profile);
        if (level == NO_LEVEL) {
            return null;
        }
        int indexBits = inputBits - granule.levelShift(level);
        // Up to sixteen concatenated tables resolve four more bits in the first lookup.
        if (indexBits < 1 || indexBits > granule.bitsPerLevel() + 4) {
            return null;
        }
        int outputBits =
                Math.min(
                        AddressSize.bits((int) StreamTableEntry.S2PS.get(words[2])),
                        profile.addressBits());
        long table = StreamTableEntry.s2Ttb(words[3]);
        if (StageConfig.outOfRange(table, granule, wideSmall, outputBits)) {
            return null;
        }
        return new StageConfig()
                .describe(
                        table,
                        granule,
                        inputBits,
                        level,
                        outputBits,
                        StageConfig.wide(granule, ds, profile),
                        wideSmall ? (int) StreamTableEntry.S2SH0.get(words[2]) : -1);
    }

    private static final int NO_LEVEL = -2;

    /** The first level, which must suit the SMMU's address size too (VMSAv8-64, S2InvalidSL). */
    private static int startLevel(
            Granule granule, int encoded, boolean above, boolean wideSmall, SmmuProfile profile) {
        int bits = profile.addressBits();
        return switch (granule) {
            case K4 -> {
                if (above) {
                    yield encoded == 0 ? -1 : NO_LEVEL;
                }
                if (encoded == 3) {
                    yield Idr3.STT.isSet(profile.idr3()) ? 3 : NO_LEVEL;
                }
                yield encoded == 2 && bits < 44 ? NO_LEVEL : 2 - encoded;
            }
            case K16 -> {
                if (encoded == 3) {
                    yield wideSmall ? 0 : NO_LEVEL;
                }
                yield encoded == 2 && bits < 42 ? NO_LEVEL : 3 - encoded;
            }
            case K64 -> encoded == 3 || encoded == 2 && bits < 44 ? NO_LEVEL : 3 - encoded;
        };
    }

    private static boolean illegal(long word2, SmmuProfile profile) {
        if (!StreamTableEntry.S2AA64.isSet(word2) || StreamTableEntry.S2ENDI.isSet(word2)) {
            return true;
        }
        if (StreamTableEntry.S2S.isSet(word2) && !profile.stallModel()) {
            return true;
        }
        long updates = Idr0.HTTU.get(profile.idr0());
        boolean accessFlag = StreamTableEntry.S2HA.isSet(word2);
        boolean dirty = StreamTableEntry.S2HD.isSet(word2);
        return (accessFlag || dirty) && updates == 0 || dirty && updates == 1;
    }

    boolean records() {
        return StreamTableEntry.S2R.isSet(word2);
    }

    boolean stalls() {
        return StreamTableEntry.S2S.isSet(word2);
    }

    boolean accessFlagFaultsDisabled() {
        return StreamTableEntry.S2AFFD.isSet(word2);
    }

    boolean updatesAccessFlag() {
        return StreamTableEntry.S2HA.isSet(word2);
    }

    /** Whether hardware updates the dirty state, which it only does with the Access flag. */
    boolean updatesDirtyState() {
        return StreamTableEntry.S2HD.isSet(word2) && updatesAccessFlag();
    }

    /** Whether stage 1 tables and CDs in Device memory are permission faults. */
    boolean protectsTables() {
        return StreamTableEntry.S2PTW.isSet(word2);
    }

    /** Whether descriptors replace the memory type of stage 1. */
    boolean forcesAttributes() {
        return StreamTableEntry.S2FWB.isSet(word1);
    }
}
