package org.opensva.vtd.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.opensva.api.memory.Access;
import org.opensva.vtd.layout.ControlRegisters.Rtaddr;
import org.opensva.vtd.layout.FaultReason;

/** Tables in memory, a unit that walks them, and questions to ask it. */
final class TranslationBench {

    static final int RID = 0x1a8;
    static final long MEMORY = 1L << 40;
    static final long NOWHERE = 1L << 41;
    static final long READ_WRITE = 3;

    /** First-stage entry bits: P, R/W, U/S. */
    static final long USER_RW = 7;

    final VtdProfile profile;
    final TableMemory memory = new TableMemory(MEMORY);
    final TranslationUnit unit;
    final Translation out = new Translation();

    private long next = 0x10_0000;
    private long root;

    TranslationBench() {
        this(VtdProfile.sva().withCaches(1 << 10, 1 << 8, 1 << 6, 1 << 6));
    }

    TranslationBench(VtdProfile profile) {
        this.profile = profile;
        unit = new TranslationUnit(profile, memory);
    }

    /** A page of memory that nobody else has. */
    long page() {
        next += 0x1000;
        return next;
    }

    /** Some pages in a row. */
    long pages(int count) {
        long first = next + 0x1000;
        next += 0x1000L * count;
        return first;
    }

    long root() {
        if (root == 0) {
            root = page();
        }
        return root;
    }

    // ---- legacy mode

    /** Where the context entry of a device is; the root entry is made if it is not there. */
    long legacyContext(int rid) {
        long entry = root() + (rid >>> 8) * 16L;
        if (memory.peek(entry) == 0) {
            memory.writeLong(entry, page() | 1);
        }
        return (memory.peek(entry) & -4096L) + (rid & 0xff) * 16L;
    }

    void legacy(int rid, int type, long table, int aw, int domain) {
        long at = legacyContext(rid);
        memory.writeLong(at + 8, (long) domain << 8 | aw);
        memory.writeLong(at, table | type << 2 | 1);
    }

    void legacyMode() {
        unit.rootTable(root());
        unit.enable(true);
    }

    // ---- scalable mode

    /** Where the scalable context entry of a device is. */
    long scalableContext(int rid) {
        long half = root() + (rid >>> 8) * 16L + (rid >>> 7 & 1) * 8;
        if (memory.peek(half) == 0) {
            memory.writeLong(half, page() | 1);
        }
        return (memory.peek(half) & -4096L) + (rid & 0x7f) * 32L;
    }

    /** A context entry with a directory of 2^20 PASIDs and everything on. */
    void scalable(int rid) {
        long at = scalableContext(rid);
        memory.writeLong(at, pages(32) | 7 << 9 | 0b11101);
    }

    /** Where the PASID table entry is; directory entry and table are made if they are not there. */
    long pasidEntry(int rid, int pasid) {
        long directory = memory.peek(scalableContext(rid)) & -4096L;
        long entry = directory + (pasid >>> 6) * 8L;
        if (memory.peek(entry) == 0) {
            memory.writeLong(entry, page() | 1);
        }
        return (memory.peek(entry) & -4096L) + (pasid & 63) * 64L;
    }

    void pasid(int rid, int pasid, long w0, long w1, long w2) {
        long at = pasidEntry(rid, pasid);
        memory.writeLong(at + 16, w2);
        memory.writeLong(at + 8, w1);
        memory.writeLong(at, w0 | 1);
    }

    static final long PWSNP = 1L << 23;
    static final long SSADE = 1L << 9;

    /** First stage of 4 or 5 levels. */
    void firstStage(int rid, int pasid, long table, int levels, int domain) {
        pasid(rid, pasid, 1L << 6, PWSNP | domain, table | (levels - 4L) << 2);
    }

    void secondStage(int rid, int pasid, long table, int levels, int domain) {
        pasid(rid, pasid, 2L << 6 | table | (levels - 2L) << 2, PWSNP | domain, 0);
    }

    void nested(int rid, int pasid, long first, int levels, long second, int outer, int domain) {
        pasid(
                rid,
                pasid,
                3L << 6 | second | (outer - 2L) << 2,
                PWSNP | domain,
                first | (levels - 4L) << 2);
    }

    void scalableMode() {
        unit.rootTable(root() | (long) Rtaddr.TTM_SCALABLE << 10);
        unit.enable(true);
    }

    // ---- tables

    /** Where the entry of a level for an address is; tables above it are made with some bits. */
    long entry(long table, int levels, int level, long address, long tableBits) {
        long at = table;
        for (int n = levels; ; n--) {
            long slot = at + (address >>> 3 + 9 * n & 511) * 8;
            if (n == level) {
                return slot;
            }
            if (memory.peek(slot) == 0) {
                memory.writeLong(slot, page() | tableBits);
            }
            at = memory.peek(slot) & 0x000f_ffff_ffff_f000L;
        }
    }

    /** Maps a first-stage page for users to read and write. */
    void mapFirst(long table, int levels, long address, long output) {
        memory.writeLong(entry(table, levels, 1, address, USER_RW), output | USER_RW);
    }

    void mapSecond(long table, int levels, long address, long output) {
        memory.writeLong(entry(table, levels, 1, address, READ_WRITE), output | READ_WRITE);
    }

    // ---- questions

    Translation ask(int rid, int pasid, long address, int access) {
        unit.translate(rid, pasid, address, access, out);
        return out;
    }

    Translation askAts(int rid, int pasid, long address, int access) {
        unit.translateForAts(rid, pasid, address, access, out);
        return out;
    }

    Translation read(int pasid, long address) {
        return ask(RID, pasid, address, Access.READ);
    }

    Translation write(int pasid, long address) {
        return ask(RID, pasid, address, Access.WRITE);
    }

    static void assertTranslates(long expected, Translation out) {
        assertTrue(out.ok, () -> "blocked with " + FaultReason.of(out.faultReason));
        assertEquals(Long.toHexString(expected), Long.toHexString(out.physical));
        assertEquals(0, out.faultReason);
    }

    static void assertFaults(FaultReason reason, Translation out) {
        assertFalse(out.ok, () -> "translated to 0x" + Long.toHexString(out.physical));
        assertEquals(reason, FaultReason.of(out.faultReason));
    }

    static void assertRecords(FaultReason reason, boolean recorded, Translation out) {
        assertFaults(reason, out);
        assertEquals(recorded, out.recordFault, () -> "recorded: " + reason);
    }
}
