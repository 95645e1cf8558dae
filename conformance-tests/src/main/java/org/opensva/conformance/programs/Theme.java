package org.opensva.conformance.programs;

import java.util.Locale;

/** What programs are mostly about. */
public enum Theme {
    /** One process changes its mappings while its devices use them. */
    MAPPINGS(30, 0, 0, 3, 25),
    /** Processes fork, and use handles they inherited. */
    FORKS(14, 12, 3, 6, 25),
    /** Address spaces end, and handles change hands. */
    ENDINGS(10, 8, 12, 12, 20);

    final int mappings;
    final int forks;
    final int endings;
    final int handles;
    final int accesses;

    Theme(int mappings, int forks, int endings, int handles, int accesses) {
        this.mappings = mappings;
        this.forks = forks;
        this.endings = endings;
        this.handles = handles;
        this.accesses = accesses;
    }

    /**
     * The name in commands.
     *
     * @return lower case
     */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }
}
