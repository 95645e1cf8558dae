package org.opensva.smmuv3.model;

import static org.opensva.smmuv3.model.ReferenceRules.field;

import org.opensva.api.memory.BusErrorException;
import org.opensva.smmuv3.model.ReferenceRules.Claims;

import java.util.HashMap;
import java.util.Map;

/**
 * A second SMMU, written from the architecture's description alone, for one access at a time: no
 * caches, no layouts, no packing, one bit after the other. It changes nothing; what hardware would
 * write is part of its answer.
 */
final class ReferenceWalker {

    private static final int CLASS_CD = 0;
    private static final int CLASS_TT = 1;
    private static final int CLASS_IN = 2;

    /** Reads a descriptor; may put something there first. */
    interface Tables {
        /** Tells that a context descriptor is read. */
        void context(long at);

        long read(long at, int stage, int level, int pageBits, boolean wide, int purpose);
    }

    /**
     * What comes of an access.
     *
     * @param fault name of the event, ABORT, or nothing
     * @param stage 1 or 2 for the faults of a stage, else 0
     * @param purpose CLASS of the event
     * @param ipa intermediate address of a stage 2 fault
     * @param physical the output
     * @param attributes of the output
     * @param written descriptors that hardware has updated
     */
    record Answer(
            String fault,
            int stage,
            int purpose,
            long ipa,
            long physical,
            ReferenceAttributes attributes,
            Map<Long, Long> written) {}

    /** An access. */
    record Access(long va, int substream, boolean write, boolean fetch, boolean privileged) {}

    private static final class Fault extends Exception {
        private static final long serialVersionUID = 1;
        final int stage;
        final int purpose;
        final long ipa;

        Fault(String event, int stage, int purpose, long ipa) {
            super(event, null, false, false);
            this.stage = stage;
            this.purpose = purpose;
            this.ipa = ipa;
        }
    }

    private final Claims claims;
    private final TestMemory memory;
    private final Tables tables;
    private final long[] ste;
    private final Map<Long, Long> written = new HashMap<>();
    private boolean write;
    private boolean fetch;
    private boolean privileged;
    private ReferenceAttributes attributes = ReferenceAttributes.incoming();

    ReferenceWalker(Claims claims, TestMemory memory, Tables tables, long[] ste) {
        this.claims = claims;
        this.memory = memory;
        this.tables = tables;
        this.ste = ste;
    }

    Answer access(Access access) {
        try {
            long physical = run(access);
            return new Answer("", 0, 0, 0, physical, attributes, written);
        } catch (Fault f) {
            String event = String.valueOf(f.getMessage());
            return new Answer(event, f.stage, f.purpose, f.ipa, 0, attributes, written);
        }
    }

    private static Fault configuration(String event) {
        return new Fault(event, 0, 0, 0);
    }

    private long run(Access access) throws Fault {
        if (ReferenceRules.steIllegal(ste, claims)) {
            throw configuration("C_BAD_STE");
        }
        if (!ReferenceRules.bit(ste, 3)) {
            throw configuration("ABORT");
        }
        overrides(access);
        boolean one = ReferenceRules.bit(ste, 1);
        boolean two = ReferenceRules.bit(ste, 2);
        long max = claims.ssidsize() == 0 ? 0 : field(ste, 63, 59);
        int index = 0;
        if (access.substream() >= 0) {
            index = access.substream();
            if (!one || max == 0 || index >>> max != 0) {
                throw configuration("C_BAD_SUBSTREAMID");
            }
            if (index == 0 && field(ste, 65, 64) == 2) {
                throw configuration("F_STREAM_DISABLED");
            }
        } else if (one && max > 0) {
            if (field(ste, 65, 64) == 1) {
                one = false;
            } else if (field(ste, 65, 64) != 2) {
                throw configuration("F_STREAM_DISABLED");
            }
        }
        long address = access.va();
        if (one) {
            long[] cd = fetchContext(index, (int) max, two);
            if (ReferenceRules.cdIllegal(ste, cd, claims)) {
                throw configuration("C_BAD_CD");
            }
            address = firstStage(cd, address, two);
        } else if (address >>> claims.oas() != 0) {
            throw new Fault("F_ADDR_SIZE", 1, CLASS_IN, 0);
        }
        if (!two) {
            return address;
        }
        int need = write ? 1 : fetch ? 2 : 0;
        return secondStage(address, CLASS_IN, need, privileged, write);
    }

    private void overrides(Access access) {
        write = access.write();
        fetch = access.fetch() && !write;
        privileged = access.privileged();
        if (claims.overridesPermissions()) {
            long priv = field(ste, 113, 112);
            privileged = priv == 2 ? false : priv == 3 ? true : privileged;
            long inst = field(ste, 115, 114);
            fetch = inst == 2 ? false : inst == 3 ? !write : fetch;
        }
        if (claims.overridesTypes()) {
            attributes =
                    ReferenceAttributes.overridden(
                            (int) field(ste, 99, 96),
                            ReferenceRules.bit(ste, 100),
                            (int) field(ste, 104, 101),
                            (int) field(ste, 109, 108));
        }
    }

    private long[] fetchContext(int index, int max, boolean two) throws Fault {
        long table = field(ste, 55, 6) << 6 >>> max + 6 << max + 6;
        long at = table + 64L * index;
        if (two) {
            at = secondStage(at, CLASS_CD, 0, true, false);
        }
        tables.context(at);
        long[] cd = new long[8];
        try {
            for (int i = 0; i < 8; i++) {
                cd[i] = memory.readLong(at + 8 * i);
            }
        } catch (BusErrorException e) {
            throw configuration("F_CD_FETCH");
        }
        return cd;
    }

    private long read(long at, int stage, int level, int pageBits, boolean wide, int purpose) {
        Long changed = written.get(at);
        return changed != null ? changed : tables.read(at, stage, level, pageBits, wide, purpose);
    }

    private static long outputOf(long d, int below, int pageBits, boolean wide) {
        long output = bits(d, 47, below) << below;
        if (wide && pageBits == 16) {
            output |= bits(d, 15, 12) << 48;
        } else if (wide) {
            output |= bits(d, 49, 48) << 48 | bits(d, 9, 8) << 50;
        }
        return output;
    }

    private static long bits(long value, int high, int low) {
        return field(new long[] {value}, high, low);
    }

    private static boolean bit(long value, int at) {
        return bits(value, at, at) == 1;
    }

    private static boolean blockAt(int level, int pageBits, boolean wide) {
        return switch (pageBits) {
            case 12 -> level == 1 || level == 2 || level == 0 && wide;
            default -> level == 2 || level == 1 && wide;
        };
    }

    private static long alignedBase(long base, int firstIndexBits, int outputBits) {
        int least = Math.max(outputBits == 52 ? 6 : 4, firstIndexBits + 3);
        return base >>> least << least;
    }

    private long firstStage(long[] cd, long va, boolean two) throws Fault {
        int world = ReferenceRules.world(ste, claims);
        boolean levels = world != ReferenceRules.EL2;
        boolean upper = bit(va, 55);
        Fault missing = new Fault("F_TRANSLATION", 1, CLASS_IN, 0);
        if (upper && !levels || levels && ReferenceRules.bit(cd, upper ? 30 : 14)) {
            throw missing;
        }
        if (claims.e0pd() && levels && !privileged && ReferenceRules.bit(cd, upper ? 130 : 66)) {
            throw missing;
        }
        int size = (int) (upper ? field(cd, 21, 16) : field(cd, 5, 0));
        int pageBits =
                upper
                        ? ReferenceRules.pageBitsOfTg1(field(cd, 23, 22))
                        : ReferenceRules.pageBitsOfTg0(field(cd, 7, 6));
        boolean ds = claims.ds() && ReferenceRules.bit(cd, 186) && pageBits != 16;
        boolean wide = ds || pageBits == 16 && claims.oas() == 52;
        boolean ignoreTop = ReferenceRules.bit(cd, upper ? 39 : 38);
        int regionBits = 64 - size;
        for (int i = ignoreTop ? 55 : 63; i >= regionBits; i--) {
            if (bit(va, i) != upper) {
                throw missing;
            }
        }
        int ips = Math.min(claims.oas(), ReferenceRules.size((int) field(cd, 34, 32)));
        boolean hierarchy = !(claims.had() && ReferenceRules.bit(cd, upper ? 129 : 65));
        long base = (upper ? field(cd, 183, 132) : field(cd, 119, 68)) << 4;
        int stride = pageBits - 3;
        int level = 3;
        int below = pageBits;
        while (below + stride < regionBits) {
            below += stride;
            level--;
        }
        base = alignedBase(base, regionBits - below, ips);
        boolean noUser = false;
        boolean noWrite = false;
        boolean noUserExecute = false;
        boolean noPrivilegedExecute = false;
        int high = regionBits - 1;
        while (true) {
            long at = base + 8 * bits(va, high, below);
            long place = two ? secondStage(at, CLASS_TT, 0, true, false) : at;
            long d;
            try {
                d = read(place, 1, level, pageBits, wide, CLASS_IN);
            } catch (BusErrorException e) {
                throw new Fault("F_WALK_EABT", 1, CLASS_TT, 0);
            }
            boolean table = bit(d, 1) && level < 3;
            boolean leaf = level == 3 ? bit(d, 1) : !bit(d, 1) && blockAt(level, pageBits, wide);
            if (!bit(d, 0) || !table && !leaf) {
                throw missing;
            }
            long output = outputOf(d, table ? pageBits : below, pageBits, wide);
            if (output >>> ips != 0) {
                throw new Fault("F_ADDR_SIZE", 1, CLASS_IN, 0);
            }
            if (table) {
                if (hierarchy) {
                    noPrivilegedExecute |= bit(d, 59);
                    noUserExecute |= bit(d, 60);
                    noUser |= bit(d, 61);
                    noWrite |= bit(d, 62);
                }
                base = output;
                high = below - 1;
                below -= stride;
                level++;
                continue;
            }
            boolean setsAccess = ReferenceRules.bit(cd, 43);
            boolean setsDirty = ReferenceRules.bit(cd, 42) && setsAccess;
            long updated = setsAccess ? d | 1L << 10 : d;
            boolean accessed = bit(updated, 10) || ReferenceRules.bit(cd, 35);
            boolean user = bit(d, 6) && !noUser;
            boolean clean = bit(d, 7) && bit(d, 51) && setsDirty;
            boolean couldWrite = (!bit(d, 7) || clean) && !noWrite;
            boolean ux = !bit(d, 54) && !noUserExecute;
            boolean epan = claims.epan() && ReferenceRules.bit(cd, 123);
            boolean pan = levels && ReferenceRules.bit(cd, 40) && (user || epan && ux);
            boolean mayWrite = couldWrite && (!levels || (privileged ? !pan : user));
            if (write && accessed && mayWrite && clean) {
                updated &= ~(1L << 7);
            }
            if (updated != d) {
                if (two) {
                    place = secondStage(at, CLASS_TT, 1, true, true);
                }
                written.put(place, updated);
            }
            if (!accessed) {
                throw new Fault("F_ACCESS", 1, CLASS_IN, 0);
            }
            boolean writable = !bit(updated, 7) && !noWrite;
            boolean wxn = ReferenceRules.bit(cd, 36);
            boolean allowed;
            if (write) {
                allowed = mayWrite && writable;
            } else if (!fetch) {
                allowed = !levels || (privileged ? !pan : user);
            } else if (!levels) {
                allowed = ux && !(wxn && writable);
            } else if (privileged) {
                boolean px = !bit(d, 53) && !noPrivilegedExecute && !(user && writable);
                allowed = px && !(wxn && writable);
            } else {
                allowed = ux && !(wxn && writable && user);
            }
            if (!allowed) {
                throw new Fault("F_PERMISSION", 1, CLASS_IN, 0);
            }
            int index = (int) bits(d, 4, 2);
            int mair = (int) field(cd, 199 + 8 * index, 192 + 8 * index);
            long sh = !ds ? bits(d, 9, 8) : upper ? field(cd, 29, 28) : field(cd, 13, 12);
            attributes = ReferenceAttributes.mair(mair, (int) sh).after(attributes);
            return output + bits(va, below - 1, 0);
        }
    }

    /** Stage 2; {@code need} is 0 to read, 1 to write, 2 to execute. */
    private long secondStage(long ipa, int purpose, int need, boolean priv, boolean dirty)
            throws Fault {
        int inputBits = 64 - (int) field(ste, 165, 160);
        if (ipa >>> inputBits != 0) {
            throw new Fault("F_TRANSLATION", 2, purpose, ipa);
        }
        int pageBits = ReferenceRules.pageBitsOfTg0(field(ste, 175, 174));
        boolean ds = claims.ds() && ReferenceRules.bit(ste, 195) && pageBits != 16;
        boolean wide = ds || pageBits == 16 && claims.oas() == 52;
        int output = Math.min(claims.oas(), ReferenceRules.size((int) field(ste, 178, 176)));
        int level = ReferenceRules.startLevel(ste, claims);
        int below = pageBits + (3 - level) * (pageBits - 3);
        long base = alignedBase(field(ste, 247, 196) << 4, inputBits - below, output);
        int high = inputBits - 1;
        while (true) {
            long at = base + 8 * bits(ipa, high, below);
            long d;
            try {
                d = read(at, 2, level, pageBits, wide, purpose);
            } catch (BusErrorException e) {
                throw new Fault("F_WALK_EABT", 2, purpose, 0);
            }
            boolean table = bit(d, 1) && level < 3;
            boolean leaf = level == 3 ? bit(d, 1) : !bit(d, 1) && blockAt(level, pageBits, wide);
            if (!bit(d, 0) || !table && !leaf) {
                throw new Fault("F_TRANSLATION", 2, purpose, ipa);
            }
            long to = outputOf(d, table ? pageBits : below, pageBits, wide);
            if (to >>> output != 0) {
                throw new Fault("F_ADDR_SIZE", 2, purpose, ipa);
            }
            if (table) {
                base = to;
                high = below - 1;
                below -= pageBits - 3;
                level++;
                continue;
            }
            boolean setsAccess = ReferenceRules.bit(ste, 184);
            boolean setsDirty = ReferenceRules.bit(ste, 183) && setsAccess;
            long updated = setsAccess ? d | 1L << 10 : d;
            boolean accessed = bit(updated, 10) || ReferenceRules.bit(ste, 181);
            if (dirty && accessed && setsDirty && bit(d, 51)) {
                updated |= 1L << 7;
            }
            if (updated != d) {
                written.put(at, updated);
            }
            if (!accessed) {
                throw new Fault("F_ACCESS", 2, purpose, ipa);
            }
            boolean never = bit(d, 54);
            if (claims.xnx()) {
                // 00 all, 01 unprivileged only, 10 none, 11 privileged only
                never = bits(d, 54, 53) == 2 || bits(d, 54, 53) == (priv ? 1 : 3);
            }
            boolean allowed = need == 2 ? !never : bit(updated, need == 1 ? 7 : 6);
            if (!allowed) {
                throw new Fault("F_PERMISSION", 2, purpose, ipa);
            }
            boolean forced = claims.fwb() && ReferenceRules.bit(ste, 89);
            int type = (int) bits(d, 5, 2);
            boolean device =
                    forced ? (type & 4) == 0 : ReferenceAttributes.memAttr(type, 0).device();
            if (purpose != CLASS_IN && device && ReferenceRules.bit(ste, 182)) {
                throw new Fault("F_PERMISSION", 2, purpose, ipa);
            }
            if (purpose == CLASS_IN) {
                int sh = (int) (ds ? field(ste, 173, 172) : bits(d, 9, 8));
                attributes =
                        forced
                                ? attributes.forced(type, sh)
                                : attributes.combine(ReferenceAttributes.memAttr(type, sh));
            }
            return to + bits(ipa, below - 1, 0);
        }
    }
}
