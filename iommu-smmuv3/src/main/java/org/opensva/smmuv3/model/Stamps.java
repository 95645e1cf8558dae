package org.opensva.smmuv3.model;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Generations of address spaces, virtual machines and regimes, by which whole groups of cached
 * translations die in constant time: an entry carries the stamp of its group and is dead once they
 * differ.
 *
 * <p>A stamp is a sum of counters that only grow, so that it changes when any of them does.
 */
final class Stamps {

    /** Number of bits that are kept of a stamp. */
    static final int BITS = 40;

    private static final long MASK = (1L << BITS) - 1;
    private static final int ASIDS = 1 << 16;
    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] addressSpaces;
    private final long[] machines;
    private volatile long guests;
    private volatile long hypervisors;
    private final AtomicLong ranges = new AtomicLong();
    private final Changes changes;

    /** Makes stamps; without ASIDs (stage 2) only machines are told apart. */
    Stamps(boolean asids, boolean vmids, Changes changes) {
        this.changes = changes;
        // One counter for each ASID of either set, and one that never moves, for global entries.
        addressSpaces = new long[asids ? 2 * ASIDS + 1 : 1];
        machines = new long[vmids ? 1 << 16 : 1];
    }

    /** The place of a tag's counter of address spaces, where ASIDs are told apart. */
    static int spaceIndex(long tag) {
        if (Tag.isGlobal(tag)) {
            return 2 * ASIDS;
        }
        // Two machines may share a counter, which only means that more dies than was asked for.
        int mixed = Tag.asid(tag) ^ Tag.vmid(tag) * 0x9e3b ^ Tag.regime(tag) * 0x6a09;
        return mixed & ASIDS - 1 | (Tag.isPrivate(tag) ? ASIDS : 0);
    }

    /** The place of a tag's counter of machines; negative for the hypervisor's regimes. */
    static int machineIndex(long tag) {
        return Tag.regime(tag) == Regime.EL1.ordinal() ? Tag.vmid(tag) : -1;
    }

    private int space(long tag) {
        return addressSpaces.length == 1 ? 0 : spaceIndex(tag);
    }

    /** The current stamp of the group that a tag belongs to. */
    long of(long tag) {
        return at(space(tag), machineIndex(tag));
    }

    /** The current stamp of the group with these counters. */
    long at(int space, int machine) {
        long stamp = (long) ELEMENT.getAcquire(addressSpaces, space);
        if (machine >= 0) {
            stamp += (long) ELEMENT.getAcquire(machines, machine & machines.length - 1) + guests;
        } else {
            stamp += hypervisors;
        }
        return stamp & MASK;
    }

    /** Kills every entry of an address space, global entries excepted. */
    void expireAddressSpace(long tag) {
        ELEMENT.getAndAdd(addressSpaces, space(tag), 1L);
        changes.made();
    }

    /** Kills every entry of a virtual machine, global entries included. */
    void expireMachine(int vmid) {
        ELEMENT.getAndAdd(machines, vmid & machines.length - 1, 1L);
        changes.made();
    }

    /** Kills every entry of every virtual machine. */
    synchronized void expireGuests() {
        guests++;
        changes.made();
    }

    /** Kills every entry of the hypervisor's regimes. */
    synchronized void expireHypervisors() {
        hypervisors++;
        changes.made();
    }

    /** How many invalidations by address have begun; a walk that saw one begin keeps nothing. */
    long ranges() {
        return ranges.get();
    }

    /** Announces an invalidation by address; it must precede the search for entries. */
    void beginRange() {
        ranges.getAndIncrement();
    }
}
