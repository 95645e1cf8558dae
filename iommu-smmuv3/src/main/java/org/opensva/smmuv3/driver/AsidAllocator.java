package org.opensva.smmuv3.driver;

import org.opensva.api.process.AddressSpace;
import org.opensva.api.process.Errno;
import org.opensva.api.process.ErrnoException;

import java.util.BitSet;
import java.util.OptionalInt;

/**
 * Hands out address-space tags. Whoever returns one has flushed it from every TLB first (Linux:
 * {@code arm_smmu_sva_domain_free}), and numbers are taken in a cycle, so that a late invalidation
 * of a former owner rarely hits a new one.
 *
 * <p>Where the SMMU takes part in broadcast TLB maintenance, an address space keeps the ASID that
 * processors know it by. Look-ups do not tell a shared ASID from a private one of the same number
 * (section 3.17), so the two must not meet. Linux moved private ones out of the way when they did
 * ({@code arm_smmu_share_asid}, up to 6.10), while their owners were in use; here private ASIDs
 * come from the upper half only, and an address space whose own number is up there gets a private
 * one and is invalidated by commands.
 */
final class AsidAllocator {

    private final BitSet used = new BitSet();
    private final boolean broadcasts;
    private final int first;
    private final int limit;
    private int next;

    /**
     * A tag of an address space.
     *
     * @param asid its number
     * @param shared whether processors broadcast the maintenance of this number, so that it needs
     *     no commands (CD.ASET is 0)
     * @param end gives it back
     */
    record Tag(int asid, boolean shared, Runnable end) {}

    /**
     * Creates an allocator.
     *
     * @param bits 8 or 16 (SMMU_IDR0.ASID16)
     * @param broadcasts whether the SMMU takes part in broadcast TLB maintenance (SMMU_IDR0.BTM)
     */
    AsidAllocator(int bits, boolean broadcasts) {
        this.broadcasts = broadcasts;
        this.limit = 1 << bits;
        this.first = broadcasts ? limit >> 1 : 1;
        this.next = first;
    }

    /** The tag of an address space: its own if it can be shared, otherwise a private one. */
    Tag take(AddressSpace addressSpace) {
        if (broadcasts) {
            // Nobody else may get the number while the SMMU holds translations under it.
            AddressSpace.Subscription hold = addressSpace.hold();
            OptionalInt own = addressSpace.asid();
            if (own.isPresent() && own.getAsInt() > 0 && own.getAsInt() < first) {
                return new Tag(own.getAsInt(), true, hold::close);
            }
            hold.close();
        }
        int asid = allocate();
        return new Tag(asid, false, () -> free(asid));
    }

    /** A private number. */
    synchronized int allocate() {
        int asid = used.nextClearBit(next);
        if (asid >= limit) {
            asid = used.nextClearBit(first);
        }
        if (asid >= limit) {
            throw new ErrnoException(
                    Errno.ENOSPC, "allocate an ASID", "all " + (limit - first) + " are in use");
        }
        used.set(asid);
        next = asid + 1;
        return asid;
    }

    private synchronized void free(int asid) {
        used.clear(asid);
    }
}
