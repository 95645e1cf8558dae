package org.opensva.conformance.measure.hardware;

import java.util.function.LongConsumer;

/**
 * Page tables of four levels and pages of 4 KiB: what VMSAv8-64 (Arm ARM section D8.3) and x86-64
 * (Intel SDM volume 3 section 4.5) have in common.
 */
final class Tables {

    private static final long ADDRESS = 0x000f_ffff_ffff_f000L;

    private final FlatMemory memory;
    private final long tableFlags;
    private final long leafFlags;
    private final LongConsumer onTable;
    private final long root;

    /**
     * Makes empty tables.
     *
     * @param tableFlags what an entry has that points to a table
     * @param leafFlags what an entry has that points to a page
     * @param onTable told of each table
     */
    Tables(FlatMemory memory, long tableFlags, long leafFlags, LongConsumer onTable) {
        this.memory = memory;
        this.tableFlags = tableFlags;
        this.leafFlags = leafFlags;
        this.onTable = onTable;
        root = table();
    }

    private long table() {
        long table = memory.allocate(4096);
        onTable.accept(table);
        return table;
    }

    long root() {
        return root;
    }

    void map(long address, long physical) {
        memory.writeLong(leaf(address), physical & ADDRESS | leafFlags);
    }

    /** Takes a page away; what caches hold of it is the caller's to invalidate. */
    void unmap(long address) {
        memory.writeLong(leaf(address), 0);
    }

    private long leaf(long address) {
        long table = root;
        for (int shift = 39; shift > 12; shift -= 9) {
            long at = table + (address >>> shift & 511) * 8;
            if (memory.readLong(at) == 0) {
                memory.writeLong(at, table() | tableFlags);
            }
            table = memory.readLong(at) & ADDRESS;
        }
        return table + (address >>> 12 & 511) * 8;
    }
}
