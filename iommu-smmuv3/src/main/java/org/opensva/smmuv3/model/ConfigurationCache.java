package org.opensva.smmuv3.model;

import org.jspecify.annotations.Nullable;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The configuration caches of all streams, and what the CMD_CFGI commands do to them (section 4.3).
 *
 * <p>Invalidating everything advances one generation. A stream keeps its own cache, which a device
 * reaches without a look-up.
 */
final class ConfigurationCache {

    private static final int LEVEL1_SLOTS = 256;

    private final Map<Integer, StreamState> streams = new ConcurrentHashMap<>();
    private final AtomicReferenceArray<@Nullable Level1Entry> level1 =
            new AtomicReferenceArray<>(LEVEL1_SLOTS);
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

    @Nullable Level1Entry level1(long index) {
        Level1Entry cached = level1.get((int) index & LEVEL1_SLOTS - 1);
        return cached != null && cached.index() == index && cached.stamp() == generation
                ? cached
                : null;
    }

    synchronized void keep(Level1Entry fetched, long invalidations) {
        if (level1Invalidations == invalidations) {
            level1.set((int) fetched.index() & LEVEL1_SLOTS - 1, fetched);
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
        int slot = (int) index & LEVEL1_SLOTS - 1;
        Level1Entry cached = level1.get(slot);
        if (cached != null && cached.index() == index) {
            level1.set(slot, null);
        }
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
            for (int slot = 0; slot < LEVEL1_SLOTS; slot++) {
                Level1Entry cached = level1.get(slot);
                if (cached != null
                        && cached.index() >= first >>> split
                        && cached.index() <= first + count - 1 >>> split) {
                    level1.set(slot, null);
                }
            }
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
