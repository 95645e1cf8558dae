package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The interrupt entry cache: interrupt remapping table entries by index, kept until they are
 * invalidated or another entry needs the place (section 6.3).
 */
final class InterruptEntryCache {

    private static final int ENTRIES = 1 << 10;

    private final AtomicReferenceArray<@Nullable Entry> entries =
            new AtomicReferenceArray<>(ENTRIES);
    private long generation;

    /** An entry as it was in memory. */
    record Entry(int index, long w0, long w1) {}

    @Nullable Entry find(int index) {
        Entry entry = entries.get(index & ENTRIES - 1);
        return entry != null && entry.index() == index ? entry : null;
    }

    /** What to give to {@link #keep} for an entry that is about to be read. */
    synchronized long generation() {
        return generation;
    }

    /** Keeps an entry, unless there was an invalidation since it was read. */
    synchronized void keep(Entry entry, long since) {
        if (since == generation) {
            entries.set(entry.index() & ENTRIES - 1, entry);
        }
    }

    synchronized void invalidateAll() {
        generation++;
        for (int i = 0; i < ENTRIES; i++) {
            entries.set(i, null);
        }
    }

    /** Drops 2^mask entries, aligned. */
    synchronized void invalidate(int index, int mask) {
        generation++;
        for (int i = 0; i < ENTRIES; i++) {
            Entry entry = entries.get(i);
            if (entry != null && entry.index() >>> mask == index >>> mask) {
                entries.set(i, null);
            }
        }
    }
}
