package org.opensva.smmuv3.model;

/**
 * Memory attributes as chapter 13 speaks of them: a type, and for each cacheable half whether it
 * allocates and how long; combined one property at a time, and encoded by trying what decodes to
 * the same.
 */
final class ReferenceAttributes {

    /** Device types, the strongest first; then Normal. */
    enum Type {
        NGNRNE,
        NGNRE,
        NGRE,
        GRE,
        NORMAL
    }

    /** Cacheability, the strongest first. */
    enum Cache {
        NC,
        WT,
        WB
    }

    /** One of the two halves of a Normal type. */
    record Half(Cache cache, boolean ra, boolean wa, boolean tr) {

        static Half combine(Half a, Half b) {
            Cache cache = Cache.values()[Math.min(a.cache.ordinal(), b.cache.ordinal())];
            return new Half(cache, a.ra && b.ra, a.wa && b.wa, a.tr || b.tr);
        }

        Half consistent() {
            if (cache == Cache.NC) {
                return new Half(Cache.NC, false, false, false);
            }
            return new Half(cache, ra, wa, tr && (ra || wa));
        }
    }

    static final Half DEFAULT = new Half(Cache.WB, true, true, false);
    private static final Half NONE = new Half(Cache.NC, false, false, false);

    private final Type type;
    private final Half outer;
    private final Half inner;
    private final int sh;

    ReferenceAttributes(Type type, Half outer, Half inner, int sh) {
        this.type = type;
        this.outer = outer;
        this.inner = inner;
        this.sh = sh;
    }

    static ReferenceAttributes incoming() {
        return new ReferenceAttributes(Type.NORMAL, DEFAULT, DEFAULT, 0);
    }

    static ReferenceAttributes mair(int attribute, int sh) {
        int high = attribute >> 4;
        int low = attribute & 15;
        if (high == 0) {
            return new ReferenceAttributes(Type.values()[low >> 2], NONE, NONE, sh);
        }
        Half reserved = new Half(Cache.WT, true, true, true);
        return new ReferenceAttributes(
                Type.NORMAL, half(high), low == 0 ? reserved : half(low), sh);
    }

    private static Half half(int encoded) {
        boolean ra = (encoded & 2) != 0;
        boolean wa = (encoded & 1) != 0;
        return switch (encoded >> 2) {
            case 0 -> new Half(Cache.WT, ra, wa, true);
            case 1 -> ra || wa ? new Half(Cache.WB, ra, wa, true) : NONE;
            case 2 -> new Half(Cache.WT, ra, wa, false);
            default -> new Half(Cache.WB, ra, wa, false);
        };
    }

    static ReferenceAttributes memAttr(int encoded, int sh) {
        if (encoded >> 2 == 0) {
            return new ReferenceAttributes(Type.values()[encoded & 3], NONE, NONE, sh);
        }
        if ((encoded & 3) == 0) {
            return new ReferenceAttributes(Type.NGNRNE, NONE, NONE, sh);
        }
        Cache outer = Cache.values()[(encoded >> 2) - 1];
        Cache inner = Cache.values()[(encoded & 3) - 1];
        return new ReferenceAttributes(
                Type.NORMAL,
                new Half(outer, true, true, false),
                new Half(inner, true, true, false),
                sh);
    }

    boolean device() {
        return type != Type.NORMAL;
    }

    /** What stage 1 says, with the hints of what came in. */
    ReferenceAttributes after(ReferenceAttributes in) {
        if (device() || in.device()) {
            return this;
        }
        return new ReferenceAttributes(type, hints(outer, in.outer), hints(inner, in.inner), sh);
    }

    private static Half hints(Half mine, Half in) {
        if (in.cache == Cache.NC) {
            return mine;
        }
        return new Half(mine.cache, mine.ra && in.ra, mine.wa && in.wa, mine.tr || in.tr);
    }

    ReferenceAttributes combine(ReferenceAttributes two) {
        Type stronger = Type.values()[Math.min(type.ordinal(), two.type.ordinal())];
        return new ReferenceAttributes(
                stronger,
                Half.combine(outer, two.outer),
                Half.combine(inner, two.inner),
                stronger(sh(), two.sh()));
    }

    ReferenceAttributes forced(int encoded, int otherSh) {
        int both = stronger(sh(), otherSh);
        if ((encoded & 4) == 0) {
            Type wanted = Type.values()[encoded & 3];
            Type stronger = Type.values()[Math.min(type.ordinal(), wanted.ordinal())];
            return new ReferenceAttributes(stronger, NONE, NONE, both);
        }
        if ((encoded & 3) == 3) {
            return new ReferenceAttributes(type, outer, inner, both);
        }
        if ((encoded & 3) == 2) {
            return new ReferenceAttributes(Type.NORMAL, back(outer), back(inner), both);
        }
        return device() ? this : new ReferenceAttributes(Type.NORMAL, NONE, NONE, both);
    }

    private Half back(Half half) {
        if (device() || half.cache == Cache.NC) {
            return DEFAULT;
        }
        return new Half(Cache.WB, half.ra, half.wa, half.tr);
    }

    /** What STE or SMMU_GBPA fields make of what comes in. */
    static ReferenceAttributes overridden(int memAttr, boolean mtcfg, int alloccfg, int shcfg) {
        ReferenceAttributes in = mtcfg ? memAttr(memAttr, 0) : incoming();
        int sh = shcfg == 1 ? in.sh : shcfg;
        Half outer = in.outer;
        Half inner = in.inner;
        if ((alloccfg & 8) != 0) {
            outer = allocated(outer, alloccfg);
            inner = allocated(inner, alloccfg);
        }
        return new ReferenceAttributes(in.type, outer, inner, sh);
    }

    private static Half allocated(Half half, int alloccfg) {
        boolean ra = (alloccfg & 4) != 0;
        boolean wa = (alloccfg & 2) != 0;
        return new Half(half.cache, ra, wa, (alloccfg & 1) != 0).consistent();
    }

    private static int stronger(int a, int b) {
        int[] strength = {0, 0, 2, 1};
        return strength[a] >= strength[b] ? a : b;
    }

    /** Shareability; Device and non-cacheable types are considered to be outer shareable. */
    int sh() {
        boolean always = device() || outer.cache == Cache.NC && inner.cache == Cache.NC;
        return always ? 2 : sh == 1 ? 0 : sh;
    }

    /** The output in the encoding of MAIR. */
    int encoded() {
        for (int attribute = 0; attribute < 256; attribute++) {
            ReferenceAttributes other = mair(attribute, sh);
            boolean canonical = attribute >> 4 != 0 ? (attribute & 15) != 0 : (attribute & 3) == 0;
            if (canonical
                    && other.type == type
                    && (device()
                            || other.outer.equals(outer.consistent())
                                    && other.inner.equals(inner.consistent()))) {
                return attribute;
            }
        }
        throw new AssertionError("no encoding for " + type + outer + inner);
    }
}
