package org.opensva.smmuv3.model;

/**
 * Whose translation it is: ASID, VMID and whether it is global, packed into a {@code long} (section
 * 3.17).
 *
 * <p>A global entry has no ASID and matches every address space of its VMID and of its ASID set
 * (CD.ASET), because address spaces that are not shared with processors must not match global
 * entries of those that are.
 */
final class Tag {

    private static final long GLOBAL = 1L << 16;
    private static final long PRIVATE_SET = 1L << 17;
    private static final int VMID_SHIFT = 32;

    private Tag() {}

    static long ofSpace(int asid, int vmid) {
        return asid & 0xffffL | (vmid & 0xffffL) << VMID_SHIFT;
    }

    static long ofGlobal(boolean privateSet, int vmid) {
        return GLOBAL | (privateSet ? PRIVATE_SET : 0) | (vmid & 0xffffL) << VMID_SHIFT;
    }

    static long ofMachine(int vmid) {
        return (vmid & 0xffffL) << VMID_SHIFT;
    }

    static boolean isGlobal(long tag) {
        return (tag & GLOBAL) != 0;
    }

    static int asid(long tag) {
        return (int) tag & 0xffff;
    }

    static int vmid(long tag) {
        return (int) (tag >>> VMID_SHIFT) & 0xffff;
    }
}
