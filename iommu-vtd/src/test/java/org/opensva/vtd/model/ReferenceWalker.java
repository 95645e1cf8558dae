package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.BusErrorException;
import org.opensva.api.memory.PhysicalMemory;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A second walker, from the text of the specification (revision 4.1: chapter 3 for the walks,
 * chapter 9 for the structures, table 26 in section 7.1.3 for the reasons). It has no caches and no
 * cleverness, knows nothing of the model, and spells every mask out. It does not change memory:
 * what hardware would update is kept apart.
 *
 * <p>Untranslated requests only. Where several things are wrong with one request the specification
 * names no order; this walker reports what it comes to first, a structure at a time: cannot be
 * read, not present, reserved field, invalid field. Rights count at the end of each stage.
 */
final class ReferenceWalker {

    private static final long CAP_FS1GP = 1L << 56;
    private static final long CAP_FS5LP = 1L << 60;
    private static final long ECAP_DT = 1L << 2;
    private static final long ECAP_PT = 1L << 6;
    private static final long ECAP_SC = 1L << 7;
    private static final long ECAP_MTS = 1L << 25;
    private static final long ECAP_NEST = 1L << 26;
    private static final long ECAP_PRS = 1L << 29;
    private static final long ECAP_ERS = 1L << 30;
    private static final long ECAP_SRS = 1L << 31;
    private static final long ECAP_EAFS = 1L << 34;
    private static final long ECAP_PASID = 1L << 40;
    private static final long ECAP_SMTS = 1L << 43;
    private static final long ECAP_SSADS = 1L << 45;
    private static final long ECAP_SSTS = 1L << 46;
    private static final long ECAP_FSTS = 1L << 47;
    private static final long ECAP_SMPWCS = 1L << 48;
    private static final long ECAP_RPS = 1L << 49;
    private static final long ECAP_RPRIVS = 1L << 53;

    private final PhysicalMemory memory;
    private final Visitor visitor;
    private final long cap;
    private final long ecap;
    private final int haw;
    private final long rtaddr;
    private final Request request;
    private final Map<Long, Long> seen = new LinkedHashMap<>();
    private boolean faultsDisabled;

    /** Told of each paging entry before it is looked at for the first time. */
    @FunctionalInterface
    interface Visitor {
        void comes(long address, boolean firstStage, int level);
    }

    /** What an implementation claims: CAP, ECAP, and the width of host physical addresses. */
    record Unit(long cap, long ecap, int haw) {}

    /** What a device asks for; {@code pasid} is -1 for a request without PASID. */
    record Request(
            int source,
            int pasid,
            long address,
            boolean write,
            boolean execute,
            boolean privileged) {}

    /**
     * What comes of it.
     *
     * @param reason the number of the fault reason, 0 for none
     * @param recorded whether the fault is recorded
     * @param physical where the request goes, without a fault
     * @param entries every paging entry that was looked at, as hardware leaves it
     */
    record Answer(int reason, boolean recorded, long physical, Map<Long, Long> entries) {}

    private ReferenceWalker(
            PhysicalMemory memory, Visitor visitor, Unit unit, long rtaddr, Request request) {
        this.memory = memory;
        this.visitor = visitor;
        cap = unit.cap();
        ecap = unit.ecap();
        haw = unit.haw();
        this.rtaddr = rtaddr;
        this.request = request;
    }

    static Answer walk(
            PhysicalMemory memory, Visitor visitor, Unit unit, long rtaddr, Request request) {
        ReferenceWalker walker = new ReferenceWalker(memory, visitor, unit, rtaddr, request);
        try {
            return new Answer(0, false, walker.translate(), walker.seen);
        } catch (Fault fault) {
            boolean recorded = fault.unqualified || !walker.faultsDisabled;
            return new Answer(fault.reason, recorded, 0, walker.seen);
        }
    }

    private static final class Fault extends Exception {
        private static final long serialVersionUID = 1L;

        private final int reason;
        private final boolean unqualified;

        Fault(int reason, boolean unqualified) {
            super(null, null, false, false);
            this.reason = reason;
            this.unqualified = unqualified;
        }
    }

    private static void require(boolean condition, int reason) throws Fault {
        if (!condition) {
            throw new Fault(reason, false);
        }
    }

    /** As {@link #require}, for a reason that FPD does not keep from being recorded. */
    private static void demand(boolean condition, int reason) throws Fault {
        if (!condition) {
            throw new Fault(reason, true);
        }
    }

    private static boolean bit(long value, int number) {
        return (value >>> number & 1) != 0;
    }

    /** Bits [high:low], as a number. */
    private static long bits(long value, int high, int low) {
        return value >>> low & -1L >>> 63 - (high - low);
    }

    private boolean has(long capability) {
        return (ecap & capability) != 0;
    }

    /** Whether all of bits [high:low] are 0; there are none if high is less than low. */
    private static boolean zero(long value, int high, int low) {
        return high < low || bits(value, high, low) == 0;
    }

    /** Address bits that the implementation does not have. */
    private boolean narrow(long value) {
        return zero(value, 63, haw);
    }

    private boolean readable(long address) {
        return zero(address, 63, haw) && memory.contains(address, 8);
    }

    private long translate() throws Fault {
        switch ((int) bits(rtaddr, 11, 10)) {
            case 0b00 -> {
                demand(request.pasid() < 0, 0x31);
                return legacy();
            }
            case 0b01 -> {
                demand(has(ECAP_SMTS), 0x30);
                return scalable();
            }
            default -> throw new Fault(0x30, true);
        }
    }

    // Legacy mode: sections 3.4.2, 9.1 and 9.3.

    private long legacy() throws Fault {
        long rootEntry = (rtaddr & -4096L) + 16L * bits(request.source(), 15, 8);
        demand(readable(rootEntry) && readable(rootEntry + 8), 0x08);
        long root = memory.readLong(rootEntry);
        demand(bit(root, 0), 0x01);
        demand(zero(root, 11, 1) && narrow(root) && memory.readLong(rootEntry + 8) == 0, 0x0a);

        long contextEntry = (root & -4096L) + 16L * bits(request.source(), 7, 0);
        demand(readable(contextEntry) && readable(contextEntry + 8), 0x09);
        long low = memory.readLong(contextEntry);
        long high = memory.readLong(contextEntry + 8);
        faultsDisabled = bit(low, 1);
        require(bit(low, 0), 0x02);
        long type = bits(low, 3, 2);
        boolean passThrough = type == 0b10;
        // The table pointer of a pass-through entry is ignored.
        require(zero(low, 11, 4) && (passThrough || narrow(low)), 0x0b);
        require(zero(high, 7, 7) && zero(high, 63, 24), 0x0b);
        int width = (int) bits(high, 2, 0);
        require(type == 0b00 || type == 0b01 && has(ECAP_DT) || passThrough && has(ECAP_PT), 0x03);
        require(supportedWidth(width), 0x03);
        if (passThrough) {
            require(narrow(request.address()), 0x04);
            require(!interruptRange(request.address()), 0x0e);
            return request.address();
        }
        require(zero(request.address(), 63, inputBits(width)), 0x04);
        SecondStage stage = new SecondStage(low & -4096L, width, false, false, true);
        long output = stage.translate(request.address(), request.write(), !request.write());
        require(!interruptRange(output), 0x0e);
        return output;
    }

    private static boolean interruptRange(long address) {
        return bits(address, 63, 20) == 0xfee;
    }

    /** AW names a width, and CAP.SAGAW has its bit. */
    private boolean supportedWidth(int width) {
        return width >= 1 && width <= 3 && bit(cap, 8 + width);
    }

    /** The lesser of the width of the table and that of guest addresses, CAP.MGAW. */
    private int inputBits(int width) {
        int table = new int[] {0, 39, 48, 57}[width];
        return Math.min(table, (int) bits(cap, 21, 16) + 1);
    }

    // Scalable mode: sections 3.4.3, 9.2 and 9.4 to 9.6.

    private long scalable() throws Fault {
        long half =
                (rtaddr & -4096L)
                        + 16L * bits(request.source(), 15, 8)
                        + 8 * bits(request.source(), 7, 7);
        demand(readable(half), 0x38);
        long root = memory.readLong(half);
        demand(bit(root, 0), 0x39);
        demand(zero(root, 11, 1) && narrow(root), 0x3a);

        long entry = (root & -4096L) + 32L * bits(request.source(), 6, 0);
        demand(readable(entry) && readable(entry + 24), 0x40);
        long low = memory.readLong(entry);
        long high = memory.readLong(entry + 8);
        faultsDisabled |= bit(low, 1);
        require(bit(low, 0), 0x41);
        require(zero(low, 8, 5) && narrow(low), 0x42);
        require(has(ECAP_DT) || !bit(low, 2), 0x42);
        require(has(ECAP_PASID) || !bit(low, 3), 0x42);
        require(has(ECAP_PRS) || !bit(low, 4), 0x42);
        require(has(ECAP_RPS) || zero(high, 19, 0), 0x42);
        require(has(ECAP_RPRIVS) || !bit(high, 20), 0x42);
        require(zero(high, 63, 21), 0x42);
        require(memory.readLong(entry + 16) == 0 && memory.readLong(entry + 24) == 0, 0x42);
        long limit = 1L << bits(low, 11, 9) + 13;
        require(bits(high, 19, 0) < limit, 0x43);
        long pasid = bits(high, 19, 0);
        if (request.pasid() >= 0) {
            require(bit(low, 3), 0x45);
            require(request.pasid() < Math.min(limit, 2L << bits(ecap, 39, 35)), 0x46);
            pasid = request.pasid();
        }

        long directoryEntry = (low & -4096L) + 8 * (pasid >>> 6);
        demand(readable(directoryEntry), 0x50);
        long directory = memory.readLong(directoryEntry);
        faultsDisabled |= bit(directory, 1);
        require(bit(directory, 0), 0x51);
        require(zero(directory, 11, 2) && narrow(directory), 0x52);

        long table = (directory & -4096L) + 64 * (pasid & 63);
        demand(readable(table) && readable(table + 56), 0x58);
        long[] words = new long[8];
        for (int i = 0; i < 8; i++) {
            words[i] = memory.readLong(table + 8 * i);
        }
        faultsDisabled |= bit(words[0], 1);
        require(bit(words[0], 0), 0x59);
        checkReserved(words);
        boolean privileged =
                request.pasid() >= 0 ? request.privileged() : has(ECAP_RPRIVS) && bit(high, 20);
        return pasidEntry(words, privileged);
    }

    private void checkReserved(long[] words) throws Fault {
        long type = bits(words[0], 8, 6);
        boolean second = type == 0b010 || type == 0b011;
        boolean first = type == 0b001 || type == 0b011;
        require(zero(words[0], 5, 5) && zero(words[0], 11, 10), 0x5a);
        require(!second || narrow(words[0]), 0x5a);
        require(has(ECAP_SSADS) || zero(words[0], 9, 9), 0x5a);
        // AW is not reserved without ECAP.SSTS: Linux writes it into every entry.
        require(has(ECAP_SSTS) || zero(words[0], 63, 12), 0x5a);
        require(zero(words[1], 22, 16) && zero(words[1], 31, 27), 0x5a);
        require(has(ECAP_SMPWCS) || zero(words[1], 23, 23), 0x5a);
        require(has(ECAP_SC) || zero(words[1], 24, 24), 0x5a);
        require(has(ECAP_MTS) || zero(words[1], 26, 25) && zero(words[1], 63, 32), 0x5a);
        // Bit 5 was NXE and is ignored; bits 1 and 6 are ERE and SMEP, which came with ECAP.ERS.
        require(has(ECAP_ERS) || zero(words[2], 1, 1), 0x5a);
        require(zero(words[2], 11, 8) && (!first || narrow(words[2])), 0x5a);
        require(has(ECAP_SRS) || zero(words[2], 0, 0), 0x5a);
        require(has(ECAP_EAFS) || zero(words[2], 7, 7), 0x5a);
        require(has(ECAP_FSTS) || zero(words[2], 4, 2) && zero(words[2], 63, 12), 0x5a);
        for (int i = 3; i < 8; i++) {
            require(words[i] == 0, 0x5a);
        }
    }

    private long pasidEntry(long[] words, boolean privileged) throws Fault {
        long type = bits(words[0], 8, 6);
        boolean first = type == 0b001 && has(ECAP_FSTS);
        boolean second = type == 0b010 && has(ECAP_SSTS);
        boolean nested = type == 0b011 && has(ECAP_NEST) && has(ECAP_FSTS) && has(ECAP_SSTS);
        boolean passThrough = type == 0b100 && has(ECAP_PT);
        require(first || second || nested || passThrough, 0x5b);
        int width = (int) bits(words[0], 4, 2);
        require(!second && !nested || supportedWidth(width), 0x5b);
        long mode = bits(words[2], 3, 2);
        require(!first && !nested || mode == 0 || mode == 1 && (cap & CAP_FS5LP) != 0, 0x5b);

        if (passThrough) {
            require(narrow(request.address()), 0x83);
            require(!interruptRange(request.address()), 0x87);
            return request.address();
        }
        boolean snoops = bit(words[1], 23);
        @Nullable SecondStage stage = null;
        if (second || nested) {
            stage = new SecondStage(words[0] & -4096L, width, bit(words[0], 9), snoops, false);
        }
        if (stage != null && second) {
            require(zero(request.address(), 63, inputBits(width)), 0x84);
            long output = stage.translate(request.address(), request.write(), !request.write());
            require(!interruptRange(output), 0x87);
            return output;
        }
        require(!privileged || bit(words[2], 0), 0x5d);
        require(!request.execute() || has(ECAP_ERS) && bit(words[2], 1), 0x5c);
        // Without ECAP.SMPWCS there is no PWSNP to set; such units update first-stage entries.
        boolean updates = snoops || !has(ECAP_SMPWCS);
        return firstStage(words, 4 + (int) mode, privileged, updates, stage);
    }

    // First stage: sections 3.6 and 9.7; nested: section 3.8.

    private long firstStage(
            long[] words,
            int levels,
            boolean privileged,
            boolean snoops,
            @Nullable SecondStage second)
            throws Fault {
        long address = request.address();
        int top = 9 * levels + 11;
        require(bits(address, 63, top) == 0 || bits(address, 63, top) == -1L >>> top, 0x80);
        boolean writeProtect = bit(words[2], 4);
        boolean extended = bit(words[2], 7);
        long table = words[2] & -4096L;
        boolean writable = true;
        boolean user = true;
        boolean executable = true;
        for (int level = levels; ; level--) {
            long entryAddress = table + 8 * bits(address, 9 * level + 11, 9 * level + 3);
            boolean isRoot = level == levels;
            long at = entryAddress;
            if (second != null) {
                require(zero(entryAddress, 63, inputBits(second.width)), 0x74);
                at = second.table(entryAddress, isRoot);
            }
            require(readable(at), isRoot ? 0x73 : 0x70);
            long entry = load(at, true, level);
            require(bit(entry, 0), 0x71);
            boolean leaf = level == 1 || level <= 3 && bit(entry, 7);
            require(zero(entry, 51, haw), 0x72);
            if (level >= 4 || level == 3 && (cap & CAP_FS1GP) == 0) {
                require(!bit(entry, 7), 0x72);
            }
            if (leaf && level > 1) {
                require(zero(entry, 9 * level + 2, 13), 0x72);
            }
            writable &= bit(entry, 1);
            user &= bit(entry, 2);
            executable &= !bit(entry, 63);
            int shift = 9 * level + 3;
            long output = bits(entry, 51, shift) << shift | address & (1L << shift) - 1;
            if (leaf) {
                require(privileged || user, 0x81);
                boolean prevented = privileged && user && bit(words[2], 6);
                require(!request.execute() || executable && !prevented, 0x82);
                boolean obeys = !privileged || writeProtect;
                require(!request.write() || writable || !obeys, 0x85);
                output = leave(output, second);
            }
            long updated = entry | 1L << 5;
            if (extended) {
                updated |= 1L << 10;
            }
            if (leaf && request.write()) {
                updated |= 1L << 6;
            }
            if (updated != entry) {
                require(snoops, 0x90);
                if (second != null) {
                    second.update(entryAddress);
                    // The entry may be one of the second stage as well, and updated by now.
                    updated |= load(at, true, level);
                }
                seen.put(at, updated);
            }
            if (!leaf) {
                table = bits(entry, 51, 12) << 12;
                continue;
            }
            return output;
        }
    }

    /** Where the output of the first stage is in memory. */
    private long leave(long output, @Nullable SecondStage second) throws Fault {
        long physical = output;
        if (second != null) {
            require(zero(output, 63, inputBits(second.width)), 0x84);
            physical = second.translate(output, request.write(), !request.write());
        }
        require(!interruptRange(physical), 0x87);
        return physical;
    }

    /** The entry as it is now, with what this walk has updated. */
    private long load(long address, boolean firstStage, int level) {
        Long updated = seen.get(address);
        if (updated != null) {
            return updated;
        }
        visitor.comes(address, firstStage, level);
        try {
            long value = memory.readLong(address);
            seen.put(address, value);
            return value;
        } catch (BusErrorException e) {
            throw new AssertionError("was looked at before", e);
        }
    }

    /** Second stage: sections 3.7 and 9.8. */
    private final class SecondStage {
        private final long root;
        private final int width;
        private final boolean flags;
        private final boolean snoops;
        private final boolean legacy;

        SecondStage(long root, int width, boolean flags, boolean snoops, boolean legacy) {
            this.root = root;
            this.width = width;
            this.flags = flags;
            this.snoops = snoops;
            this.legacy = legacy;
        }

        /** Where a first-stage entry is. */
        long table(long address, boolean isRoot) throws Fault {
            return walk(address, false, isRoot ? 0x75 : 0x76);
        }

        /** Makes sure that a first-stage entry can be written. */
        void update(long address) throws Fault {
            walk(address, true, 0x77);
        }

        long translate(long address, boolean write, boolean read) throws Fault {
            int denied = legacy ? (write ? 0x05 : 0x06) : (write ? 0x85 : 0x86);
            if (!write && !read) {
                throw new AssertionError("an access reads or writes");
            }
            return walk(address, write, denied);
        }

        private long walk(long address, boolean write, int denied) throws Fault {
            long table = root;
            int levels = width + 2;
            boolean readable = true;
            boolean writable = true;
            for (int level = levels; ; level--) {
                long at = table + 8 * bits(address, 9 * level + 11, 9 * level + 3);
                boolean isRoot = level == levels;
                require(
                        ReferenceWalker.this.readable(at),
                        legacy ? (isRoot ? 0x03 : 0x07) : isRoot ? 0x7b : 0x78);
                long entry = load(at, false, level);
                boolean leaf = level == 1 || level <= 3 && bit(entry, 7);
                boolean present = bits(entry, 1, 0) != 0;
                require(present, legacy ? denied : 0x79);
                int reserved = legacy ? 0x0c : 0x7a;
                require(zero(entry, 51, haw) && !bit(entry, 62), reserved);
                require(level < 4 || !bit(entry, 7), reserved);
                // CAP.SSLPS: bit 34 for 2 MB, bit 35 for 1 GB.
                require(!leaf || level == 1 || bit(cap, 32 + level), reserved);
                require(!leaf || level == 1 || zero(entry, 9 * level + 2, 12), reserved);
                // SNP of a leaf is ignored in scalable mode, where PGSNP took its place.
                require(!bit(entry, 11) || leaf && (!legacy || has(ECAP_SC)), reserved);
                readable &= bit(entry, 0);
                writable &= bit(entry, 1);
                int shift = 9 * level + 3;
                if (leaf) {
                    require(readable || writable || legacy, 0x79);
                    require(write ? writable : readable, denied);
                    // Tables of the first stage are no more in that range than pages are.
                    long output = bits(entry, 51, shift) << shift | address & (1L << shift) - 1;
                    require(!interruptRange(output), legacy ? 0x0e : 0x87);
                }
                if (flags) {
                    long updated = entry | 1L << 8 | (leaf && write ? 1L << 9 : 0);
                    if (updated != entry) {
                        require(snoops, 0x7c);
                        seen.put(at, updated);
                    }
                }
                if (leaf) {
                    return bits(entry, 51, shift) << shift | address & (1L << shift) - 1;
                }
                table = bits(entry, 51, 12) << 12;
            }
        }
    }
}
