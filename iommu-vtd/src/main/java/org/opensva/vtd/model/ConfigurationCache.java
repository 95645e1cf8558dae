package org.opensva.vtd.model;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A cache of decoded table entries: the context cache, found by source id, and the PASID cache,
 * found by source id and PASID (sections 6.2.1 and 6.2.3). Only entries that are present and pass
 * every check are kept; a caching-mode unit may keep others, but need not (section 6.1).
 *
 * <p>Look-ups take no lock. Fills and invalidations do: they belong to configuration, not to the
 * data path. A fill is refused if any invalidation has begun since its tables were read.
 *
 * @param <E> what is kept
 */
final class ConfigurationCache<E extends ConfigurationEntry> {

    private final AtomicReferenceArray<@Nullable E> slots;
    private final Generations generations = new Generations();
    private final int ways;
    private final int sets;
    private volatile long changes;
    private final AtomicLong everyChange;
    private int victim;

    /**
     * Makes a cache.
     *
     * @param capacity its number of entries, a power of two
     * @param everyChange moves, too, when anything has been invalidated
     */
    ConfigurationCache(int capacity, AtomicLong everyChange) {
        this.everyChange = everyChange;
        slots = new AtomicReferenceArray<>(capacity);
        ways = Math.min(4, capacity);
        sets = capacity / ways;
    }

    /** The entry with a key, or null. */
    @Nullable E find(long key) {
        int first = set(key);
        for (int at = first; at < first + ways; at++) {
            E entry = slots.get(at);
            if (entry != null && entry.key() == key) {
                return live(entry) ? entry : null;
            }
        }
        return null;
    }

    private boolean live(E entry) {
        return entry.stamp() == generations.of(entry.tag());
    }

    /**
     * The number to give to {@link #keep}; to be asked for before tables are read. It moves when
     * the entries are gone, not before: whoever saw the new number finds none of them.
     */
    long changes() {
        return changes;
    }

    /** Keeps an entry, in the place of an older one if its set is full. */
    synchronized void keep(E entry, long begun) {
        if (begun != changes) {
            return; // the tables may have been read before an invalidation
        }
        int first = set(entry.key());
        int place = -1;
        for (int at = first; at < first + ways; at++) {
            E other = slots.get(at);
            if (other != null && other.key() == entry.key()) {
                place = at;
                break;
            }
            if (place < 0 && (other == null || !live(other))) {
                place = at;
            }
        }
        if (place < 0) {
            place = first + (victim++ & ways - 1);
        }
        entry.stamp(generations.of(entry.tag()));
        slots.set(place, entry);
    }

    /** Drops everything. */
    synchronized void invalidateAll() {
        generations.expireAll();
        changed();
    }

    /** Drops what belongs to a domain, or to nobody knows which. */
    synchronized void invalidateDomain(int domain) {
        generations.expireDomain(domain);
        generations.expireDomainless();
        changed();
    }

    /** Drops what belongs to one PASID of a domain. */
    synchronized void invalidateSpace(long tag) {
        generations.expireSpace(tag);
        changed();
    }

    /** Drops one entry. */
    synchronized void invalidate(long key) {
        int first = set(key);
        for (int at = first; at < first + ways; at++) {
            E entry = slots.get(at);
            if (entry != null && entry.key() == key) {
                slots.set(at, null);
            }
        }
        changed();
    }

    private synchronized void changed() {
        changes++;
        everyChange.getAndIncrement();
    }

    private int set(long key) {
        long hash = key * 0x9e3779b97f4a7c15L;
        return ((int) (hash >>> 33) & sets - 1) * ways;
    }
}
