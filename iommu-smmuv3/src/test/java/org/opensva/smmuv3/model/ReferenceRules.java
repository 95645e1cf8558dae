package org.opensva.smmuv3.model;

/**
 * SteIllegal() and CdIllegal() of sections 5.2.2 and 5.4.2 for a Non-secure SMMU with VMSAv8-64
 * tables, written down from the specification alone: bits of a structure by the numbers that its
 * field descriptions give them, no layouts.
 */
final class ReferenceRules {

    static final int EL1 = 1;
    static final int EL2 = 2;
    static final int EL2_HOST = 3;

    /** What an SMMU claims, as far as these rules ask. */
    record Claims(long idr0, long idr1, long idr3, long idr5, boolean e2h) {

        private static boolean bit(long register, int at) {
            return (register >>> at & 1) == 1;
        }

        boolean s2p() {
            return bit(idr0, 0);
        }

        boolean s1p() {
            return bit(idr0, 1);
        }

        int httu() {
            return (int) (idr0 >>> 6 & 3);
        }

        boolean hyp() {
            return bit(idr0, 9);
        }

        int oas() {
            return size((int) (idr5 & 7));
        }

        boolean ds() {
            return bit(idr5, 7);
        }

        boolean stt() {
            return bit(idr3, 9);
        }

        int ssidsize() {
            return (int) (idr1 >>> 6 & 31);
        }

        boolean xnx() {
            return bit(idr3, 4);
        }

        boolean fwb() {
            return bit(idr3, 8);
        }

        boolean had() {
            return bit(idr3, 2);
        }

        boolean e0pd() {
            return bit(idr3, 13);
        }

        boolean epan() {
            return bit(idr3, 17);
        }

        boolean overridesPermissions() {
            return bit(idr1, 26);
        }

        boolean overridesTypes() {
            return bit(idr1, 27);
        }

        boolean hasGranule(int pageBits) {
            return bit(idr5, pageBits == 12 ? 4 : pageBits == 14 ? 5 : 6);
        }
    }

    private ReferenceRules() {}

    /** Bits of a structure, numbered as in the specification. */
    static long field(long[] words, int high, int low) {
        long result = 0;
        for (int i = high; i >= low; i--) {
            result = result << 1 | words[i / 64] >>> i % 64 & 1;
        }
        return result;
    }

    static boolean bit(long[] words, int at) {
        return field(words, at, at) == 1;
    }

    static int size(int encoded) {
        return new int[] {32, 36, 40, 42, 44, 48, 52, 52}[encoded];
    }

    /** log2 of the page size, or 0 for a reserved encoding. */
    static int pageBitsOfTg0(long encoded) {
        return new int[] {12, 16, 14, 0}[(int) encoded];
    }

    static int pageBitsOfTg1(long encoded) {
        return new int[] {0, 14, 12, 16}[(int) encoded];
    }

    static int world(long[] ste, Claims claims) {
        boolean ignored =
                !claims.s1p()
                        || !claims.hyp()
                        || field(ste, 3, 2) == 0b11
                        || field(ste, 3, 1) == 0b100;
        if (ignored || field(ste, 95, 94) == 0) {
            return EL1;
        }
        return claims.e2h() ? EL2_HOST : EL2;
    }

    static boolean steIllegal(long[] ste, Claims claims) {
        if (!bit(ste, 0)) {
            return true;
        }
        if (!bit(ste, 3)) {
            return false;
        }
        boolean one = bit(ste, 1);
        boolean two = bit(ste, 2);
        boolean stalls = (claims.idr0() >>> 24 & 3) == 0;
        if (one && !claims.s1p() || two && !claims.s2p()) {
            return true;
        }
        boolean s2s = bit(ste, 185);
        if ((claims.idr0() >>> 10 & 1) == 1 && (one || two)) {
            long eats = field(ste, 93, 92);
            if (eats == 2 && (!one || !two || s2s || (claims.idr0() >>> 11 & 1) == 1)) {
                return true;
            }
            if (eats == 1 && s2s && two) {
                return true;
            }
        }
        boolean strwUnused = !claims.s1p() || !claims.hyp() || two || !one;
        if (!strwUnused && bit(ste, 94)) {
            return true;
        }
        if (one) {
            if (bit(ste, 91) && !stalls) {
                return true;
            }
            long max = field(ste, 63, 59);
            if (claims.ssidsize() != 0 && max > claims.ssidsize()) {
                return true;
            }
            long format = field(ste, 5, 4);
            boolean flat = (claims.idr0() >>> 19 & 1) == 0;
            if (claims.ssidsize() != 0 && max != 0 && flat && (format == 1 || format == 2)) {
                return true;
            }
            if (field(ste, 55, 6) << 6 >>> claims.oas() != 0) {
                return true;
            }
        }
        if (two && secondStageIllegal(ste, claims, stalls, s2s)) {
            return true;
        }
        boolean vmidIgnored =
                !claims.s2p() || !one && !two || !strwUnused && field(ste, 95, 94) != 0;
        return !vmidIgnored && (claims.idr0() >>> 18 & 1) == 0 && field(ste, 143, 136) != 0;
    }

    private static boolean secondStageIllegal(
            long[] ste, Claims claims, boolean stalls, boolean s2s) {
        if (s2s && !stalls || !bit(ste, 179) || bit(ste, 180)) {
            return true;
        }
        boolean ha = bit(ste, 184);
        boolean hd = bit(ste, 183);
        if ((ha || hd) && claims.httu() == 0 || hd && claims.httu() == 1) {
            return true;
        }
        int pageBits = pageBitsOfTg0(field(ste, 175, 174));
        if (pageBits == 0 || !claims.hasGranule(pageBits)) {
            return true;
        }
        boolean ds = claims.ds() && bit(ste, 195) && pageBits != 16;
        int output = Math.min(claims.oas(), size((int) field(ste, 178, 176)));
        long table = field(ste, 247, 196) << 4;
        if (table >>> output != 0 || pageBits != 16 && !ds && table >>> 48 != 0) {
            return true;
        }
        int t0sz = (int) field(ste, 165, 160);
        int greatest = !claims.stt() ? 39 : pageBits == 16 ? 47 : 48;
        int least = Math.max(pageBits == 16 || ds ? 12 : 16, 64 - claims.oas());
        if (t0sz < least || t0sz > greatest) {
            return true;
        }
        int level = startLevel(ste, claims);
        if (level == 9) {
            return true;
        }
        int stride = pageBits - 3;
        int smallest = (3 - level) * stride + pageBits + 1;
        int largest = smallest + (stride - 1) + 4;
        return 64 - t0sz < smallest || 64 - t0sz > largest;
    }

    /** Start level of stage 2, or 9 if there is none (AArch64.S2InvalidSL, S2StartLevel). */
    static int startLevel(long[] ste, Claims claims) {
        int pageBits = pageBitsOfTg0(field(ste, 175, 174));
        boolean ds = claims.ds() && bit(ste, 195) && pageBits != 16;
        int sl0 = (int) field(ste, 167, 166);
        boolean sl2 = bit(ste, 194) && ds && pageBits == 12;
        String encoded = pageBits + ":" + (sl2 ? 1 : 0) + sl0;
        return switch (encoded) {
            case "12:00" -> 2;
            case "12:01" -> 1;
            case "12:02" -> claims.oas() < 44 ? 9 : 0;
            case "12:03" -> claims.stt() ? 3 : 9;
            case "12:10" -> -1;
            case "14:00", "16:00" -> 3;
            case "14:01", "16:01" -> 2;
            case "14:02" -> claims.oas() < 42 ? 9 : 1;
            case "16:02" -> claims.oas() < 44 ? 9 : 1;
            case "14:03" -> ds ? 0 : 9;
            default -> 9;
        };
    }

    static boolean cdIllegal(long[] ste, long[] cd, Claims claims) {
        int world = world(ste, claims);
        boolean none0 = world != EL2 && bit(cd, 14);
        boolean none1 = world == EL2 || bit(cd, 30);
        boolean stalls = (claims.idr0() >>> 24 & 3) == 0;
        if (!bit(cd, 31)) {
            return true;
        }
        if (bit(cd, 44) && (bit(ste, 91) || !stalls)) {
            return true;
        }
        if ((claims.idr0() >>> 26 & 1) == 1 && !bit(cd, 46)) {
            return true;
        }
        if ((!none0 || !none1) && bit(cd, 15) || !bit(cd, 41)) {
            return true;
        }
        boolean ha = bit(cd, 43);
        boolean hd = bit(cd, 42);
        if ((ha || hd) && claims.httu() == 0 || hd && claims.httu() == 1) {
            return true;
        }
        if (world != EL2 && (claims.idr0() >>> 12 & 1) == 0 && field(cd, 63, 56) != 0) {
            return true;
        }
        int ips = Math.min(claims.oas(), size((int) field(cd, 34, 32)));
        boolean ds = claims.ds() && bit(cd, 186);
        long tg0 = pageBitsOfTg0(field(cd, 7, 6));
        long tg1 = pageBitsOfTg1(field(cd, 23, 22));
        return !none0
                        && tableIllegal(
                                claims, (int) tg0, field(cd, 5, 0), field(cd, 119, 68), ds, ips)
                || !none1
                        && tableIllegal(
                                claims, (int) tg1, field(cd, 21, 16), field(cd, 183, 132), ds, ips);
    }

    private static boolean tableIllegal(
            Claims claims, int pageBits, long txsz, long base, boolean ds, int ips) {
        if (pageBits == 0 || !claims.hasGranule(pageBits)) {
            return true;
        }
        boolean wide = pageBits == 16 || ds;
        int greatest = !claims.stt() ? 39 : pageBits == 16 ? 47 : 48;
        int least = (claims.idr5() >>> 10 & 3) != 0 && wide ? 12 : 16;
        long address = base << 4;
        return txsz < least
                || txsz > greatest
                || address >>> ips != 0
                || !wide && address >>> 48 != 0;
    }
}
