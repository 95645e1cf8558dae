package org.opensva.smmuv3.model;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The configuration caches of all streams, and what the CMD_CFGI commands do to them (section 4.3).
 *
 * <p>Invalidating everything advances one generation. A stream keeps its own cache, which a device
 * reaches without a look-up.
 */
final class ConfigurationCache {

    private final Map<Integer, StreamState> streams = new ConcurrentHashMap<>();
    private final Level1Cache level1 = new Level1Cache();
    private final int contextSlots;
    private final Changes changes;
    private volatile long generation;
    private volatile long level1Invalidations;

    ConfigurationCache(int contextSlots, Changes changes) {
        this.changes = changes;
        this.contextSlots = contextSlots;
    }

    /** Generation of everything. */
    long generation() {
        return generation;
    }

    /** The cache of a stream, made when it is first asked for. */
    StreamState stream(int streamId) {
        return streams.computeIfAbsent(streamId, id -> new StreamState(id, contextSlots, changes));
    }

    /**
     * The cache of a stream that has one, or else a new one that nobody keeps: software may ask for
     * more streams than there are devices.
     */
    StreamState streamOrNew(int streamId) {
        StreamState known = streams.get(streamId);
        return known != null ? known : new StreamState(streamId, 1, changes);
    }

    /** How often level 1 stream table descriptors have been invalidated. */
    long level1Invalidations() {
        return level1Invalidations;
    }

    /** The cached level 1 stream table descriptor; as {@link Level1Cache#find}. */
    synchronized long level1(long index) {
        return level1.find(index, generation);
    }

    /**
     * Keeps a level 1 stream table descriptor unless some have been invalidated since.
     *
     * @param stamp {@link #generation()} before the fetch
     * @param invalidations {@link #level1Invalidations()} before the fetch
     */
    synchronized void keepLevel1(long index, long descriptor, long stamp, long invalidations) {
        if (level1Invalidations == invalidations) {
            level1.keep(index, descriptor, stamp);
        }
    }

    /**
     * CMD_CFGI_STE.
     *
     * @param split StreamID bits of the second level of the stream table
     */
    void invalidateStream(int streamId, boolean leaf, int split) {
        if (!leaf) {
            dropLevel1(Integer.toUnsignedLong(streamId) >>> split);
        }
        StreamState stream = streams.get(streamId);
        if (stream != null) {
            stream.invalidateEntry();
        }
    }

    private synchronized void dropLevel1(long index) {
        level1Invalidations++;
        level1.drop(index);
    }

    /** CMD_CFGI_STE_RANGE for less than everything. */
    void invalidateStreams(long first, long count, int split) {
        streams.forEach((id, stream) -> {
            long streamId = Integer.toUnsignedLong(id);
            if (streamId >= first && streamId - first < count) {
                stream.invalidateEntry();
            }
        });
        synchronized (this) {
            level1Invalidations++;
            level1.drop(first >>> split, first + count - 1 >>> split);
        }
    }

    /** CMD_CFGI_ALL. */
    synchronized void invalidateAll() {
        generation++;
        changes.made();
    }

    /** CMD_CFGI_CD. */
    void invalidateContext(int streamId, int index, boolean leaf) {
        StreamState stream = streams.get(streamId);
        if (stream != null) {
            stream.invalidateContext(index, leaf);
        }
    }

    /** CMD_CFGI_CD_ALL. */
    void invalidateContexts(int streamId) {
        StreamState stream = streams.get(streamId);
        if (stream != null) {
            stream.invalidateContexts();
        }
    }
}
