package org.opensva.vtd.model;

/** What a {@link ConfigurationCache} keeps: immutable but for the stamp, which the cache sets. */
abstract class ConfigurationEntry {

    private final long key;
    private final long tag;
    private long stamp; // set before the entry is published, read afterwards

    /**
     * Makes an entry.
     *
     * @param key what it is found by
     * @param tag the {@link CacheTag} it dies with
     */
    ConfigurationEntry(long key, long tag) {
        this.key = key;
        this.tag = tag;
    }

    final long key() {
        return key;
    }

    final long tag() {
        return tag;
    }

    final long stamp() {
        return stamp;
    }

    final void stamp(long now) {
        stamp = now;
    }
}
