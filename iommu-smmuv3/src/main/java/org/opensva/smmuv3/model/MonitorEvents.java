package org.opensva.smmuv3.model;

import org.opensva.smmuv3.layout.CounterGroupRegisters;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;

import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The architected events of chapter 10 as sums of what the lanes of devices count, which telemetry
 * is told of as well.
 *
 * <p>Terminated transactions count, and so do address translation operations and prefetches on
 * behalf of a device.
 */
final class MonitorEvents {

    private static final int SUPPORTED = 0b11_1111;
    private static final int SUPPORTED_ATS = 0b1100_0000;

    private final CopyOnWriteArrayList<StreamPort> ports = new CopyOnWriteArrayList<>();
    private final long supported;

    MonitorEvents(SmmuProfile profile) {
        supported = SUPPORTED | (profile.has(Idr0.ATS) ? SUPPORTED_ATS : 0);
    }

    void add(StreamPort port) {
        ports.add(port);
    }

    void remove(StreamPort port) {
        ports.remove(port);
    }

    /** A bit for each event that is counted. */
    long supported() {
        return supported;
    }

    /**
     * How often an event has happened.
     *
     * @param streamId which streams
     * @param ignoredBits low bits of a StreamID that do not matter, {@link Long#SIZE} for any
     *     stream
     */
    long total(int event, long streamId, int ignoredBits) {
        if (event >= Long.SIZE || (supported >>> event & 1) == 0) {
            return 0;
        }
        long sum = 0;
        for (StreamPort port : ports) {
            long stream = Integer.toUnsignedLong(port.streamId());
            if (ignoredBits == Long.SIZE || stream >>> ignoredBits == streamId >>> ignoredBits) {
                sum += of(event, port.lanes());
            }
        }
        return sum;
    }

    private static long of(int event, LaneSet lanes) {
        return switch (event) {
            case CounterGroupRegisters.EVENT_TRANSACTIONS ->
                    // A translation request is one, however many pages it asks for.
                    lanes.count(Lane.Count.TRANSLATIONS)
                            + lanes.count(Lane.Count.ATS_REQUESTS)
                            + lanes.count(Lane.Count.ATS_TRANSLATED);
            case CounterGroupRegisters.EVENT_TLB_MISSES -> lanes.count(Lane.Count.MISSES);
            case CounterGroupRegisters.EVENT_CONFIGURATION_MISSES ->
                    lanes.count(Lane.Count.CONFIGURATION_MISSES);
            case CounterGroupRegisters.EVENT_WALK_ACCESSES ->
                    lanes.count(Lane.Count.WALK_READS) + lanes.count(Lane.Count.WALK_UPDATES);
            case CounterGroupRegisters.EVENT_CONFIGURATION_ACCESSES ->
                    lanes.count(Lane.Count.CONFIGURATION_READS);
            case CounterGroupRegisters.EVENT_ATS_REQUESTS -> lanes.count(Lane.Count.ATS_REQUESTS);
            default -> lanes.count(Lane.Count.ATS_TRANSLATED);
        };
    }
}
