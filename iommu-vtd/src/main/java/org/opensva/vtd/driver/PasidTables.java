package org.opensva.vtd.driver;

import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.vtd.layout.PasidDirectoryEntry;
import org.opensva.vtd.layout.PasidTableEntry;

/**
 * The PASID directory of one device, as large as its PASIDs need, and its PASID tables, each made
 * when the first of its 64 PASIDs is bound (sections 9.5 and 9.6; Linux: {@code
 * intel_pasid_get_entry}). Freed as a whole, after the context entry no longer points here.
 */
final class PasidTables {

    /** PASIDs that the smallest directory spans. */
    private static final int LEAST_BITS = 13;

    private static final int TABLE_BYTES = PasidTableEntry.ENTRIES * PasidTableEntry.BYTES;

    private final PhysicalMemory memory;
    private final FrameAllocator frames;
    private final int sizeCode;
    private final long directory;

    PasidTables(PhysicalMemory memory, FrameAllocator frames, int pasidBits) {
        this.memory = memory;
        this.frames = frames;
        this.sizeCode = Math.max(0, pasidBits - LEAST_BITS);
        this.directory = Blocks.allocate(frames, directoryBytes());
    }

    private long directoryBytes() {
        return (long) PasidDirectoryEntry.BYTES
                << sizeCode + LEAST_BITS - Integer.numberOfTrailingZeros(PasidTableEntry.ENTRIES);
    }

    long directory() {
        return directory;
    }

    /** The value of PDTS. */
    int sizeCode() {
        return sizeCode;
    }

    /** The address of a PASID's entry; its table is made if need be. One thread at a time. */
    long makeEntry(int pasid) {
        long slot = directory + PasidDirectoryEntry.offset(pasid);
        if (!PasidDirectoryEntry.present(memory.readLong(slot))) {
            // The table is zeroed, hence all not present, before it is linked.
            long table = Blocks.allocate(frames, TABLE_BYTES);
            memory.writeLong(
                    slot,
                    PasidDirectoryEntry.P.mask() | PasidDirectoryEntry.SMPTBLPTR.address(table));
        }
        return entry(pasid);
    }

    /** The address of the entry of a PASID that was made. */
    long entry(int pasid) {
        long link = memory.readLong(directory + PasidDirectoryEntry.offset(pasid));
        return PasidDirectoryEntry.pasidTable(link) + PasidTableEntry.offset(pasid);
    }

    void free() {
        for (long at = directory;
                at < directory + directoryBytes();
                at += PasidDirectoryEntry.BYTES) {
            long link = memory.readLong(at);
            if (PasidDirectoryEntry.present(link)) {
                Blocks.free(frames, PasidDirectoryEntry.pasidTable(link), TABLE_BYTES);
            }
        }
        Blocks.free(frames, directory, directoryBytes());
    }
}
