package org.opensva.conformance.rules;

import java.util.List;

/**
 * The rules about one subject, in the order of their ids.
 *
 * @param key the common prefix of the ids, such as {@code UNMAP}
 * @param title the heading of the group
 * @param introduction what the group is about, a few sentences
 * @param rules the rules in force, ordered by id
 * @param retired the ids that were withdrawn, ordered by id
 */
public record RuleGroup(
        String key,
        String title,
        String introduction,
        List<Rule> rules,
        List<RetiredRule> retired) {

    /**
     * Keeps unmodifiable copies of the lists.
     *
     * @param key the common prefix of the ids
     * @param title the heading of the group
     * @param introduction what the group is about
     * @param rules the rules in force
     * @param retired the ids that were withdrawn
     */
    public RuleGroup {
        rules = List.copyOf(rules);
        retired = List.copyOf(retired);
    }
}
