package org.opensva.vtd.driver;

import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.vtd.layout.ScalableContextEntry;
import org.opensva.vtd.layout.ScalableRootEntry;

import java.util.stream.LongStream;

/**
 * The root table and the context tables, each made when the first of its 128 functions is attached
 * (sections 9.2 and 9.4).
 */
final class RootTable {

    private static final int BYTES = 256 * ScalableRootEntry.BYTES;
    private static final int CONTEXT_BYTES =
            ScalableContextEntry.ENTRIES * ScalableContextEntry.BYTES;

    private final PhysicalMemory memory;
    private final FrameAllocator frames;
    private final long base;

    RootTable(PhysicalMemory memory, FrameAllocator frames) {
        this.memory = memory;
        this.frames = frames;
        this.base = Blocks.allocate(frames, BYTES);
    }

    long base() {
        return base;
    }

    /** The address of the context entry of a requester. */
    synchronized long contextEntry(int source) {
        long half = base + ScalableRootEntry.offset(source);
        long link = memory.readLong(half);
        if (!ScalableRootEntry.present(link)) {
            long table = Blocks.allocate(frames, CONTEXT_BYTES);
            link = ScalableRootEntry.LP.mask() | ScalableRootEntry.LCTP.address(table);
            memory.writeLong(half, link);
        }
        return ScalableRootEntry.contextTable(link) + ScalableContextEntry.offset(source);
    }

    /** Unlinks every context table. They are freed once nothing of them is cached. */
    synchronized long[] unlink() {
        return LongStream.iterate(base, at -> at < base + BYTES, at -> at + 8)
                .filter(half -> ScalableRootEntry.present(memory.readLong(half)))
                .map(half -> {
                    long table = ScalableRootEntry.contextTable(memory.readLong(half));
                    memory.writeLong(half, 0);
                    return table;
                })
                .toArray();
    }

    void free(long[] contextTables) {
        for (long table : contextTables) {
            Blocks.free(frames, table, CONTEXT_BYTES);
        }
    }

    void free() {
        Blocks.free(frames, base, BYTES);
    }
}
