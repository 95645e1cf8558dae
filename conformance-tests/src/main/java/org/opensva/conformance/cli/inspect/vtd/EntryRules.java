package org.opensva.conformance.cli.inspect.vtd;

import org.jspecify.annotations.Nullable;
import org.opensva.vtd.layout.AddressWidth;
import org.opensva.vtd.layout.CapabilityRegisters.Cap;
import org.opensva.vtd.layout.CapabilityRegisters.Ecap;
import org.opensva.vtd.layout.ContextEntry;
import org.opensva.vtd.layout.Field;
import org.opensva.vtd.layout.PasidTableEntry;
import org.opensva.vtd.layout.ScalableContextEntry;

/** What is wrong with an entry that is present (sections 9.1 to 9.6), in words. */
final class EntryRules {

    private static final int TABLE_BITS = 12;

    private final Snapshot state;

    EntryRules(Snapshot state) {
        this.state = state;
    }

    /** What of a word is set that must be 0. */
    private static @Nullable String reserved(String entry, int word, long value, long mask) {
        long set = value & mask;
        return set == 0
                ? null
                : "%s, word %d: reserved bits %s are set".formatted(entry, word, Decoding.hex(set));
    }

    private static @Nullable String first(@Nullable String... reasons) {
        for (String reason : reasons) {
            if (reason != null) {
                return reason;
            }
        }
        return null;
    }

    /** A field that is reserved because something is not claimed. */
    private static long unless(boolean claimed, Field... fields) {
        long mask = 0;
        for (Field field : fields) {
            mask |= claimed ? 0 : field.mask();
        }
        return mask;
    }

    private boolean claims(Field ecap) {
        return state.claims(ecap);
    }

    /** A table pointer with a present bit: the root entries and the PASID directory entry. */
    @Nullable String pointer(String entry, long value, int flags) {
        long low = -1L << flags & (1L << TABLE_BITS) - 1;
        return reserved(entry, 0, value, low | state.beyond());
    }

    @Nullable String context(long[] entry) {
        boolean passThrough =
                ContextEntry.translationType(entry[0]) == ContextEntry.TT_PASS_THROUGH;
        long low = 0xff0 | (passThrough ? 0 : state.beyond());
        return first(
                reserved("context entry", 0, entry[0], low),
                reserved("context entry", 1, entry[1], 0xffff_ffff_ff00_0080L));
    }

    /** Why a legacy context entry is invalid although nothing reserved is set. */
    @Nullable String invalidContext(long[] entry) {
        int type = ContextEntry.translationType(entry[0]);
        return switch (type) {
            case ContextEntry.TT_ALL ->
                    claims(Ecap.DT)
                            ? width(ContextEntry.addressWidth(entry[1]))
                            : "TT asks for" + " device-TLBs, which ECAP.DT does not claim";
            case ContextEntry.TT_PASS_THROUGH ->
                    claims(Ecap.PT)
                            ? width(ContextEntry.addressWidth(entry[1]))
                            : "TT asks for" + " pass-through, which ECAP.PT does not claim";
            case ContextEntry.TT_RESERVED -> "TT is 3, which is reserved";
            default -> width(ContextEntry.addressWidth(entry[1]));
        };
    }

    private @Nullable String width(int aw) {
        return AddressWidth.supported(aw, state.cap())
                ? null
                : "AW is %d, which CAP.SAGAW does not claim".formatted(aw);
    }

    @Nullable String scalableContext(long[] entry) {
        String name = "context entry";
        long low =
                0x1e0
                        | state.beyond()
                        | unless(claims(Ecap.DT), ScalableContextEntry.DTE)
                        | unless(claims(Ecap.PASID), ScalableContextEntry.PASIDE)
                        | unless(claims(Ecap.PRS), ScalableContextEntry.PRE);
        long high =
                -1L << 21
                        | unless(claims(Ecap.RPS), ScalableContextEntry.RID_PASID)
                        | unless(claims(Ecap.RPRIVS), ScalableContextEntry.RID_PRIV);
        return first(
                reserved(name, 0, entry[0], low),
                reserved(name, 1, entry[1], high),
                reserved(name, 2, entry[2], -1L),
                reserved(name, 3, entry[3], -1L));
    }

    @Nullable String pasidEntry(long[] entry) {
        String name = "PASID table entry";
        // The pointer of a stage that is not used is ignored.
        int type = PasidTableEntry.translationType(entry[0]);
        boolean second = claims(Ecap.SSTS);
        boolean firstStage = claims(Ecap.FSTS);
        long w0 =
                0xc20
                        | (usesSecondStage(type) ? state.beyond() : 0)
                        | unless(claims(Ecap.SSADS), PasidTableEntry.SSADE)
                        | unless(second, PasidTableEntry.SSPTPTR);
        long w1 =
                0xf87f_0000L
                        | unless(claims(Ecap.SMPWCS), PasidTableEntry.PWSNP)
                        | unless(claims(Ecap.SC), PasidTableEntry.PGSNP)
                        | unless(
                                claims(Ecap.MTS),
                                PasidTableEntry.CD,
                                PasidTableEntry.EMTE,
                                PasidTableEntry.PAT);
        long w2 =
                0xf00
                        | (usesFirstStage(type) ? state.beyond() : 0)
                        | unless(claims(Ecap.ERS), PasidTableEntry.ERE)
                        | unless(claims(Ecap.SRS), PasidTableEntry.SRE)
                        | unless(claims(Ecap.EAFS), PasidTableEntry.EAFE)
                        | unless(
                                firstStage,
                                PasidTableEntry.FSPM,
                                PasidTableEntry.WPE,
                                PasidTableEntry.FSPTPTR);
        String reason =
                first(
                        reserved(name, 0, entry[0], w0),
                        reserved(name, 1, entry[1], w1),
                        reserved(name, 2, entry[2], w2));
        for (int word = 3; reason == null && word < PasidTableEntry.WORDS; word++) {
            reason = reserved(name, word, entry[word], -1L);
        }
        return reason;
    }

    /** Why a PASID table entry is invalid although nothing reserved is set. */
    @Nullable String invalidPasidEntry(long[] entry) {
        int type = PasidTableEntry.translationType(entry[0]);
        boolean first = usesFirstStage(type);
        boolean second = usesSecondStage(type);
        if (type == PasidTableEntry.PGTT_PASS_THROUGH) {
            return claims(Ecap.PT)
                    ? null
                    : "PGTT asks for pass-through, which ECAP.PT does not" + " claim";
        }
        if (!first && !second) {
            return "PGTT is %d, which is reserved".formatted(type);
        }
        if (first && !claims(Ecap.FSTS)) {
            return "PGTT asks for the first stage, which ECAP.FSTS does not claim";
        }
        if (second && !claims(Ecap.SSTS)) {
            return "PGTT asks for the second stage, which ECAP.SSTS does not claim";
        }
        if (first && second && !claims(Ecap.NEST)) {
            return "PGTT asks for nesting, which ECAP.NEST does not claim";
        }
        String width = second ? width(PasidTableEntry.addressWidth(entry[0])) : null;
        return width == null && first ? mode(PasidTableEntry.firstStageMode(entry[2])) : width;
    }

    private @Nullable String mode(int fspm) {
        return switch (fspm) {
            case PasidTableEntry.FSPM_4_LEVEL -> null;
            case PasidTableEntry.FSPM_5_LEVEL ->
                    Cap.FS5LP.isSet(state.cap())
                            ? null
                            : "FSPM asks for 5 levels, which CAP.FS5LP does not claim";
            default -> "FSPM is %d, which is reserved".formatted(fspm);
        };
    }

    static boolean usesFirstStage(int type) {
        return type == PasidTableEntry.PGTT_FIRST_STAGE || type == PasidTableEntry.PGTT_NESTED;
    }

    static boolean usesSecondStage(int type) {
        return type == PasidTableEntry.PGTT_SECOND_STAGE || type == PasidTableEntry.PGTT_NESTED;
    }

    /** What PGTT asks for, in words. */
    static String kind(int type) {
        return switch (type) {
            case PasidTableEntry.PGTT_FIRST_STAGE -> "first stage";
            case PasidTableEntry.PGTT_SECOND_STAGE -> "second stage";
            case PasidTableEntry.PGTT_NESTED -> "first stage through second stage";
            case PasidTableEntry.PGTT_PASS_THROUGH -> "pass-through";
            default -> "reserved translation type";
        };
    }

    /** What TT asks for, in words. */
    static String legacyKind(int type) {
        return switch (type) {
            case ContextEntry.TT_UNTRANSLATED -> "second stage";
            case ContextEntry.TT_ALL -> "second stage, device-TLB allowed";
            case ContextEntry.TT_PASS_THROUGH -> "pass-through";
            default -> "reserved translation type";
        };
    }
}
