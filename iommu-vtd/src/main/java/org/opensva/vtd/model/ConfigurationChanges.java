package org.opensva.vtd.model;

/**
 * Whether the configuration that a request goes by has been invalidated meanwhile. One submission
 * of software may hold the invalidation of a PASID entry and then that of its translations, without
 * a wait in between (section 6.5.2.11): a request that found the entry before the first and takes
 * the stamp of its tag after the second may use what it finds, for the wait that follows waits for
 * it, but must not leave it behind for the next owner of domain and PASID.
 */
final class ConfigurationChanges {

    private final ConfigurationCache contexts;
    private final ConfigurationCache pasids;

    ConfigurationChanges(ConfigurationCache contexts, ConfigurationCache pasids) {
        this.contexts = contexts;
        this.pasids = pasids;
    }

    /** Notes where the caches stand; before a request asks them. */
    void note(Translation request) {
        request.contextChanges = contexts.changes();
        request.pasidChanges = pasids.changes();
    }

    /** Whether there has been none since; to be asked after a stamp was taken. */
    boolean none(Translation request) {
        return request.contextChanges == contexts.changes()
                && request.pasidChanges == pasids.changes();
    }
}
