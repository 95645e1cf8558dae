package org.opensva.smmuv3.replay;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * One step of a recording. Bytes are strings of hexadecimal digits without separators, lowest
 * address first. Where an expectation of the architecture is null it is the same as the recorded
 * one.
 */
public sealed interface Step {

    /**
     * Software writes a register.
     *
     * @param offset bytes from the base of page 0
     * @param size 4 or 8
     * @param value the value
     */
    record RegisterWrite(long offset, int size, long value) implements Step {}

    /**
     * Software reads a register.
     *
     * @param register its name, for people
     * @param offset bytes from the base of page 0
     * @param size 4 or 8
     * @param expected the recorded value
     * @param mask the bits that count
     * @param architecture the value that the architecture asks for, or null
     */
    record RegisterRead(
            String register,
            long offset,
            int size,
            long expected,
            long mask,
            @Nullable Long architecture)
            implements Step {}

    /**
     * Software writes memory.
     *
     * @param address first address
     * @param bytes what it writes
     */
    record MemoryWrite(long address, String bytes) implements Step {}

    /**
     * Memory must hold something.
     *
     * @param what what is looked at, for people
     * @param address first address
     * @param bytes the recorded contents
     * @param mask the bits that count, as long as {@code bytes}, or null for all
     * @param architectureAddress where the architecture puts it, or null
     * @param architectureBytes what the architecture asks for, or null
     * @param absent whether the architecture asks for nothing here
     */
    record MemoryExpectation(
            String what,
            long address,
            String bytes,
            @Nullable String mask,
            @Nullable Long architectureAddress,
            @Nullable String architectureBytes,
            boolean absent)
            implements Step {}

    /**
     * A device makes an untranslated request.
     *
     * @param stream its StreamID
     * @param pasid the PASID, or -1
     * @param address input address
     * @param length number of bytes
     * @param data what it writes, or null for a read
     * @param privileged whether the request is privileged
     * @param instruction whether it is an instruction fetch
     * @param expected the recorded outcome
     * @param permitted outcomes that are all right as well
     * @param architecture the outcome that the architecture asks for, or null
     */
    record Request(
            int stream,
            int pasid,
            long address,
            int length,
            @Nullable String data,
            boolean privileged,
            boolean instruction,
            Outcome expected,
            List<Outcome> permitted,
            @Nullable Outcome architecture)
            implements Step {

        /** Copies the list. */
        public Request {
            permitted = List.copyOf(permitted);
        }
    }

    /**
     * How often each wired interrupt has been raised since the last look.
     *
     * @param eventQueue the Event queue's
     * @param sync that of CMD_SYNC
     * @param globalError that of global errors
     * @param architecture the counts that the architecture asks for, or null
     */
    record Interrupts(int eventQueue, int sync, int globalError, @Nullable Interrupts architecture)
            implements Step {

        /**
         * Counts that the architecture asks for as well.
         *
         * @param eventQueue the Event queue's
         * @param sync that of CMD_SYNC
         * @param globalError that of global errors
         */
        public Interrupts(int eventQueue, int sync, int globalError) {
            this(eventQueue, sync, globalError, null);
        }
    }

    /**
     * The outcome of a request.
     *
     * @param complete whether all of it was carried out
     * @param segments the parts it is made of, in address order
     * @param data what a read returned, or null
     */
    record Outcome(boolean complete, List<Segment> segments, @Nullable String data) {

        /** Copies the list. */
        public Outcome {
            segments = List.copyOf(segments);
        }
    }

    /**
     * A part of a request that is translated as one.
     *
     * @param address first input address
     * @param length number of bytes
     * @param physical where they are, or null if this part was aborted
     */
    record Segment(long address, int length, @Nullable Long physical) {}
}
