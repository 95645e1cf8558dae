package org.opensva.smmuv3.driver;

import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.smmuv3.layout.Level1StreamTableDescriptor;
import org.opensva.smmuv3.layout.StreamTableEntry;
import org.opensva.smmuv3.layout.TableAndQueueRegisters.StrtabBaseCfg;

/**
 * The stream table (Arm IHI 0070 G.b section 3.3.1): two levels where the SMMU has them, with
 * second-level tables made when a device needs one, otherwise linear. Streams without a table, and
 * table entries never written, are invalid: their traffic is aborted.
 */
final class StreamTable {

    /**
     * Stream ids above this many bits would need level-1 tables of megabytes for devices that do
     * not exist.
     */
    private static final int MAX_STREAM_BITS = 20;

    private static final int MAX_LINEAR_BITS = 12;
    private static final int SPLIT = 8;

    private final PhysicalMemory memory;
    private final FrameAllocator frames;
    private final int streamBits;
    private final boolean twoLevel;
    private final long base;

    StreamTable(PhysicalMemory memory, FrameAllocator frames, int sidSize, boolean twoLevel) {
        this.memory = memory;
        this.frames = frames;
        this.twoLevel = twoLevel && sidSize > SPLIT;
        this.streamBits = Math.min(sidSize, this.twoLevel ? MAX_STREAM_BITS : MAX_LINEAR_BITS);
        long bytes =
                this.twoLevel
                        ? (long) Level1StreamTableDescriptor.BYTES << (streamBits - SPLIT)
                        : (long) StreamTableEntry.BYTES << streamBits;
        this.base = Blocks.allocate(frames, bytes);
    }

    long base() {
        return base;
    }

    /** The value of STRTAB_BASE_CFG (section 6.3.25). */
    long configuration() {
        long value = StrtabBaseCfg.LOG2SIZE.place(streamBits);
        return twoLevel
                ? value
                        | StrtabBaseCfg.SPLIT.place(SPLIT)
                        | StrtabBaseCfg.FMT.place(StrtabBaseCfg.FMT_2LVL)
                : value | StrtabBaseCfg.FMT.place(StrtabBaseCfg.FMT_LINEAR);
    }

    boolean covers(int streamId) {
        return Integer.compareUnsigned(streamId, 1 << streamBits) < 0;
    }

    /**
     * The address of a stream table entry, with the second-level table made if need be.
     *
     * @param streamId a stream id that the table covers
     * @param published called when a second-level table was linked: cached level-1 descriptors are
     *     to be invalidated
     */
    synchronized long entry(int streamId, Runnable published) {
        if (!twoLevel) {
            return base + (long) streamId * StreamTableEntry.BYTES;
        }
        long descriptorAddress =
                base + (long) (streamId >>> SPLIT) * Level1StreamTableDescriptor.BYTES;
        long descriptor = memory.readLong(descriptorAddress);
        if (Level1StreamTableDescriptor.SPAN.get(descriptor) == 0) {
            long table = Blocks.allocate(frames, (long) StreamTableEntry.BYTES << SPLIT);
            descriptor =
                    Level1StreamTableDescriptor.SPAN.place(SPLIT + 1)
                            | Level1StreamTableDescriptor.L2PTR.address(table);
            memory.writeLong(descriptorAddress, descriptor);
            published.run();
        }
        return Level1StreamTableDescriptor.arrayAddress(descriptor)
                + (streamId & (1L << SPLIT) - 1) * StreamTableEntry.BYTES;
    }

    void free() {
        if (twoLevel) {
            for (long i = 0; i < 1L << (streamBits - SPLIT); i++) {
                long descriptor = memory.readLong(base + i * Level1StreamTableDescriptor.BYTES);
                if (Level1StreamTableDescriptor.SPAN.get(descriptor) != 0) {
                    Blocks.free(
                            frames,
                            Level1StreamTableDescriptor.arrayAddress(descriptor),
                            (long) StreamTableEntry.BYTES << SPLIT);
                }
            }
            Blocks.free(
                    frames, base, (long) Level1StreamTableDescriptor.BYTES << (streamBits - SPLIT));
        } else {
            Blocks.free(frames, base, (long) StreamTableEntry.BYTES << streamBits);
        }
    }
}
