package org.opensva.conformance.report;

import org.opensva.conformance.suite.Shard;

/**
 * Which rules were judged.
 *
 * @param rules the filter over rule ids, {@code *} for all
 * @param complete true if every rule of the book was judged, by all of its tests
 * @param shard which part of the tests was run
 */
public record Selection(String rules, boolean complete, Shard shard) {

    /**
     * A selection of rules with all of their tests.
     *
     * @param rules the filter over rule ids, {@code *} for all
     * @param complete true if every rule of the book was judged
     */
    public Selection(String rules, boolean complete) {
        this(rules, complete, Shard.WHOLE);
    }
}
