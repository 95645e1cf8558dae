package org.opensva.smmuv3.model;

import org.opensva.api.memory.BusErrorException;
import org.opensva.smmuv3.layout.EventType;

/**
 * A second stage 1 walker, written from the architecture's description alone: no caches, no
 * layouts, no packing, one bit after the other. It changes nothing; what hardware would write is
 * part of its answer.
 */
final class ReferenceWalker {

    private ReferenceWalker() {}

    /** What comes of an access: a fault, or an address; and what a descriptor becomes. */
    record Answer(String fault, long physical, long updatedAt, long updated) {}

    private static boolean bit(long value, int at) {
        return (value >>> at & 1) == 1;
    }

    private static long bits(long value, int high, int low) {
        long result = 0;
        for (int i = high; i >= low; i--) {
            result = result << 1 | (bit(value, i) ? 1 : 0);
        }
        return result;
    }

    private static Answer fault(EventType type) {
        return new Answer(type.name(), 0, 0, 0);
    }

    static Answer walk(
            TestMemory memory,
            long[] cd,
            int oas,
            long va,
            boolean write,
            boolean fetch,
            boolean privileged) {
        boolean upper = bit(va, 55);
        int size = (int) (upper ? bits(cd[0], 21, 16) : bits(cd[0], 5, 0));
        long granuleField = upper ? bits(cd[0], 23, 22) : bits(cd[0], 7, 6);
        int pageBits;
        if (upper) {
            pageBits = granuleField == 1 ? 14 : granuleField == 2 ? 12 : 16;
        } else {
            pageBits = granuleField == 0 ? 12 : granuleField == 1 ? 16 : 14;
        }
        if (bit(cd[0], upper ? 30 : 14)) {
            return fault(EventType.F_TRANSLATION);
        }
        boolean ignoreTop = bit(cd[0], upper ? 39 : 38);
        int regionBits = 64 - size;
        for (int i = ignoreTop ? 55 : 63; i >= regionBits; i--) {
            if (bit(va, i) != upper) {
                return fault(EventType.F_TRANSLATION);
            }
        }
        int[] sizes = {32, 36, 40, 42, 44, 48, 52, 52};
        int outputBits = Math.min(oas, Math.min(48, sizes[(int) bits(cd[0], 34, 32)]));
        boolean hierarchy = !bit(upper ? cd[2] : cd[1], 1);
        long base = bits(upper ? cd[2] : cd[1], 47, 4) << 4;
        int perLevel = pageBits - 3;
        int level = 3;
        int below = pageBits;
        while (below + perLevel < regionBits) {
            below += perLevel;
            level--;
        }
        // The first table may be smaller than a page, or the only one that is not full.
        int firstIndexBits = regionBits - below;
        base = base >>> Math.max(4, firstIndexBits + 3) << Math.max(4, firstIndexBits + 3);
        boolean noUser = false;
        boolean noWrite = false;
        boolean noUserExecute = false;
        boolean noPrivilegedExecute = false;
        int high = regionBits - 1;
        while (true) {
            long at = base + 8 * bits(va, high, below);
            long d;
            try {
                d = memory.readLong(at);
            } catch (BusErrorException e) {
                return fault(EventType.F_WALK_EABT);
            }
            if (!bit(d, 0)) {
                return fault(EventType.F_TRANSLATION);
            }
            boolean table = bit(d, 1) && level < 3;
            boolean page = bit(d, 1) && level == 3;
            boolean block = !bit(d, 1) && (pageBits == 12 ? level == 1 || level == 2 : level == 2);
            if (!table && !page && !block) {
                return fault(EventType.F_TRANSLATION);
            }
            if (table) {
                long next = bits(d, 47, pageBits) << pageBits;
                if (next >>> outputBits != 0) {
                    return fault(EventType.F_ADDR_SIZE);
                }
                if (hierarchy) {
                    noPrivilegedExecute |= bit(d, 59);
                    noUserExecute |= bit(d, 60);
                    noUser |= bit(d, 61);
                    noWrite |= bit(d, 62);
                }
                base = next;
                high = below - 1;
                below -= perLevel;
                level++;
                continue;
            }
            long output = bits(d, 47, below) << below;
            if (output >>> outputBits != 0) {
                return fault(EventType.F_ADDR_SIZE);
            }
            boolean setsAccess = bit(cd[0], 43);
            boolean setsDirty = bit(cd[0], 42) && setsAccess;
            boolean accessFaults = !bit(cd[0], 35);
            long updated = setsAccess ? d | 1L << 10 : d;
            if (!bit(updated, 10) && accessFaults) {
                return fault(EventType.F_ACCESS);
            }
            boolean user = bit(d, 6) && !noUser;
            boolean clean = bit(d, 7) && bit(d, 51) && setsDirty;
            boolean couldWrite = (!bit(d, 7) || clean) && !noWrite;
            boolean pan = bit(cd[0], 40);
            boolean mayWrite = couldWrite && (privileged ? !(pan && user) : user);
            if (write && mayWrite && clean) {
                updated &= ~(1L << 7);
            }
            boolean writable = !bit(updated, 7) && !noWrite;
            boolean wxn = bit(cd[0], 36);
            boolean allowed;
            if (write) {
                allowed = mayWrite && writable;
            } else if (!fetch) {
                allowed = privileged ? !(pan && user) : user;
            } else if (privileged) {
                allowed =
                        !bit(d, 53)
                                && !noPrivilegedExecute
                                && !(user && writable)
                                && !(wxn && writable);
            } else {
                allowed = !bit(d, 54) && !noUserExecute && !(wxn && writable && user);
            }
            if (!allowed) {
                return new Answer(EventType.F_PERMISSION.name(), 0, at, updated);
            }
            return new Answer("", output + bits(va, below - 1, 0), at, updated);
        }
    }
}
