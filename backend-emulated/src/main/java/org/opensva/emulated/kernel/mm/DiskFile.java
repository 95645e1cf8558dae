package org.opensva.emulated.kernel.mm;

import org.opensva.api.memory.PhysicalMemory;

import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * What a disk holds of one file, in whole pages; what was never written to takes no room and reads
 * as zero. Guarded by the monitor of the memory object that it belongs to.
 */
final class DiskFile {

    private final int pageBytes;
    private final NavigableMap<Long, byte[]> blocks = new TreeMap<>();

    DiskFile(int pageBytes) {
        this.pageBytes = pageBytes;
    }

    /** Whether there is something that a page of zeroes is not. */
    boolean has(long index) {
        return blocks.containsKey(index);
    }

    /** Reads a page into a frame that reads as zero. */
    void load(long index, PhysicalMemory memory, long frame) {
        byte[] block = blocks.get(index);
        if (block != null) {
            memory.write(frame, block, 0, pageBytes);
        }
    }

    /** Writes a page. */
    void save(long index, PhysicalMemory memory, long frame) {
        memory.read(frame, blocks.computeIfAbsent(index, key -> new byte[pageBytes]), 0, pageBytes);
    }

    /** Forgets the pages of a range. */
    void discard(long from, long to) {
        blocks.subMap(from, to).clear();
    }
}
