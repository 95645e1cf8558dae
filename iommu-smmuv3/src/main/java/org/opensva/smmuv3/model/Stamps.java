package org.opensva.smmuv3.model;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Generations of address spaces and virtual machines, by which whole groups of cached translations
 * die in constant time: an entry carries the stamp of its group and is dead once they differ.
 *
 * <p>A stamp is a sum of counters that only grow, so that it changes when any of them does.
 * Counters are advanced by command processing, one thread at a time, and read by any thread.
 */
final class Stamps {

    /** Number of bits that are kept of a stamp. */
    static final int BITS = 40;

    private static final long MASK = (1L << BITS) - 1;
    private static final int ASIDS = 1 << 16;
    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] addressSpaces;
    private final long[] machines;
    private volatile long all;
    private volatile long ranges;

    /** Makes stamps; without ASIDs (stage 2) only machines are told apart. */
    Stamps(boolean asids, boolean vmids) {
        addressSpaces = new long[asids ? ASIDS + 1 : 1];
        machines = new long[vmids ? 1 << 16 : 1];
    }

    private int spaceIndex(long tag) {
        if (addressSpaces.length == 1) {
            return 0;
        }
        if (Tag.isGlobal(tag)) {
            return ASIDS;
        }
        // Two machines may share a counter, which only means that more dies than was asked for.
        return (Tag.asid(tag) ^ Tag.vmid(tag) * 0x9e3b) & ASIDS - 1;
    }

    /** The current stamp of the group that a tag belongs to. */
    long of(long tag) {
        long space = (long) ELEMENT.getAcquire(addressSpaces, spaceIndex(tag));
        long machine = (long) ELEMENT.getAcquire(machines, Tag.vmid(tag) & machines.length - 1);
        return space + machine + all & MASK;
    }

    /** Kills every entry of an address space, global entries excepted. */
    void expireAddressSpace(long tag) {
        ELEMENT.getAndAdd(addressSpaces, spaceIndex(tag), 1L);
    }

    /** Kills every entry of a virtual machine, global entries included. */
    void expireMachine(int vmid) {
        ELEMENT.getAndAdd(machines, vmid & machines.length - 1, 1L);
    }

    /** Kills every entry. */
    synchronized void expireAll() {
        all++;
    }

    /** How many invalidations by address have begun; a walk that saw one begin keeps nothing. */
    long ranges() {
        return ranges;
    }

    /** Announces an invalidation by address; it must precede the search for entries. */
    synchronized void beginRange() {
        ranges++;
    }
}
