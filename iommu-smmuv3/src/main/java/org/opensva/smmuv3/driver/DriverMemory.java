package org.opensva.smmuv3.driver;

import org.jspecify.annotations.Nullable;
import org.opensva.api.memory.FrameAllocator;
import org.opensva.api.memory.PhysicalMemory;
import org.opensva.smmuv3.layout.Command;
import org.opensva.smmuv3.layout.EventRecord;
import org.opensva.smmuv3.layout.PageRequestEntry;

import java.util.ArrayList;
import java.util.List;

/**
 * The memory that one SMMU is given when it is enabled: the stream table and the queues. Taken as a
 * whole or not at all.
 */
final class DriverMemory {

    private static final int COMMAND_QUEUE_BITS = 10;
    private static final int EVENT_QUEUE_BITS = 9;
    private static final int PAGE_REQUEST_QUEUE_BITS = 9;

    /**
     * A queue.
     *
     * @param base where its first record is
     * @param log2Size how many records it holds
     * @param recordBytes the size of one
     */
    record Queue(long base, int log2Size, int recordBytes) {
        private long bytes() {
            return (long) recordBytes << log2Size;
        }
    }

    private final FrameAllocator frames;
    private final StreamTable streams;
    private final List<Queue> queues = new ArrayList<>();
    private final Queue commands;
    private final Queue events;
    private final @Nullable Queue requests;

    DriverMemory(PhysicalMemory memory, FrameAllocator frames, Identity identity) {
        this.frames = frames;
        this.streams =
                new StreamTable(memory, frames, identity.streamBits(), identity.twoLevelStreams());
        try {
            this.commands = queue(COMMAND_QUEUE_BITS, identity.commandQueueBits(), Command.BYTES);
            this.events = queue(EVENT_QUEUE_BITS, identity.eventQueueBits(), EventRecord.BYTES);
            this.requests =
                    identity.pri()
                            ? queue(
                                    PAGE_REQUEST_QUEUE_BITS,
                                    identity.pageRequestQueueBits(),
                                    PageRequestEntry.BYTES)
                            : null;
        } catch (RuntimeException e) {
            free();
            throw e;
        }
    }

    private Queue queue(int wantedBits, int supportedBits, int recordBytes) {
        int bits = Math.min(wantedBits, supportedBits);
        Queue queue =
                new Queue(Blocks.allocate(frames, (long) recordBytes << bits), bits, recordBytes);
        queues.add(queue);
        return queue;
    }

    StreamTable streams() {
        return streams;
    }

    Queue commands() {
        return commands;
    }

    Queue events() {
        return events;
    }

    /** The PRI queue; null where the SMMU has none. */
    @Nullable Queue requests() {
        return requests;
    }

    /** Gives everything back. The SMMU must have acknowledged that it is disabled. */
    void free() {
        streams.free();
        queues.forEach(queue -> Blocks.free(frames, queue.base(), queue.bytes()));
    }
}
