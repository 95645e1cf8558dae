package org.opensva.conformance.measure;

import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** One thread's place in an order of accesses, and its buffer. */
@State(Scope.Thread)
public class Stroll {

    /** Where data goes and comes from. */
    final byte[] buffer = new byte[1 << 20];

    /** Where translations go. */
    final long[] entries = new long[1];

    private int at;

    /**
     * The next place.
     *
     * @return an index below {@link WorkingSet#ORDER}
     */
    int next() {
        at = at + 1 & WorkingSet.ORDER - 1;
        return at;
    }
}
