package org.opensva.smmuv3.driver;

import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.smmuv3.layout.ContextDescriptor;
import org.opensva.smmuv3.layout.Level1ContextDescriptor;
import org.opensva.smmuv3.layout.StreamTableEntry;

/**
 * The context descriptors of one device, one for each PASID (Arm IHI 0070 G.b section 3.3.2):
 * linear for few, otherwise two levels with leaf tables of 64 KiB made when the first PASID in them
 * is bound. Freed as a whole, after the stream table entry no longer points here.
 */
final class ContextTable {

    private static final int LINEAR_BITS = ContextDescriptor.SPLIT_4K;
    private static final int SPLIT = ContextDescriptor.SPLIT_64K;

    private final PhysicalMemory memory;
    private final FrameAllocator frames;
    private final int pasidBits;
    private final boolean twoLevel;
    private final long base;

    ContextTable(
            PhysicalMemory memory, FrameAllocator frames, int pasidBits, boolean twoLevelAllowed) {
        this.memory = memory;
        this.frames = frames;
        this.pasidBits = pasidBits;
        this.twoLevel = twoLevelAllowed && pasidBits > LINEAR_BITS;
        this.base = Blocks.allocate(frames, bytes());
    }

    private long bytes() {
        return twoLevel
                ? (long) Level1ContextDescriptor.BYTES << Math.max(0, pasidBits - SPLIT)
                : (long) ContextDescriptor.BYTES << pasidBits;
    }

    long base() {
        return base;
    }

    /** The value of STE.S1Fmt. */
    int format() {
        return twoLevel ? StreamTableEntry.S1FMT_64K_L2 : StreamTableEntry.S1FMT_LINEAR;
    }

    /** The value of STE.S1CDMax. */
    int maxBits() {
        return pasidBits;
    }

    /**
     * The address of a context descriptor.
     *
     * @param pasid the PASID
     * @param published called when a leaf table was linked: cached level-1 descriptors are to be
     *     invalidated
     */
    long entry(int pasid, Runnable published) {
        if (!twoLevel) {
            return base + (long) pasid * ContextDescriptor.BYTES;
        }
        long descriptorAddress = base + (long) (pasid >>> SPLIT) * Level1ContextDescriptor.BYTES;
        long descriptor = memory.readLong(descriptorAddress);
        if (!Level1ContextDescriptor.valid(descriptor)) {
            // The leaf is zeroed, hence all invalid, before it is linked.
            long leaf = Blocks.allocate(frames, (long) ContextDescriptor.BYTES << SPLIT);
            descriptor =
                    Level1ContextDescriptor.V.mask() | Level1ContextDescriptor.L2PTR.address(leaf);
            memory.writeLong(descriptorAddress, descriptor);
            published.run();
        }
        return Level1ContextDescriptor.leafTable(descriptor)
                + (pasid & (1L << SPLIT) - 1) * ContextDescriptor.BYTES;
    }

    void free() {
        if (twoLevel) {
            for (long at = base; at < base + bytes(); at += Level1ContextDescriptor.BYTES) {
                long descriptor = memory.readLong(at);
                if (Level1ContextDescriptor.valid(descriptor)) {
                    Blocks.free(
                            frames,
                            Level1ContextDescriptor.leafTable(descriptor),
                            (long) ContextDescriptor.BYTES << SPLIT);
                }
            }
        }
        Blocks.free(frames, base, bytes());
    }
}
