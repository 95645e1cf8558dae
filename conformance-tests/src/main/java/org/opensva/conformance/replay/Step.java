package org.opensva.conformance.replay;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;

/**
 * One step of a recording. Bytes are strings of hexadecimal digits without separators, lowest
 * address first. Where an expectation of the architecture is null it is the same as the recorded
 * one.
 */
public sealed interface Step {

    /**
     * Software writes a register.
     *
     * @param offset bytes from the base of the registers
     * @param size 4 or 8
     * @param value the value
     */
    record RegisterWrite(long offset, int size, long value) implements Step {}

    /**
     * Software reads a register.
     *
     * @param register its name, for people
     * @param offset bytes from the base of the registers
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
     * @param requester its StreamID or requester id
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
            int requester,
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
     * How often wired interrupts have been raised since the last look.
     *
     * @param recorded the number for each line, by its name
     * @param architecture the numbers that the architecture asks for, or null
     */
    record Interrupts(Map<String, Integer> recorded, @Nullable Map<String, Integer> architecture)
            implements Step {

        /** Copies the maps. */
        public Interrupts {
            recorded = Map.copyOf(recorded);
            architecture = architecture == null ? null : Map.copyOf(architecture);
        }
    }

    /**
     * A device sends an interrupt message.
     *
     * @param requester its requester id
     * @param message what it sends
     * @param expected what became of it
     * @param architecture what the architecture lets become of it, or null
     */
    record DeviceMessage(
            int requester, Message message, Delivery expected, @Nullable Delivery architecture)
            implements Step {}

    /**
     * The messages that the IOMMU has sent on its own account since the last look.
     *
     * @param what what they are about, for people
     * @param recorded the messages, in order
     * @param architecture the messages that the architecture asks for, or null
     */
    record SentMessages(String what, List<Message> recorded, @Nullable List<Message> architecture)
            implements Step {

        /** Copies the lists. */
        public SentMessages {
            recorded = List.copyOf(recorded);
            architecture = architecture == null ? null : List.copyOf(architecture);
        }
    }

    /**
     * An interrupt message.
     *
     * @param address the address that is written
     * @param data the data that is written
     */
    record Message(long address, int data) {

        @Override
        public String toString() {
            return "0x%x to 0x%x".formatted(data, address);
        }
    }

    /**
     * What becomes of an interrupt message of a device.
     *
     * @param arrives whether it arrives
     * @param vector the vector it arrives with, 0 if it does not
     */
    record Delivery(boolean arrives, int vector) {

        /** It does not arrive. */
        public static final Delivery BLOCKED = new Delivery(false, 0);

        @Override
        public String toString() {
            return arrives ? "delivered, vector 0x%x".formatted(vector) : "blocked";
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
