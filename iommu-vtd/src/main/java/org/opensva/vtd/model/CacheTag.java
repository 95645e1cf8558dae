package org.opensva.vtd.model;

/**
 * Whose translation it is, packed into a {@code long} (section 6.2): domain and PASID for first
 * stage and nested translation, the domain alone for second stage.
 *
 * <p>Bits: 15:0 domain, 35:16 PASID, 36 first stage, 37 no domain.
 */
final class CacheTag {

    /** The tag of what does not say its domain: context entries of scalable mode. */
    static final long NONE = 1L << 37;

    private static final int PASID_SHIFT = 16;
    private static final long FIRST_STAGE = 1L << 36;

    private CacheTag() {}

    static long ofFirstStage(int domain, int pasid) {
        return FIRST_STAGE | (long) pasid << PASID_SHIFT | domain;
    }

    static long ofSecondStage(int domain) {
        return domain;
    }

    static boolean isFirstStage(long tag) {
        return (tag & FIRST_STAGE) != 0;
    }

    static int domain(long tag) {
        return (int) tag & 0xffff;
    }

    static int pasid(long tag) {
        return (int) (tag >>> PASID_SHIFT) & 0xfffff;
    }
}
