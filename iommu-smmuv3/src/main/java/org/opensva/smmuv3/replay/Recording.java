package org.opensva.smmuv3.replay;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * A recording: the implementation's identification registers, a memory image, and steps.
 *
 * @param name which recording
 * @param quirk where the recorded implementation deviates from the architecture, or null
 * @param identification what the recorded implementation claims
 * @param ram where memory exists
 * @param memory initial contents; everything else is zero
 * @param steps what happens, in order
 */
public record Recording(
        String name,
        @Nullable String quirk,
        Identification identification,
        List<Ram> ram,
        List<Image> memory,
        List<Step> steps) {

    /** Copies the lists. */
    public Recording {
        ram = List.copyOf(ram);
        memory = List.copyOf(memory);
        steps = List.copyOf(steps);
    }

    /**
     * Identification registers.
     *
     * @param idr0 SMMU_IDR0
     * @param idr1 SMMU_IDR1
     * @param idr3 SMMU_IDR3
     * @param idr5 SMMU_IDR5
     * @param aidr SMMU_AIDR
     */
    public record Identification(long idr0, long idr1, long idr3, long idr5, long aidr) {}

    /**
     * A range of memory.
     *
     * @param base first address
     * @param size number of bytes
     */
    public record Ram(long base, long size) {}

    /**
     * Bytes at an address.
     *
     * @param address first address
     * @param bytes the bytes, in hexadecimal, lowest address first
     */
    public record Image(long address, String bytes) {}
}
