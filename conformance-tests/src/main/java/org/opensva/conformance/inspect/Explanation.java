package org.opensva.conformance.inspect;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * What becomes of one access, and why.
 *
 * @param access the access
 * @param steps what was looked at, in order
 * @param ending how it ends
 */
public record Explanation(Access access, List<Step> steps, Ending ending) {

    /** Copies the list. */
    public Explanation {
        steps = List.copyOf(steps);
    }

    /** What an access does. */
    public enum Kind {
        /** Reads. */
        READ,
        /** Writes. */
        WRITE,
        /** Fetches an instruction. */
        EXECUTE
    }

    /**
     * An access of a device.
     *
     * @param requester StreamID or requester id, 32 bits as an unsigned number
     * @param pasid PASID, 0 to 2<sup>20</sup>-1, or -1 for none
     * @param address input address
     * @param kind what it does
     * @param privileged whether it is privileged
     */
    public record Access(int requester, int pasid, long address, Kind kind, boolean privileged) {}

    /**
     * Something that was looked at.
     *
     * @param what what it is
     * @param decoded the structure; null if it is not in memory, or no structure
     * @param yields what follows from it
     */
    public record Step(String what, @Nullable Decoded decoded, String yields) {}

    /** How an access ends. */
    public sealed interface Ending {}

    /**
     * It reaches memory.
     *
     * @param address physical address
     * @param sizeShift log2 of the size of the page or block around it, the smaller of both stages
     */
    public record Translated(long address, int sizeShift) implements Ending {}

    /**
     * It is aborted, and nothing is recorded.
     *
     * @param reason why
     */
    public record Aborted(String reason) implements Ending {}

    /**
     * A fault.
     *
     * @param fault its name in the specification
     * @param recorded whether it is recorded
     * @param stalled whether the access waits for software
     * @param reason what stops it
     */
    public record Faulted(String fault, boolean recorded, boolean stalled, String reason)
            implements Ending {}
}
