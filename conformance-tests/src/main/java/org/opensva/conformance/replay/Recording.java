package org.opensva.conformance.replay;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;

/**
 * A recording: the implementation's identification registers, a memory image, and steps.
 *
 * @param name which recording
 * @param quirk where the recorded implementation deviates from the architecture, or null
 * @param identification what the recorded implementation claims: identification registers by name
 * @param ram where memory exists
 * @param memory initial contents; everything else is zero
 * @param steps what happens, in order
 */
public record Recording(
        String name,
        @Nullable String quirk,
        Map<String, Long> identification,
        List<Ram> ram,
        List<Image> memory,
        List<Step> steps) {

    /** Copies the map and the lists. */
    public Recording {
        identification = Map.copyOf(identification);
        ram = List.copyOf(ram);
        memory = List.copyOf(memory);
        steps = List.copyOf(steps);
    }

    /**
     * An identification register without which there is no telling what was recorded.
     *
     * @param register its name
     * @return its value
     * @throws IllegalArgumentException if the recording does not have it
     */
    public long claimed(String register) {
        Long value = identification.get(register);
        if (value == null) {
            throw new IllegalArgumentException("config: '%s' is missing".formatted(register));
        }
        return value;
    }

    /**
     * An identification register.
     *
     * @param register its name
     * @param otherwise what counts if the recording does not have it
     * @return its value
     */
    public long claimed(String register, long otherwise) {
        return identification.getOrDefault(register, otherwise);
    }

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
