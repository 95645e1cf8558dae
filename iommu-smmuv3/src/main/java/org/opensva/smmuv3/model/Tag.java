package org.opensva.smmuv3.model;

/**
 * Whose translation it is: regime, ASID set, ASID, VMID and whether it is global, packed into a
 * {@code long} (section 3.17).
 *
 * <p>A global entry has no ASID and matches every address space of its regime, of its VMID and of
 * its ASID set (CD.ASET). Entries that belong to an ASID carry the set as well, because broadcast
 * invalidation by ASID or address does not reach those that are not shared with processors; a
 * look-up with the same ASID and the other set misses, which is always allowed.
 */
final class Tag {

    private static final long GLOBAL = 1L << 16;
    private static final long PRIVATE_SET = 1L << 17;
    private static final int REGIME_SHIFT = 18;
    private static final int VMID_SHIFT = 32;

    /** The bits that two tags of one regime and machine have in common. */
    static final long MACHINE = ~(GLOBAL | PRIVATE_SET | 0xffffL);

    /** How many kinds of tags there are: global or not, either set, three regimes. */
    static final int KINDS = 16;

    private Tag() {}

    /** Tag of the entries of an address space. */
    static long ofSpace(Regime regime, boolean privateSet, int asid, int vmid) {
        return ofMachine(regime, vmid)
                | (privateSet ? PRIVATE_SET : 0)
                | (regime == Regime.EL2 ? 0 : asid & 0xffffL);
    }

    /** Tag of global entries. Where there are no ASIDs there is nothing to be global beyond. */
    static long ofGlobal(Regime regime, boolean privateSet, int vmid) {
        return ofMachine(regime, vmid)
                | (privateSet ? PRIVATE_SET : 0)
                | (regime == Regime.EL2 ? 0 : GLOBAL);
    }

    /** Tag of the global entries that a space with this tag sees. */
    static long globalOf(long tag) {
        return tag & (MACHINE | PRIVATE_SET) | (regime(tag) == Regime.EL2.ordinal() ? 0 : GLOBAL);
    }

    /** Tag of stage 2 entries. */
    static long ofMachine(int vmid) {
        return ofMachine(Regime.EL1, vmid);
    }

    private static long ofMachine(Regime regime, int vmid) {
        // Hypervisors have no VMID.
        return (long) regime.ordinal() << REGIME_SHIFT
                | (regime == Regime.EL1 ? (vmid & 0xffffL) << VMID_SHIFT : 0);
    }

    static boolean isGlobal(long tag) {
        return (tag & GLOBAL) != 0;
    }

    static boolean isPrivate(long tag) {
        return (tag & PRIVATE_SET) != 0;
    }

    /** Which kind of tag, below {@link #KINDS}. */
    static int kind(long tag) {
        return (int) (tag >>> 16) & KINDS - 1;
    }

    /** The regime's number. */
    static int regime(long tag) {
        return (int) (tag >>> REGIME_SHIFT) & 3;
    }

    static int asid(long tag) {
        return (int) tag & 0xffff;
    }

    static int vmid(long tag) {
        return (int) (tag >>> VMID_SHIFT) & 0xffff;
    }
}
