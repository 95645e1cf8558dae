package org.opensva.conformance.cli.inspect.vtd;

import org.opensva.conformance.replay.RecordedMemory;
import org.opensva.conformance.replay.Recording;
import org.opensva.vtd.layout.ControlRegisters.Gsts;
import org.opensva.vtd.layout.Register;
import org.opensva.vtd.model.VtdProfile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The state of a remapping unit as some system could have left it. */
final class MadeDump {

    static final int FUNCTION = 0x1a8;
    static final long OUTPUT = 0x1234_5000L;

    /** Where the guest of a nested translation has its tables. */
    private static final long GUEST_TABLES = 0x4000_0000L;

    final RecordedMemory memory =
            new RecordedMemory(List.of(new Recording.Ram(0x10_0000, 0x8000_0000L)));
    final Map<Long, Integer> words = new HashMap<>();

    /** The structures that were written, for whoever wants to damage one. */
    final List<Long> written = new ArrayList<>();

    private long next = 0x20_0000;

    private MadeDump(int mode) {
        VtdProfile sva = VtdProfile.sva();
        register(Register.VER, sva.version());
        register(Register.CAP, sva.capability());
        register(Register.ECAP, sva.extendedCapability());
        register(Register.GSTS, Gsts.TES.mask() | Gsts.RTPS.mask());
        register(Register.RTADDR, page() | (long) mode << 10);
    }

    Snapshot snapshot() {
        return new Snapshot(words, memory.copy(List.of()));
    }

    void register(Register register, long value) {
        words.put((long) register.offset(), (int) value);
        if (register.bytes() == 8) {
            words.put(register.offset() + 4L, (int) (value >>> 32));
        }
    }

    private long root() {
        return (words.get((long) Register.RTADDR.offset()) & 0xffff_ffffL) & -4096L;
    }

    private long page() {
        next += 0x1000;
        return next;
    }

    private void write(long address, long value) {
        memory.writeLong(address, value);
        written.add(address);
    }

    /** Legacy mode: one function with a second-stage table. */
    static MadeDump legacy(int levels, int leaf, long address) {
        MadeDump dump = new MadeDump(0);
        long contexts = dump.page();
        dump.write(dump.root() + (FUNCTION >>> 8) * 16L, contexts | 1);
        long table = dump.second(levels, leaf, address, OUTPUT & -1L << 3 + 9 * leaf);
        long entry = contexts + (FUNCTION & 0xff) * 16L;
        dump.write(entry, table | 1);
        dump.write(entry + 8, levels - 2 | 7 << 8);
        return dump;
    }

    /** Legacy mode: one function that passes through. */
    static MadeDump legacyPassThrough() {
        MadeDump dump = new MadeDump(0);
        long contexts = dump.page();
        dump.write(dump.root() + (FUNCTION >>> 8) * 16L, contexts | 1);
        long entry = contexts + (FUNCTION & 0xff) * 16L;
        dump.write(entry, 2 << 2 | 1);
        dump.write(entry + 8, 2);
        return dump;
    }

    /** Scalable mode: the words of the entry of one PASID. */
    private void scalable(int pasid, long w0, long w1, long w2) {
        long contexts = page();
        boolean upper = (FUNCTION & 0x80) != 0;
        write(root() + (FUNCTION >>> 8) * 16L + (upper ? 8 : 0), contexts | 1);
        long directory = page();
        next += 31 * 0x1000; // 2^20 PASIDs
        long table = page();
        write(contexts + (FUNCTION & 0x7f) * 32L, directory | 7 << 9 | 1 << 3 | 1);
        write(directory + (pasid >>> 6) * 8L, table | 1);
        long entry = table + (pasid & 63) * 64L;
        write(entry, w0 | 1);
        write(entry + 8, w1 | 1L << 23 | 9);
        write(entry + 16, w2);
    }

    /** One PASID with a first-stage table of 4 or 5 levels. */
    static MadeDump first(int pasid, int levels, int leaf, long address) {
        MadeDump dump = new MadeDump(1);
        long table = dump.first(levels, leaf, address, OUTPUT & -1L << 3 + 9 * leaf);
        dump.scalable(pasid, 1 << 6, 0, table | (levels - 4L) << 2);
        return dump;
    }

    /** One PASID with a second-stage table of 3 to 5 levels. */
    static MadeDump second(int pasid, int levels, int leaf, long address) {
        MadeDump dump = new MadeDump(1);
        long table = dump.second(levels, leaf, address, OUTPUT & -1L << 3 + 9 * leaf);
        dump.scalable(pasid, table | 2 << 6 | (levels - 2L) << 2 | 1 << 9, 0, 0);
        return dump;
    }

    /** One PASID that passes through. */
    static MadeDump passThrough(int pasid) {
        MadeDump dump = new MadeDump(1);
        dump.scalable(pasid, 4 << 6, 0, 0);
        return dump;
    }

    /** One PASID with a first stage through a second. */
    static MadeDump nested(int pasid, int levels, int outer, long address) {
        MadeDump dump = new MadeDump(1);
        long host = dump.page();
        // The guest's tables, one after the other, and the page, each mapped by the second stage.
        long guest = GUEST_TABLES;
        for (int level = levels; level > 0; level--) {
            long table = dump.page();
            dump.map(host, outer, 1, guest, table, 3);
            long next = level == 1 ? OUTPUT : guest + 0x1000;
            dump.write(table + (address >>> 3 + 9 * level & 511) * 8, next | 7);
            guest += 0x1000;
        }
        dump.map(host, outer, 1, OUTPUT, 0x5432_1000L, 3);
        dump.scalable(
                pasid,
                host | 3 << 6 | (outer - 2L) << 2 | 1 << 9,
                0,
                GUEST_TABLES | (levels - 4L) << 2 | 1);
        return dump;
    }

    private long first(int levels, int leaf, long address, long output) {
        long table = page();
        map(table, levels, leaf, address, output, 7);
        return table;
    }

    private long second(int levels, int leaf, long address, long output) {
        long table = page();
        map(table, levels, leaf, address, output, 3);
        return table;
    }

    private void map(long table, int levels, int leaf, long address, long output, int rights) {
        long at = table;
        for (int level = levels; ; level--) {
            long slot = at + (address >>> 3 + 9 * level & 511) * 8;
            if (level == leaf) {
                write(slot, output | rights | (leaf > 1 ? 1 << 7 : 0));
                return;
            }
            if (memory.readLong(slot) == 0) {
                write(slot, page() | rights);
            }
            at = memory.readLong(slot) & 0x000f_ffff_ffff_f000L;
        }
    }
}
